/* Memory ends anywhere in a request of the control socket: an error or the end of the connection, and nothing else. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include <rte_ring.h>

#include "ban_table_write.h"
#include "cdr_writer.h"
#include "cmocka_all.h"
#include "command.h"
#include "dialled_memory.h"
#include "event_loop.h"
#include "failing_allocator.h"
#include "failing_walk.h"
#include "failure_guard.h"
#include "inquirer.h"
#include "json_memory.h"
#include "lint.h"
#include "net_mirror.h"
#include "provision.h"
#include "provision_text.h"
#include "publish.h"
#include "registrar_rig.h"
#include "router.h"
#include "wire_build.h"

#define ANSWER_BYTES_MAX 65536
#define REVISION	 "@" /* in a request: the revision before the current */

static struct router router;
static struct config config;
static struct registrar_rig rig;
static struct counters counters;
static struct rpc_server *server;
static char socket_path[80];
static int client = -1;

/* Of jemalloc, which cannot be in this program: it has no figures to tell. */
int mallctl(const char *name, void *old, size_t *old_size, void *new, size_t new_size);

int mallctl(const char *name, void *old, size_t *old_size, void *new, size_t new_size)
{
	(void)name, (void)old, (void)old_size, (void)new, (void)new_size;
	return ENOENT;
}

static time_t clock_ahead_s;

int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now);

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	int result = __real_clock_gettime(id, now);
	now->tv_sec += clock_ahead_s;
	return result;
}

/* Somebody else's answer runs short while the worker looks at a document. */
static bool is_short_meanwhile;

enum status __real_lint_check(struct lint_report *report, const struct model *model, struct span text,
			      const atomic_bool *is_abandoned);
enum status __wrap_lint_check(struct lint_report *report, const struct model *model, struct span text,
			      const atomic_bool *is_abandoned);

enum status __wrap_lint_check(struct lint_report *report, const struct model *model, struct span text,
			      const atomic_bool *is_abandoned)
{
	if (is_short_meanwhile)
		json_memory_note_shortage();
	return __real_lint_check(report, model, text, is_abandoned);
}

/* ---- a router without lcores ---- */

static void release_wire(const void *wire)
{
	wire_build_free((void *)wire);
}

static enum status on_wire(void *argument, const struct wire *wire)
{
	(void)argument;
	return publish_wire(router.publisher, wire, release_wire);
}

static void open_mirror(void)
{
	struct net_mirror_interface interface = {
		.name = "direct0", .sip_port = 5060, .mtu_bytes = 1500, .address_count = 1};
	const struct net_mirror_plan plan = {.base = event_loop_base(router.loop),
					     .interface = &interface,
					     .interface_count = 1,
					     .publish = on_wire};
	char error[256];
	net_address_set_v4(interface.address[0].ip, (const uint8_t[]){192, 0, 2, 1});
	interface.address[0].length_bits = 120;
	assert_int_equal(net_mirror_create(&router.mirror, &plan, error, sizeof(error)), STATUS_OK);
}

static void on_applied(void *argument, const struct apply_result *result)
{
	*(bool *)argument = result->accepted;
}

static void apply(const char *text)
{
	bool accepted = false;
	assert_int_equal(provision_apply(router.provision, span_of_text(text), "t.yaml", on_applied, &accepted),
			 STATUS_OK);
	assert_true(accepted);
}

/* What the lcore of a router with one call answers: that call to everybody, the same decisions to each Call-ID. */
static void answer_as_lcore(void)
{
	static const struct decision decisions[] = {
		{.kind = DECISION_REQUEST,
		 .time_ms = 1000,
		 .reason = REASON_CALL_ACL_DENIED,
		 .verdict = VERDICT_ANSWER,
		 .status = 403,
		 .rule = "R4.1",
		 .text = "one",
		 .length = {3}},
		{.kind = DECISION_CALL, .time_ms = 2000, .end = CALL_END_CALLER, .status = 200, .call = 1},
	};
	void *waiting;
	while (rte_ring_dequeue(router.dataplane->inquiry[0], &waiting) == 0) {
		struct inquiry *inquiry = waiting;
		struct call_record *record = inquiry->output;
		inquiry->counts = (struct call_counts){.capacity = 8};
		inquiry->cursor = INQUIRY_CURSOR_END;
		if (inquiry->kind == INQUIRY_WHY) {
			memcpy(inquiry->output, decisions, sizeof(decisions));
			inquiry->count = 2;
		} else if (record) {
			*record = (struct call_record){.handle = 77,
						       .state = CALL_RINGING,
						       .started_ms = 1000,
						       .ringing_ms = 1500,
						       .caller_kind = CALL_PARTY_USER,
						       .part[CALL_TEXT_CALLER] = {.length = 5},
						       .text = "alice"};
			inquiry->count = 1;
		}
		atomic_store_explicit(&inquiry->done, true, memory_order_release);
	}
	inquirer_poll(router.inquirer);
}

static void open_calls(void)
{
	char error[CDR_FILE_ERROR_BYTES], path[80];
	snprintf(path, sizeof(path), "%s/calls.json", rig.state_dir);
	assert_int_equal(inquirer_create(&router.inquirer, router.dataplane, NULL), STATUS_OK);
	assert_int_equal(cdr_writer_open(&router.cdr, NULL, path, 1, error), STATUS_OK);
	assert_int_equal(dialled_memory_create(&router.dialled, 8), STATUS_OK);
	dialled_memory_take(router.dialled,
			    &(struct call_record){
				    .caller_kind = CALL_PARTY_USER,
				    .part[CALL_TEXT_DIALLED] = {.length = 4},
				    .part[CALL_TEXT_CALLER] = {.offset = 4, .length = 5},
				    .part[CALL_TEXT_COMPANY] = {.offset = 9, .length = 4},
				    .text = "2001aliceacme",
			    },
			    1);
}

static void open_server(void)
{
	struct problem_list problems = {0};
	snprintf(socket_path, sizeof(socket_path), "%s/s", rig.state_dir);
	const struct rpc_server_options options = {
		.path = socket_path,
		.mode = 0600,
		.line_bytes_max = CTL_LINE_BYTES_MAX,
		.line_timeout_ms = 3600000,
		.write_timeout_ms = 3600000,
		.clients_max = 4,
		.silent_ms_min = 3600000,
		.methods = command_methods,
		.method_count = CTL_COMMAND_COUNT,
		.context = &router,
		.params_fit = command_params_fit,
	};
	assert_int_equal(rpc_server_open(&server, event_loop_base(router.loop), &options, &problems), STATUS_OK);
}

/* The rig has no port: its interface is the mirror's alone. */
struct dataplane_port_state __wrap_dataplane_read_port(const struct dataplane *dataplane, uint32_t index);
const struct dataplane_port *__wrap_dataplane_find_port(const struct dataplane *dataplane, uint32_t index);

struct dataplane_port_state __wrap_dataplane_read_port(const struct dataplane *dataplane, uint32_t index)
{
	(void)dataplane;
	(void)index;
	return (struct dataplane_port_state){.link_is_up = true};
}

const struct dataplane_port *__wrap_dataplane_find_port(const struct dataplane *dataplane, uint32_t index)
{
	static const struct dataplane_port port = {.driver = "none"};

	(void)dataplane;
	(void)index;
	return &port;
}

static int open_router(void **state)
{
	struct problem_list problems = {0};
	static const char registration[] = "REGISTER sip:acme.example.net SIP/2.0\r\n"
					   "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK1\r\n"
					   "From: <sip:alice@acme.example.net>;tag=a\r\n"
					   "To: <sip:alice@acme.example.net>\r\n"
					   "Call-ID: one\r\nCSeq: 1 REGISTER\r\n"
					   "Contact: <sip:alice@192.0.2.10>\r\nContent-Length: 0\r\n\r\n";
	(void)state;
	registrar_rig_open(&rig);
	assert_int_equal(registrar_rig_register(&rig, "alice", "192.0.2.10:5060", registration), 200);
	config_init(&config);
	snprintf(config.node.state_dir, sizeof(config.node.state_dir), "%s", rig.state_dir);
	config.interface_count = 1;
	router.config = &config;
	router_plan(&router.plan, &config);
	router.dataplane = rig.dataplane;
	router.dataplane->counters[0] = &counters;
	counters.reason[REASON_NONE + 1] = 3;
	router.location = rig.location;
	router.registrar = rig.registrar;
	assert_int_equal(event_loop_create(&router.loop), STATUS_OK);
	assert_int_equal(publisher_create(&router.publisher, router.dataplane, NULL), STATUS_OK);
	const struct provision_options options = {
		.state_dir = rig.state_dir, .node_id = 1, .publisher = router.publisher};
	assert_int_equal(provision_open(&router.provision, &options, &problems), STATUS_OK);
	assert_int_equal(provision_publish_initial(router.provision, NULL, NULL, &problems), STATUS_OK);
	assert_int_equal(publish_location(router.publisher, location_table_location(rig.location), NULL), STATUS_OK);
	assert_int_equal(ban_table_write_create(&router.bans, 64, router.dataplane), STATUS_OK);
	assert_int_equal(failure_guard_create(&router.guard, router.bans, event_loop_base(router.loop)), STATUS_OK);
	open_mirror();
	open_calls();
	/* Two revisions, so that there is one to go back to. */
	apply("companies: [{name: old, domain: old.example.net, country: ES}]");
	apply(provision_text_full);
	open_server();
	return 0;
}

/* With the files in it. */
static int remove_directory(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (entry->d_type == DT_REG)
			unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
	return rmdir(path);
}

static int close_router(void **state)
{
	(void)state;
	close(client);
	rpc_server_close(server);
	cdr_writer_close(router.cdr);
	dialled_memory_free(router.dialled);
	inquirer_free(router.inquirer);
	net_mirror_free(router.mirror);
	failure_guard_free(router.guard);
	ban_table_write_free(router.bans);
	provision_close(router.provision);
	publisher_free(router.publisher);
	event_loop_free(router.loop);
	registrar_rig_close(&rig);
	return remove_directory(rig.state_dir);
}

/* ---- requests ---- */

/* Every row of ctl_commands.def, with the words of its synopsis; a new word there needs a value here. */
static const struct {
	const char *word, *value;
} values[] = {
	{"COMPANY", "acme"},	{"ENDPOINT", "alice"}, {"NUMBER", "2001"},	     {"FILE", "t.yaml"},
	{"CARRIER", "telco-a"}, {"N", REVISION},       {"CALL", "000000000000004d"}, {"CALL-ID", "one@two"},
	{"POSITION", "0:0"},	{"NAME", "hq-pbx"},    {"KIND", "freeswitch"},	     {"ADDRESS", "192.0.2.1"},
};

static const char *value_of(const char *word)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strcmp(values[i].word, word) == 0)
			return values[i].value;
	fail_msg("%s of a synopsis has no value here", word);
	return NULL;
}

/* The `way`th way to call `command`; `fully`: with all that is optional. Result: NULL when there are fewer ways. */
static json_t *params_of(const struct ctl_command *command, unsigned way, bool fully)
{
	char text[256], error[CTL_ERROR_BYTES_MAX], *words[16], *rest = text, *token;
	int count = 0, optional = 0;
	const char *from = command->synopsis;

	for (; way > 0; way--) {
		from = strchr(from, '|');
		if (!from)
			return NULL;
		from++;
	}
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(from, "|"), from);
	while ((token = strsep(&rest, " "))) {
		bool opens = *token == '[', closes = *token && token[strlen(token) - 1] == ']';
		optional += opens;
		if (*token && (fully || !optional)) {
			token[strlen(token) - closes] = '\0';
			token += opens;
			words[count++] = *token == '-' || islower((unsigned char)*token)
						 ? token
						 : (char *)(uintptr_t)value_of(token);
		}
		optional -= closes;
	}
	json_t *params = ctl_commands_parse(command, count, words, error);
	assert_non_null(params);
	/* One company alone must be the one that is named. */
	const char *name = json_object_get(params, "company") ? value_of("COMPANY") : "new";
	if (ctl_commands_file(command, params))
		json_object_set_new(
			params, "text",
			json_sprintf("companies: [{name: %s, domain: %s.example.net, country: ES}]", name, name));
	return params;
}

struct asking {
	const char *text; /* of the request */
	char request[1024];
	char answer[ANSWER_BYTES_MAX], good[ANSWER_BYTES_MAX];
	ssize_t length;
};

static void connect_client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	close(client);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(address.sun_path, socket_path);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	for (int i = 0; i < 3; i++)
		event_base_loop(event_loop_base(router.loop), EVLOOP_NONBLOCK);
}

static void write_request(struct asking *asking)
{
	const char *at = strstr(asking->text, "\"" REVISION "\"");
	unsigned long long revision = provision_revision(router.provision) - 1;
	if (at)
		snprintf(asking->request, sizeof(asking->request), "%.*s\"%llu\"%s\n", (int)(at - asking->text),
			 asking->text, revision, at + strlen(REVISION) + 2);
	else
		snprintf(asking->request, sizeof(asking->request), "%s\n", asking->text);
}

/* Times, sizes and addresses of this run are no part of what is compared. */
static void without_digits(char *text)
{
	char *to = text;
	for (; *text; text++)
		if (!isdigit((unsigned char)*text))
			*to++ = *text;
	*to = '\0';
}

static enum failing_walk_outcome ask(void *argument)
{
	struct asking *asking = argument;
	size_t length = 0;

	assert_int_equal(send(client, asking->request, strlen(asking->request), MSG_NOSIGNAL), strlen(asking->request));
	asking->length = -1;
	for (int turn = 0; turn < 100 && asking->length != 0; turn++) {
		event_base_loop(event_loop_base(router.loop), EVLOOP_NONBLOCK);
		answer_as_lcore();
		asking->length = recv(client, asking->answer + length, ANSWER_BYTES_MAX - 1 - length, MSG_DONTWAIT);
		length += asking->length > 0 ? (size_t)asking->length : 0;
		if (length && asking->answer[length - 1] == '\n')
			break;
	}
	asking->answer[length] = '\0';
	return strstr(asking->answer, "\"result\":") ? FAILING_WALK_DONE : FAILING_WALK_REFUSED;
}

/* Result: false when a refusal does not say that memory ended. */
static bool says_memory(const char *answer)
{
	return strstr(answer, "\"error\":") && (strstr(answer, "memory") || strstr(answer, "cannot be read"));
}

static void check(void *argument, enum failing_walk_outcome outcome)
{
	struct asking *asking = argument;
	if (outcome == FAILING_WALK_DONE) {
		without_digits(asking->answer);
		if (!*asking->good)
			strcpy(asking->good, asking->answer);
		assert_string_equal(asking->answer, asking->good);
	} else if (asking->length == 0 && !*asking->answer) {
		/* The connection ended: there was no memory to say more. */
	} else if (!says_memory(asking->answer)) {
		fprintf(stderr, "  request %s  answer %s\n", asking->request, asking->answer);
		failing_allocator_print_site(stderr);
		fail();
	}
	/* Whatever was changed is changed back, and another client is answered. */
	apply(provision_text_full);
	assert_int_equal(publish_poll(router.publisher), 0);
	connect_client();
	write_request(asking);
}

static void walk(const struct ctl_command *command, json_t *params)
{
	static struct asking asking;
	json_t *request =
		json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", 1, "method", command->name, "params", params);
	char name[300], *text = json_dumps(request, JSON_COMPACT);

	asking = (struct asking){.text = text};
	write_request(&asking);
	snprintf(name, sizeof(name), "%.120s", strstr(text, "\"method\""));
	connect_client();
	failing_walk(&(struct failing_walk_operation){name, ask, check, &asking}, NULL);
	free(text);
	json_decref(request);
}

static void every_command(void **state)
{
	(void)state;
	for (size_t i = 0; i < CTL_COMMAND_COUNT; i++)
		for (unsigned way = 0; way < 4; way++)
			for (int fully = 0; fully < 2; fully++) {
				json_t *params = params_of(&ctl_commands[i], way, fully);
				bool is_new = params && (!fully || strchr(ctl_commands[i].synopsis, '['));
				if (is_new)
					walk(&ctl_commands[i], params);
				else
					json_decref(params);
			}
}

/* Sends a request that waits for the lcore. */
static void send_alone(const char *method)
{
	char request[128];
	connect_client();
	int length = snprintf(request, sizeof(request), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"}\n", method);
	assert_int_equal(send(client, request, (size_t)length, MSG_NOSIGNAL), length);
	for (int i = 0; i < 3; i++)
		event_base_loop(event_loop_base(router.loop), EVLOOP_NONBLOCK);
}

static const char *receive_alone(void)
{
	static char answer[ANSWER_BYTES_MAX];
	for (int i = 0; i < 3; i++)
		event_base_loop(event_loop_base(router.loop), EVLOOP_NONBLOCK);
	ssize_t length = recv(client, answer, sizeof(answer) - 1, MSG_DONTWAIT);
	answer[length > 0 ? length : 0] = '\0';
	return answer;
}

/* Everybody gets an answer: with what is known without it, or that it does not answer. Later it writes into its own. */
static void a_silent_lcore_is_told_of(void **state)
{
	static const char *const methods[] = {"calls", "drain"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		send_alone(methods[i]);
		assert_string_equal(receive_alone(), "");
		clock_ahead_s += INQUIRER_WAIT_MS / 1000 + 1;
		inquirer_poll(router.inquirer);
		assert_non_null(strstr(receive_alone(), "1 lcore(s) did not answer in time, the first is worker 0"));
	}
	send_alone("status");
	clock_ahead_s += INQUIRER_WAIT_COUNT_MS / 1000 + 1;
	inquirer_poll(router.inquirer);
	assert_non_null(strstr(receive_alone(), "\"lcores\":[{\"worker\":0,\"cpu\":"));
	answer_as_lcore();
	send_alone("status");
	answer_as_lcore();
	assert_non_null(strstr(receive_alone(), "\"calls\":0"));
}

/* The client is gone when the lcore answers; or the router stops before it does. */
static void nobody_is_left_to_be_told(void **state)
{
	(void)state;
	send_alone("calls");
	close(client);
	client = -1;
	for (int i = 0; i < 3; i++)
		event_base_loop(event_loop_base(router.loop), EVLOOP_NONBLOCK);
	answer_as_lcore();
	send_alone("calls");
	router.stopping = true;
	inquirer_finish(router.inquirer);
	assert_non_null(strstr(receive_alone(), "the router is stopping"));
	router.stopping = false;
	answer_as_lcore();
	send_alone("calls");
	answer_as_lcore();
	assert_non_null(strstr(receive_alone(), "000000000000004d"));
}

/* What was short for another client is no concern of this one. */
static void a_shortage_of_others_is_theirs(void **state)
{
	static struct asking asking;
	(void)state;
	connect_client();
	snprintf(asking.request, sizeof(asking.request),
		 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"check\",\"params\":{\"file\":\"t.yaml\",\"text\":"
		 "\"companies: []\"}}\n");
	is_short_meanwhile = true;
	ask(&asking);
	is_short_meanwhile = false;
	assert_non_null(strstr(asking.answer, "\"valid\":true"));
}

/* A provision that answers in a later event, as the router's does. */
static struct provision *open_later(char directory[])
{
	struct problem_list problems = {0};
	struct provision *later;

	assert_non_null(mkdtemp(directory));
	const struct provision_options options = {
		.state_dir = directory, .node_id = 1, .event_base = event_loop_base(router.loop)};
	assert_int_equal(provision_open(&later, &options, &problems), STATUS_OK);
	assert_int_equal(provision_publish_initial(later, NULL, NULL, &problems), STATUS_OK);
	return later;
}

/* Before each event an answer to somebody else runs short. Result: as of receive_alone(). */
static const char *ask_among_shortages(const struct ctl_command *command, unsigned way)
{
	static char answer[ANSWER_BYTES_MAX];
	json_t *request = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", 1, "method", command->name,
				    "params", params_of(command, way, false));
	char *text = json_dumps(request, JSON_COMPACT);
	ssize_t length = -1;

	connect_client();
	assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	assert_int_equal(send(client, "\n", 1, MSG_NOSIGNAL), 1);
	while (length <= 0) {
		json_memory_note_shortage();
		event_base_loop(event_loop_base(router.loop), EVLOOP_ONCE);
		length = recv(client, answer, sizeof(answer) - 1, MSG_DONTWAIT);
	}
	answer[length] = '\0';
	json_memory_clear();
	free(text);
	json_decref(request);
	return answer;
}

static void the_shortage_of_another_is_not_ones_own(void **state)
{
	char directory[] = "/tmp/amity-later-XXXXXX";
	struct provision *at_once = router.provision;

	(void)state;
	router.provision = open_later(directory);
	assert_non_null(strstr(ask_among_shortages(&ctl_commands[CTL_COMMAND_explain], 2), "\"compared\":0"));
	assert_non_null(strstr(ask_among_shortages(&ctl_commands[CTL_COMMAND_diff], 0), "\"same\":false"));
	provision_close(router.provision);
	router.provision = at_once;
	assert_int_equal(remove_directory(directory), 0);
}

/* An argument chooses tests by name. */
int main(int argument_count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_lcore_is_told_of),
		cmocka_unit_test(nobody_is_left_to_be_told),
		cmocka_unit_test(a_shortage_of_others_is_theirs),
		cmocka_unit_test(the_shortage_of_another_is_not_ones_own),
		cmocka_unit_test(every_command),
	};
	signal(SIGPIPE, SIG_IGN);
	failing_allocator_set_sqlite_apart();
	failing_allocator_spare("libfyaml.so");
	if (!registrar_rig_start_eal())
		return 1;
	cmocka_set_test_filter(argument_count > 1 ? arguments[1] : NULL);
	return cmocka_run_group_tests(tests, open_router, close_router);
}
