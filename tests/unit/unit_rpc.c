#include "cmocka_all.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl_commands.h"
#include "rpc_rig.h"

static void test_calls(void **state)
{
	struct rpc_rig rig;

	(void)state;
	rpc_rig_open(&rig, false);
	int client = rpc_rig_connect(&rig);
	assert_string_equal(
		rpc_rig_ask(&rig, client,
			    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":{\"a\":\"b\"}}\n"),
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":\"b\"}}\n");
	/* Two in one piece, then one in two; an empty line is nothing. */
	assert_string_equal(
		rpc_rig_ask(&rig, client,
			    "\n{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"echo\"}\n{\"jsonrpc\":\"2.0\",\"id\":2,"
			    "\"method\":\"refuse\"}\n"),
		"{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{}}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":1,\"message\":\"no way\",\"data\":{\"why\":5}}}\n");
	assert_string_equal(rpc_rig_ask(&rig, client, "{\"jsonrpc\":\"2.0\",\"id\":3,"), "");
	assert_string_equal(rpc_rig_ask(&rig, client, "\"method\":\"echo\"}\n"),
			    "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}\n");
	/* A notification is not answered. */
	assert_string_equal(rpc_rig_ask(&rig, client, "{\"jsonrpc\":\"2.0\",\"method\":\"echo\"}\n"), "");
	close(client);
	rpc_rig_close(&rig);
}

static void test_errors(void **state)
{
	struct rpc_rig rig;

	(void)state;
	rpc_rig_open(&rig, true);
	int client = rpc_rig_connect(&rig);
	rpc_rig_assert_error(&rig, client, "nonsense\n", CTL_ERROR_PARSE);
	rpc_rig_assert_error(&rig, client, "\x01\xff{}\n", CTL_ERROR_PARSE);
	rpc_rig_assert_error(&rig, client, "[]\n", CTL_ERROR_REQUEST);
	rpc_rig_assert_error(&rig, client, "{}\n", CTL_ERROR_REQUEST);
	rpc_rig_assert_error(&rig, client, "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"echo\"}\n", CTL_ERROR_REQUEST);
	rpc_rig_assert_error(&rig, client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"none\"}\n", CTL_ERROR_METHOD);
	rpc_rig_assert_error(&rig, client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"later\"}\n",
			     CTL_ERROR_READ_ONLY);
	assert_null(rig.open_call);
	rpc_rig_assert_error(&rig, client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":[1]}\n",
			     CTL_ERROR_PARAMS);
	rpc_rig_assert_error(&rig, client,
			     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":{\"bad\":1}}\n",
			     CTL_ERROR_PARAMS);
	close(client);
	rpc_rig_close(&rig);
}

static void test_long_line_ends_the_connection(void **state)
{
	static char line[2 * RPC_RIG_LINE_BYTES_MAX];
	struct rpc_rig rig;
	char rest;

	(void)state;
	rpc_rig_open(&rig, false);
	int client = rpc_rig_connect(&rig);
	memset(line, 'x', sizeof(line) - 1);
	rpc_rig_assert_error(&rig, client, line, CTL_ERROR_TOO_MUCH);
	assert_int_equal(recv(client, &rest, 1, MSG_DONTWAIT), 0);
	close(client);
	rpc_rig_close(&rig);
}

static void test_clients_are_limited(void **state)
{
	struct rpc_rig rig;
	int clients[RPC_RIG_CLIENTS_MAX + 1];

	(void)state;
	rpc_rig_open(&rig, false);
	for (int i = 0; i <= RPC_RIG_CLIENTS_MAX; i++) {
		clients[i] = rpc_rig_connect(&rig);
		rpc_rig_turn(&rig);
	}
	rpc_rig_assert_error(&rig, clients[RPC_RIG_CLIENTS_MAX - 1], "{}\n", CTL_ERROR_REQUEST);
	char answer[512];
	assert_true(recv(clients[RPC_RIG_CLIENTS_MAX], answer, sizeof(answer), MSG_DONTWAIT) > 0);
	assert_int_equal(recv(clients[RPC_RIG_CLIENTS_MAX], answer, 1, MSG_DONTWAIT), 0);
	/* A place that is left is taken again. */
	close(clients[0]);
	rpc_rig_turn(&rig);
	clients[0] = rpc_rig_connect(&rig);
	rpc_rig_assert_error(&rig, clients[0], "{}\n", CTL_ERROR_REQUEST);
	for (int i = 0; i <= RPC_RIG_CLIENTS_MAX; i++)
		close(clients[i]);
	rpc_rig_close(&rig);
}

static void test_later_answers_in_order(void **state)
{
	struct rpc_rig rig;

	(void)state;
	rpc_rig_open(&rig, false);
	int client = rpc_rig_connect(&rig);
	assert_string_equal(
		rpc_rig_ask(&rig, client,
			    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"later\"}\n{\"jsonrpc\":\"2.0\",\"id\":2,"
			    "\"method\":\"echo\"}\n"),
		"");
	assert_non_null(rig.open_call);
	rpc_call_result(rig.open_call, json_true());
	assert_string_equal(rpc_rig_ask(&rig, client, "\n"), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true}\n"
							     "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n");
	/* Who only stops sending still gets the answer. */
	assert_string_equal(rpc_rig_ask(&rig, client, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"later\"}\n"), "");
	shutdown(client, SHUT_WR);
	rpc_rig_turn(&rig);
	rpc_call_result(rig.open_call, json_true());
	rpc_rig_turn(&rig);
	char answer[128];
	assert_int_equal(recv(client, answer, sizeof(answer), MSG_DONTWAIT), 39);
	assert_int_equal(recv(client, answer, sizeof(answer), MSG_DONTWAIT), 0);
	close(client);
	rpc_rig_close(&rig);
}

/* Clients, and the server, may go while a call is under way. */
static void test_call_outlives_its_client_and_the_server(void **state)
{
	struct rpc_rig rig;

	(void)state;
	rpc_rig_open(&rig, false);
	int client = rpc_rig_connect(&rig);
	rpc_rig_ask(&rig, client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"later\"}\n");
	close(client);
	rpc_rig_turn(&rig);
	rpc_call_result(rig.open_call, json_true());
	rpc_rig_turn(&rig);
	client = rpc_rig_connect(&rig);
	rpc_rig_ask(&rig, client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"later\"}\n");
	struct rpc_call *call = rig.open_call;
	rpc_rig_close(&rig);
	rpc_call_refuse(call, CTL_ERROR_REFUSED, NULL, "too late");
	close(client);
}

/* What was written just before the end still arrives: `amityctl stop` gets its answer. */
static void test_close_says_what_was_written(void **state)
{
	struct rpc_rig rig;
	char answer[128];

	(void)state;
	rpc_rig_open(&rig, false);
	int client = rpc_rig_connect(&rig);
	rpc_rig_ask(&rig, client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"later\"}\n");
	rpc_call_result(rig.open_call, json_true());
	rpc_rig_close(&rig);
	assert_int_equal(recv(client, answer, sizeof(answer), MSG_DONTWAIT), 39);
	close(client);
}

static void test_socket_is_not_stolen(void **state)
{
	struct rpc_rig rig, second;
	struct problem_list problems = {0};
	struct rpc_server *server;

	(void)state;
	rpc_rig_open(&rig, false);
	const struct rpc_server_options options = {
		.path = rig.path, .mode = 0600, .line_bytes_max = 100, .clients_max = 1};
	assert_int_equal(rpc_server_open(&server, rig.base, &options, &problems), STATUS_CONFLICT);
	assert_true(problems.count == 1 && strstr(problems.item[0].message, "another amityd") != NULL);
	problem_list_free(&problems);
	struct stat file;
	assert_int_equal(stat(rig.path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	rpc_rig_close(&rig);

	/* A file that is no socket stays; a dead socket is replaced. */
	rpc_rig_open(&second, false);
	rpc_server_close(second.server);
	FILE *plain = fopen(second.path, "w");
	assert_non_null(plain);
	fclose(plain);
	const struct rpc_server_options again = {
		.path = second.path, .mode = 0600, .line_bytes_max = 100, .clients_max = 1};
	assert_int_equal(rpc_server_open(&server, second.base, &again, &problems), STATUS_CONFLICT);
	problem_list_free(&problems);
	unlink(second.path);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	strcpy(address.sun_path, second.path);
	int dead = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof(address)), 0);
	close(dead);
	assert_int_equal(rpc_server_open(&second.server, second.base, &again, &problems), STATUS_OK);
	rpc_rig_close(&second);
}

/* A name that does not fit, or another that owns the file by now. */
static void test_socket_paths(void **state)
{
	struct rpc_rig rig;
	struct problem_list problems = {0};
	struct rpc_server *server;
	char path[200] = "/tmp/";

	(void)state;
	rpc_rig_open(&rig, false);
	memset(path + strlen(path), 'x', sizeof(path) - strlen(path) - 1);
	const struct rpc_server_options options = {.path = path, .mode = 0600, .line_bytes_max = 100, .clients_max = 1};
	assert_int_equal(rpc_server_open(&server, rig.base, &options, &problems), STATUS_INVALID);
	assert_non_null(strstr(problems.item[0].message, "longer than the 107 bytes"));
	problem_list_free(&problems);
	/* Somebody removed our file and put a socket of his own there. */
	unlink(rig.path);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	strcpy(address.sun_path, rig.path);
	int other = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(other, (struct sockaddr *)&address, sizeof(address)), 0);
	rpc_server_close(rig.server);
	assert_int_equal(access(rig.path, F_OK), 0);
	unlink(rig.path);
	close(other);
	event_base_free(rig.base);
	*strrchr(rig.path, '/') = '\0';
	rmdir(rig.path);
}

/* A router that lives but does not accept (its queue is full) is asked without waiting for it. */
static void test_full_queue_is_a_living_router(void **state)
{
	struct rpc_rig rig;
	struct problem_list problems = {0};
	struct rpc_server *server;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)state;
	rpc_rig_open(&rig, false);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s.full", rig.path);
	int deaf = socket(AF_UNIX, SOCK_STREAM, 0), waiting[3];
	assert_int_equal(bind(deaf, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(deaf, 0), 0);
	for (int i = 0; i < 3; i++) {
		waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(waiting[i], (struct sockaddr *)&address, sizeof(address));
	}
	const struct rpc_server_options options = {
		.path = address.sun_path, .mode = 0600, .line_bytes_max = 100, .clients_max = 1};
	assert_int_equal(rpc_server_open(&server, rig.base, &options, &problems), STATUS_CONFLICT);
	problem_list_free(&problems);
	for (int i = 0; i < 3; i++)
		close(waiting[i]);
	close(deaf);
	unlink(address.sun_path);
	rpc_rig_close(&rig);
}

static json_t *parse(const char *command, int count, const char *const *words, char *error)
{
	return ctl_commands_parse(ctl_commands_find(command), count, (char *const *)words, error);
}

static void test_arguments(void **state)
{
	char error[CTL_ERROR_BYTES_MAX];
	const char *const good[] = {"f.yaml", "--dry-run"}, *const many[] = {"a", "b"}, *const unknown[] = {"--x"};
	const char *const valueless[] = {"--company"}, *const equals[] = {"--company=acme"},
			  *const flag[] = {"f", "--dry-run=1"};

	(void)state;
	assert_null(ctl_commands_find("nothing"));
	json_t *params = parse("apply", 2, good, error);
	assert_string_equal(json_string_value(json_object_get(params, "file")), "f.yaml");
	assert_true(json_is_true(json_object_get(params, "dry-run")));
	assert_true(ctl_commands_params_fit(ctl_commands_find("apply"), params, error));
	json_object_set_new(params, "other", json_true());
	assert_false(ctl_commands_params_fit(ctl_commands_find("apply"), params, error));
	json_decref(params);
	params = parse("friends", 1, equals, error);
	assert_string_equal(json_string_value(json_object_get(params, "company")), "acme");
	json_decref(params);
	assert_null(parse("apply", 0, NULL, error)); /* FILE is missing */
	assert_null(parse("apply", 2, many, error));
	assert_null(parse("apply", 2, flag, error));
	assert_null(parse("friends", 1, unknown, error));
	assert_null(parse("friends", 1, valueless, error));
	params = parse("calls", 2, (const char *const[]){"show", "audit"}, error);
	assert_string_equal(json_string_value(json_object_get(params, "show")), "audit");
	json_decref(params);
	params = parse("cdr", 1, (const char *const[]){"rotate"}, error);
	assert_true(json_is_true(json_object_get(params, "rotate")));
	json_decref(params);
	/* A word is no option with dashes, and an option no word. */
	assert_null(parse("calls", 2, (const char *const[]){"--show", "x"}, error));
	assert_null(parse("calls", 1, (const char *const[]){"audit"}, error));
	assert_null(parse("calls", 1, (const char *const[]){"show"}, error));
	assert_string_equal(strtok(error, ":"), "show takes a value");
	assert_null(parse("cdr", 0, NULL, error));
	assert_string_equal(strtok(error, ":"), "rotate is missing");
	params = parse("explain", 0, NULL, error); /* two ways to call it: amityd says which part is missing */
	assert_non_null(params);
	json_decref(params);
}

/* Rows can be read, and their names are unique. */
static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < CTL_COMMAND_COUNT; i++) {
		struct ctl_arguments arguments;
		ctl_commands_arguments(&arguments, &ctl_commands[i]);
		assert_true(arguments.count < CTL_ARGUMENTS_MAX);
		assert_ptr_equal(ctl_commands_find(ctl_commands[i].name), &ctl_commands[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_long_line_ends_the_connection),
		cmocka_unit_test(test_clients_are_limited),
		cmocka_unit_test(test_later_answers_in_order),
		cmocka_unit_test(test_call_outlives_its_client_and_the_server),
		cmocka_unit_test(test_close_says_what_was_written),
		cmocka_unit_test(test_socket_is_not_stolen),
		cmocka_unit_test(test_socket_paths),
		cmocka_unit_test(test_full_queue_is_a_living_router),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_rows),
	};
	signal(SIGPIPE, SIG_IGN); /* as amityd does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
