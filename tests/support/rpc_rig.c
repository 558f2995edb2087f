#include "cmocka_all.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rpc_rig.h"

static void method_echo(struct rpc_call *call, void *context)
{
	((struct rpc_rig *)context)->echo_count++;
	rpc_call_result(call, json_deep_copy(rpc_call_params(call)));
}

static void method_refuse(struct rpc_call *call, void *context)
{
	(void)context;
	rpc_call_refuse(call, CTL_ERROR_REFUSED, json_pack("{s:i}", "why", 5), "no %s", "way");
}

static void method_later(struct rpc_call *call, void *context)
{
	((struct rpc_rig *)context)->open_call = call;
}

static bool params_fit(const char *method, const json_t *params, char *error)
{
	(void)method;
	snprintf(error, RPC_ERROR_BYTES_MAX, "bad is not good");
	return !json_object_get(params, "bad");
}

static const struct rpc_method methods[] = {
	{"echo", true, method_echo}, {"refuse", true, method_refuse}, {"later", false, method_later}};

void rpc_rig_open_with(struct rpc_rig *rig, bool read_only, struct rpc_rig_times times)
{
	static const uint32_t hour_ms = 3600000;
	static unsigned rig_count;
	struct problem_list problems = {0};
	const struct rpc_server_options options = {
		.path = rig->path,
		.mode = 0600,
		.read_only = read_only,
		.line_bytes_max = RPC_RIG_LINE_BYTES_MAX,
		.line_timeout_ms = times.line_timeout_ms ? times.line_timeout_ms : hour_ms,
		.write_timeout_ms = times.write_timeout_ms ? times.write_timeout_ms : hour_ms,
		.clients_max = RPC_RIG_CLIENTS_MAX,
		.silent_ms_min = times.silent_min_ms ? times.silent_min_ms : hour_ms,
		.methods = methods,
		.method_count = 3,
		.context = rig,
		.params_fit = params_fit,
	};
	rig->open_call = NULL;
	rig->echo_count = 0;
	rig->base = event_base_new();
	/* A place of its own: a test that fails leaves its socket, and the next one works all the same. */
	snprintf(rig->path, sizeof(rig->path), "/tmp/amity-unit-rpc-%d-%u/s", (int)getpid(), rig_count++);
	assert_int_equal(rpc_server_open(&rig->server, rig->base, &options, &problems), STATUS_OK);
}

void rpc_rig_open(struct rpc_rig *rig, bool read_only)
{
	rpc_rig_open_with(rig, read_only, (struct rpc_rig_times){0});
}

void rpc_rig_close(struct rpc_rig *rig)
{
	rpc_server_close(rig->server);
	event_base_free(rig->base);
	assert_int_not_equal(access(rig->path, F_OK), 0);
	*strrchr(rig->path, '/') = '\0';
	rmdir(rig->path);
}

int rpc_rig_connect(const struct rpc_rig *rig)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int client = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, rig->path);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	return client;
}

void rpc_rig_turn(const struct rpc_rig *rig)
{
	for (int i = 0; i < 40; i++) {
		event_base_loop(rig->base, EVLOOP_NONBLOCK);
		usleep(200);
	}
}

const char *rpc_rig_ask(const struct rpc_rig *rig, int client, const char *text)
{
	static char answer[16384];

	assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	rpc_rig_turn(rig);
	ssize_t length = recv(client, answer, sizeof(answer) - 1, MSG_DONTWAIT);
	answer[length > 0 ? length : 0] = '\0';
	return answer;
}

void rpc_rig_assert_error(const struct rpc_rig *rig, int client, const char *text, int code)
{
	json_t *answer = json_loads(rpc_rig_ask(rig, client, text), 0, NULL);
	assert_non_null(answer);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(answer, "error"), "code")), code);
	json_decref(answer);
}
