/*
 * simulation_chaos - the same peers without a model: many messages of many calls in one burst, in any order, in a
 * router whose tables are small, while companies and bindings change. Whatever comes of the calls: nobody is told what
 * may never be said, and in the end every table is empty and every mbuf back.
 *
 *   simulation_chaos [--count SEQUENCES] [--steps STEPS] [--seed SEED]
 */
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "must.h"
#include "random_source.h"
#include "reason.h"
#include "simulation_peers.h"
#include "sip_client.h"
#include "worker.h"

#define CALL_TICKS_MAX 60000
#define JUMP_MS_MAX    2000
#define PER_BURST_MAX  24
#define KEPT_MAX       128 /* messages that peers remember */

/* Of all workers together: few enough that all are used. */
#define TRANSACTIONS_MAX 64
#define CALLS_MAX	 48

struct options {
	uint64_t seed;
	uint32_t count, steps;
};

/* What a peer has got from the router. */
struct received {
	uint32_t peer;
	char *text;
};

static struct options options = {.count = 30, .steps = 300};
static struct pipeline *pipeline;
static struct random_source source;
static struct peer_request request[KEPT_MAX];
static struct received asked[KEPT_MAX], answered[KEPT_MAX]; /* requests, responses */
static uint32_t request_count, asked_count, answered_count, serial, mbufs_at_start;
static uint64_t messages, seed;
static char message[PEER_TEXT_BYTES_MAX];
static uint32_t one_worker = 1, three_workers = 3;

static uint32_t below(uint32_t count)
{
	return random_source_below(&source, count);
}

static void complain(const char *problem, const char *text)
{
	fail_msg("simulation_chaos --seed %llu --steps %u: %s\n%s", (unsigned long long)seed, options.steps, problem,
		 text);
}

/* ---- what the router says ---- */

static void keep(struct received *kept, uint32_t *count, uint32_t peer, const char *text)
{
	struct received *place = &kept[(*count)++ % KEPT_MAX];

	free(place->text);
	*place = (struct received){.peer = peer, .text = strdup(text)};
	must(place->text);
}

static void check_said(const struct peer_message *said)
{
	static const char full[] = "SIP/2.0 503 Service Unavailable";
	bool is_invite = said->method == REFERENCE_INVITE;

	if (!is_invite && said->status > 100 && said->status < 200)
		complain("a provisional response to a non-INVITE (RFC 4320 4.1)", said->text);
	if (!is_invite && said->status == 408)
		complain("408 to a non-INVITE (RFC 4320 4.2)", said->text);
	if (said->status && said->method == REFERENCE_ACK)
		complain("an ACK was answered (17.1.1.3)", said->text);
	char value[64];
	if (strncmp(said->text, full, sizeof(full) - 1) == 0 &&
	    !sip_find_header(value, sizeof(value), said->text, "Retry-After", 0))
		complain("a full table without Retry-After", said->text);
}

static void take_all(void)
{
	static struct pipeline_message sent;
	struct peer_message said;
	const char *problem;

	while (pipeline_take_any(pipeline, &sent)) {
		messages++;
		if (!peer_message_read(&said, &sent.destination, sent.text, &problem))
			complain(problem, sent.text);
		check_said(&said);
		if (said.status)
			keep(answered, &answered_count, said.peer, sent.text);
		else
			keep(asked, &asked_count, said.peer, sent.text);
	}
}

/* ---- what the peers say ---- */

static void put(uint32_t peer)
{
	pipeline_put(pipeline, 0, simulation_peers[peer], span_of_text(message));
}

static void put_request(const struct peer_request *sent)
{
	struct peer_request *kept = &request[request_count++ % KEPT_MAX];

	*kept = *sent;
	kept->branch = ++serial;
	kept->is_old = below(8) == 0;
	peer_request_write(message, kept);
	put(kept->sender);
}

static void begin_call(void)
{
	static const char *const numbers[] = {"102", "3100", "600000000"};
	uint32_t call = ++serial;
	struct peer_request sent = {
		.sender = PEER_CALLER,
		.method = below(4) ? REFERENCE_INVITE : REFERENCE_MESSAGE,
		.call = call,
		.cseq = 1,
		.from_tag = call,
		.from = "<sip:gate@acme.example.net>",
	};

	snprintf(sent.uri, sizeof(sent.uri), "sip:%s@acme.example.net", numbers[below(3)]);
	snprintf(sent.to, sizeof(sent.to), "<%s>", sent.uri);
	put_request(&sent);
}

static const struct peer_request *choose_request(void)
{
	uint32_t count = request_count < KEPT_MAX ? request_count : KEPT_MAX;

	return count ? &request[below(count)] : NULL;
}

static const struct received *choose(const struct received *kept, uint32_t count)
{
	count = count < KEPT_MAX ? count : KEPT_MAX;
	return count ? &kept[below(count)] : NULL;
}

static void repeat(void)
{
	const struct peer_request *sent = choose_request();

	if (!sent)
		return;
	peer_request_write(message, sent);
	put(sent->sender);
}

static void cancel(void)
{
	const struct peer_request *sent = choose_request();

	if (!sent)
		return;
	peer_request_write_cancel(message, sent);
	put(sent->sender);
}

/* A request of a dialog, made of what the peer has got: a 2xx, or the INVITE. */
static bool read_dialog(struct peer_request *sent, const struct received *got)
{
	bool is_callee = sip_status(got->text) == 0;
	char contact[512], call[64];
	char *from_tag;

	if (!sip_find_header(sent->route, sizeof(sent->route), got->text, "Record-Route", 0) ||
	    !sip_find_header(contact, sizeof(contact), got->text, "Contact", 0) ||
	    !sip_find_header(sent->from, sizeof(sent->from), got->text, is_callee ? "To" : "From", 0) ||
	    !sip_find_header(sent->to, sizeof(sent->to), got->text, is_callee ? "From" : "To", 0) ||
	    !sip_find_header(call, sizeof(call), got->text, "Call-ID", 0))
		return false;
	sent->sender = got->peer;
	sent->from_tag = ++serial; /* a callee that sends before it has answered: nobody can tell its tag */
	if ((from_tag = strstr(sent->from, ";tag=")) != NULL) {
		*from_tag = '\0';
		sscanf(from_tag + 1, "tag=tag-%u", &sent->from_tag);
	}
	return sscanf(contact, "<%255[^>]>", sent->uri) == 1 && sscanf(call, "call-%u@", &sent->call) == 1;
}

static void send_in_dialog(void)
{
	static const enum reference_method methods[] = {REFERENCE_INFO, REFERENCE_BYE, REFERENCE_INVITE, REFERENCE_ACK};
	const struct received *got = below(2) ? choose(answered, answered_count) : choose(asked, asked_count);
	struct peer_request sent = {.method = methods[below(4)], .cseq = 2 + below(1000)};

	if (got && read_dialog(&sent, got))
		put_request(&sent);
}

/* The ACK of a final response with the branch of its INVITE, as if it were none of a 2xx. */
static void acknowledge(void)
{
	const struct received *got = choose(answered, answered_count);
	char to[1024], call[64];
	uint32_t number;

	if (!got || sip_status(got->text) < 200)
		return;
	peer_header(to, sizeof(to), got->text, "To");
	peer_header(call, sizeof(call), got->text, "Call-ID");
	must(sscanf(call, "call-%u@", &number) == 1);
	for (uint32_t i = 0; i < KEPT_MAX; i++)
		if (request[i].call == number && request[i].method == REFERENCE_INVITE) {
			peer_request_write_ack(message, &request[i], to);
			put(request[i].sender);
			return;
		}
}

static void respond(void)
{
	static const uint16_t statuses[] = {100, 100, 180, 180, 183, 200, 200, 200, 202, 302, 401, 404,
					    407, 408, 415, 480, 486, 487, 487, 491, 500, 503, 600, 603};
	const struct received *got = choose(asked, asked_count);

	if (!got)
		return;
	uint32_t status = statuses[below(sizeof(statuses) / sizeof(statuses[0]))];
	peer_response_write(message, got->text, status, status == 100 ? REFERENCE_TAG_NONE : 1 + below(1000),
			    got->peer);
	put(got->peer);
}

static void report_unreachable(void)
{
	const struct received *got = choose(asked, asked_count);

	if (got)
		peer_send_unreachable(pipeline, got->peer, got->text);
}

/* An endpoint before the others: all have another place than the transactions remember. */
static void change_company(void)
{
	static char text[PEER_TEXT_BYTES_MAX];
	const char *users = strstr(simulation_provisioning, "      - {name: bob");

	must(users);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(users - simulation_provisioning), simulation_provisioning,
		 below(2) ? "      - {name: aaron, password: secret-a, extension: \"100\"}\n" : "", users);
	if (strstr(text, "aaron"))
		strcat(text, "  - name: other\n    domain: other.example.net\n    country: ES\n");
	char *extension = strstr(text, "      - {number: \"102\"");
	must(extension);
	if (strstr(text, "aaron")) {
		static const char line[] = "      - {number: \"100\", route: {user: aaron}}\n";
		memmove(extension + sizeof(line) - 1, extension, strlen(extension) + 1);
		memcpy(extension, line, sizeof(line) - 1);
	}
	must(pipeline_apply(pipeline, text));
}

static void change_binding(void)
{
	static const uint32_t qs[] = {0, 300, 700, 700, 1000, 1000};

	pipeline_run(pipeline);
	take_all();
	peer_register(pipeline, below(PEER_BINDING_COUNT), qs[below(sizeof(qs) / sizeof(qs[0]))]);
}

static const struct {
	uint32_t weight;
	void (*act)(void);
} actions[] = {
	{160, begin_call},	  {60, repeat},	       {60, cancel},
	{80, send_in_dialog},	  {60, acknowledge},   {200, respond},
	{20, report_unreachable}, {2, change_company}, {6, change_binding},
};

static void act(void)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		sum += actions[i].weight;
	uint32_t choice = below(sum);
	for (uint32_t i = 0;; choice -= actions[i++].weight)
		if (choice < actions[i].weight) {
			actions[i].act();
			return;
		}
}

/* ---- sequences ---- */

static void pass(uint32_t ms)
{
	for (uint32_t step; ms > 0; ms -= step) {
		step = ms < JUMP_MS_MAX ? ms : JUMP_MS_MAX;
		pipeline_jump_ms(pipeline, step);
		take_all();
	}
}

static void check_nothing_is_left(void)
{
	pipeline_settle(pipeline);
	for (uint32_t i = 0; i < pipeline_dataplane(pipeline)->worker_count; i++) {
		const struct worker *worker = pipeline_worker(pipeline, i);
		if (worker->transactions.mbufs_kept)
			complain("a transaction has ended and kept an mbuf", "");
		if (worker->calls.used_count != worker->calls.state_count[CALL_ANSWERED])
			complain("a call is left that was not answered", "");
	}
	pass(CALL_TICKS_MAX * TIMER_WHEEL_TICK_MS);
	for (uint32_t i = 0; i < pipeline_dataplane(pipeline)->worker_count; i++) {
		const struct worker *worker = pipeline_worker(pipeline, i);
		if (worker->calls.used_count || worker->wheel.count)
			complain("a call or a timer is left", "");
	}
	pipeline_check_identity(pipeline);
	if (pipeline_free_mbufs(pipeline) != mbufs_at_start)
		complain("an mbuf is missing", "");
}

static void run_sequence(void)
{
	static const uint32_t pauses_ms[] = {0, 0, 0, 0, 10, 10, 100, 500, 2000, 35000};

	source = random_source_of(seed);
	request_count = asked_count = answered_count = 0;
	for (uint32_t i = 0; i < PEER_BINDING_COUNT; i++)
		peer_register(pipeline, i, i == 2 ? 500 : 1000);
	for (uint32_t step = 0; step < options.steps; step++) {
		uint32_t count = 1 + below(PER_BURST_MAX);
		for (uint32_t i = 0; i < count; i++)
			act();
		pipeline_run(pipeline);
		take_all();
		pass(pauses_ms[below(sizeof(pauses_ms) / sizeof(pauses_ms[0]))]);
	}
	check_nothing_is_left();
}

static int start(void **state)
{
	uint32_t worker_count = *(const uint32_t *)*state;
	struct pipeline_sizes sizes = {.transaction_count = TRANSACTIONS_MAX, .call_count = CALLS_MAX};

	pipeline = pipeline_start_sized(worker_count, simulation_provisioning, &sizes);
	for (uint32_t i = 0; i < worker_count; i++)
		pipeline_worker(pipeline, i)->call_ticks_max = CALL_TICKS_MAX;
	mbufs_at_start = pipeline_free_mbufs(pipeline);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < KEPT_MAX; i++) {
		free(asked[i].text);
		free(answered[i].text);
		asked[i].text = answered[i].text = NULL;
	}
	pipeline_stop(pipeline);
	return 0;
}

/* Sequences that reach little would prove little. */
static void nothing_is_left(void **state)
{
	static const enum reason reasons[] = {REASON_TRANSACTIONS_FULL, REASON_CALL_TABLE_FULL,
					      REASON_UNREACHABLE_REPORTED, REASON_RETRANSMISSION_ABSORBED,
					      REASON_CANCEL_ANSWERED};
	(void)state;
	messages = 0;
	for (uint32_t i = 0; i < options.count; i++) {
		seed = options.seed ? options.seed : i + 1;
		run_sequence();
	}
	printf("%u sequences of %u bursts: %llu messages of the router\n", options.count, options.steps,
	       (unsigned long long)messages);
	for (uint32_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]) && !options.seed; i++)
		if (pipeline_reason(pipeline, reasons[i]) == 0)
			fail_msg("no packet ended as %s", reason_rows[reasons[i]].name);
}

static bool read_options(int argc, char **argv)
{
	for (int i = 1; i < argc; i += 2) {
		uint64_t value = i + 1 < argc ? strtoull(argv[i + 1], NULL, 10) : 0;
		if (value == 0)
			return false;
		if (strcmp(argv[i], "--seed") == 0)
			options.seed = value;
		else if (strcmp(argv[i], "--count") == 0)
			options.count = (uint32_t)value;
		else if (strcmp(argv[i], "--steps") == 0)
			options.steps = (uint32_t)value;
		else
			return false;
	}
	if (options.seed)
		options.count = 1;
	return true;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		{"nothing_is_left", nothing_is_left, start, stop, &one_worker},
		{"nothing_is_left (3 workers)", nothing_is_left, start, stop, &three_workers},
	};
	if (!read_options(argc, argv)) {
		fprintf(stderr, "simulation_chaos [--count SEQUENCES] [--steps STEPS] [--seed SEED]\n");
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
