/*
 * What a client writes to the control socket: a server on a real socket, with the parameters of ctl_commands.def. Every
 * line that comes back is a JSON-RPC response, with a result or an error.
 */
#include "fuzz_input.h"

#include <event2/event.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl_commands.h"
#include "rpc.h"

#define LINE_BYTES_MAX 2048
#define ANSWER_BYTES   (1u << 20)
#define STILL_TURNS    3 /* of the event loop without a byte, after which nothing more comes */

static struct event_base *base;
static struct rpc_server *server;
static char directory[] = "/tmp/amity-fuzz-rpc-XXXXXX", path[64];

static void method_echo(struct rpc_call *call, void *context)
{
	(void)context;
	rpc_call_result(call, json_deep_copy(rpc_call_params(call)));
}

static bool params_fit(const char *method, const json_t *params, char *error)
{
	return ctl_commands_params_fit(ctl_commands_find(method), params, error);
}

static void stop(void)
{
	rpc_server_close(server);
	event_base_free(base);
	rmdir(directory);
}

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
	static struct rpc_method methods[CTL_COMMAND_COUNT];
	struct problem_list problems = {0};

	(void)argument_count;
	(void)arguments;
	for (size_t i = 0; i < CTL_COMMAND_COUNT; i++)
		methods[i] = (struct rpc_method){ctl_commands[i].name, ctl_commands[i].access == CTL_ACCESS_READ,
						 method_echo};
	must(mkdtemp(directory) != NULL);
	snprintf(path, sizeof(path), "%s/s", directory);
	base = event_base_new();
	const struct rpc_server_options options = {.path = path,
						   .mode = 0600,
						   .line_bytes_max = LINE_BYTES_MAX,
						   .clients_max = 4,
						   .methods = methods,
						   .method_count = CTL_COMMAND_COUNT,
						   .params_fit = params_fit};
	must(rpc_server_open(&server, base, &options, &problems) == STATUS_OK);
	atexit(stop);
	return 0;
}

static int open_client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	must(client >= 0);
	memcpy(address.sun_path, path, sizeof(path));
	must(connect(client, (struct sockaddr *)&address, sizeof(address)) == 0);
	return client;
}

/* Lets the server run until it says nothing more. Result: bytes read into `answer`. */
static size_t read_answers(int client, char *answer)
{
	size_t length = 0;

	for (int still = 0; still < STILL_TURNS; still++) {
		must(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
		ssize_t count = read(client, answer + length, ANSWER_BYTES - length);
		if (count == 0)
			break;
		if (count > 0) {
			length += (size_t)count;
			still = 0;
		}
	}
	return length;
}

static void check_answer(struct span line)
{
	json_error_t error;
	json_t *message = json_loadb(line.at, line.length, 0, &error);

	must(json_is_object(message));
	must(strcmp(json_string_value(json_object_get(message, "jsonrpc")), "2.0") == 0);
	must(!json_object_get(message, "result") != !json_object_get(message, "error"));
	must(json_object_get(message, "id") != NULL);
	json_decref(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static char answer[ANSWER_BYTES];
	struct span answers;
	int client = open_client();

	/* The kernel's buffer takes a whole input. */
	must(write(client, bytes, length) == (ssize_t)length);
	answers = span_make(answer, read_answers(client, answer));
	must(answers.length == 0 || answers.at[answers.length - 1] == '\n');
	while (answers.length)
		check_answer(fuzz_input_line(&answers));
	close(client);
	must(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
	must(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
	return 0;
}
