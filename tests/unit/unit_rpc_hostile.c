#include "cmocka_all.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rpc_rig.h"

static void assert_request(const struct rpc_rig *rig, int client, const char *id, const char *answer)
{
	char text[8192];

	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"echo\"}\n", id);
	assert_string_equal(rpc_rig_ask(rig, client, text), answer);
}

/* JSON-RPC 4: texts, numbers and null are repeated as they were; anything else is no request. */
static void test_ids(void **state)
{
	static const char *const good[] = {"0", "-1", "9223372036854775807", "1.5", "null", "\"\"", "\"a\\n\u00e4\""};
	static const char *const bad[] = {"true", "false", "[]", "{}", "[1,[2]]", "{\"a\":1}"};
	struct rpc_rig rig;
	char expected[1024], long_id[CTL_ID_BYTES_MAX + 4];

	(void)state;
	rpc_rig_open(&rig, false);
	int client = rpc_rig_connect(&rig);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(expected, sizeof(expected), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}\n", good[i]);
		assert_request(&rig, client, good[i], expected);
	}
	snprintf(expected, sizeof(expected),
		 "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"not a JSON-RPC request: "
		 "\\\"id\\\" must be a number, null, or a text that is not long\"}}\n");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_request(&rig, client, bad[i], expected);
	memset(long_id, 'x', sizeof(long_id));
	long_id[0] = long_id[CTL_ID_BYTES_MAX + 2] = '"';
	long_id[CTL_ID_BYTES_MAX + 3] = '\0';
	assert_request(&rig, client, long_id, expected);
	close(client);
	rpc_rig_close(&rig);
}

/* Texts that are not quite JSON, or more than JSON-RPC means: an error each, and the connection lives. */
static void test_hostile_texts(void **state)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"method\":\"later\"}\n", CTL_ERROR_PARSE},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"} {}\n", CTL_ERROR_PARSE},
		{"{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999,\"method\":\"echo\"}\n", CTL_ERROR_PARSE},
		{"{\"jsonrpc\":\"2.0\",\"id\":1e999,\"method\":\"echo\"}\n", CTL_ERROR_PARSE},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ec\xff\"}\n", CTL_ERROR_PARSE},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"e\xc0\x80\"}\n", CTL_ERROR_PARSE},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\\u0000\"}\n", CTL_ERROR_PARSE},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}\n", CTL_ERROR_REQUEST},
		{"{\"jsonrpc\":2.0,\"id\":1,\"method\":\"echo\"}\n", CTL_ERROR_REQUEST},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":null}\n", CTL_ERROR_PARAMS},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":\"a\"}\n", CTL_ERROR_PARAMS},
		{"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}]\n", CTL_ERROR_REQUEST},
		{"\"text\"\n", CTL_ERROR_PARSE},
		{"17\n", CTL_ERROR_PARSE},
		{"{\r\n", CTL_ERROR_PARSE},
	};
	struct rpc_rig rig;
	char deep[4000];

	(void)state;
	rpc_rig_open(&rig, false);
	int client = rpc_rig_connect(&rig);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		rpc_rig_assert_error(&rig, client, rows[i].text, rows[i].code);
	memset(deep, '[', sizeof(deep) - 2);
	strcpy(deep + sizeof(deep) - 2, "\n");
	rpc_rig_assert_error(&rig, client, deep, CTL_ERROR_PARSE);
	/* As deep as it is taken, and built without an end of the stack. */
	char *at = deep + sprintf(deep, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":{\"bad\":");
	memset(at, '[', 1000);
	memset(at + 1000, ']', 1000);
	strcpy(at + 2000, "}}\n");
	rpc_rig_assert_error(&rig, client, deep, CTL_ERROR_PARAMS);
	static const char nul[] = "{\"jsonrpc\":\"2.0\",\0\"id\":1}\n";
	assert_int_equal(send(client, nul, sizeof(nul) - 1, MSG_NOSIGNAL), sizeof(nul) - 1);
	rpc_rig_assert_error(&rig, client, "", CTL_ERROR_PARSE);
	close(client);
	rpc_rig_close(&rig);
}

static void test_half_a_line(void **state)
{
	static const char half[] = "{\"jsonrpc\":\"2.0\",\"id\":1,";
	struct rpc_rig rig;
	char answer[512];

	(void)state;
	rpc_rig_open_with(&rig, false, (struct rpc_rig_times){.line_timeout_ms = 1});
	/* And gone. */
	int client = rpc_rig_connect(&rig);
	rpc_rig_ask(&rig, client, half);
	close(client);
	rpc_rig_turn(&rig);
	/* And no more of it. */
	client = rpc_rig_connect(&rig);
	assert_int_equal(send(client, half, strlen(half), MSG_NOSIGNAL), strlen(half));
	ssize_t length = -1;
	while (length < 0) {
		rpc_rig_turn(&rig);
		length = recv(client, answer, sizeof(answer) - 1, MSG_DONTWAIT);
	}
	answer[length > 0 ? length : 0] = '\0';
	assert_non_null(strstr(answer, "\"code\":4,\"message\":\"the end of the line did not come"));
	assert_int_equal(recv(client, answer, 1, 0), 0);
	close(client);
	rpc_rig_close(&rig);
}

/* Who says nothing at all, and who has half a line, makes room; who waits for an answer does not. */
static void test_silent_clients_make_room(void **state)
{
	struct rpc_rig rig;
	int clients[RPC_RIG_CLIENTS_MAX + 2];
	char answer[512];

	(void)state;
	rpc_rig_open_with(&rig, false, (struct rpc_rig_times){.silent_min_ms = 1});
	clients[0] = rpc_rig_connect(&rig);
	rpc_rig_ask(&rig, clients[0], "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"later\"}\n");
	assert_non_null(rig.open_call);
	clients[1] = rpc_rig_connect(&rig);
	rpc_rig_ask(&rig, clients[1], "{\"json");
	for (int i = 2; i < RPC_RIG_CLIENTS_MAX + 2; i++) {
		clients[i] = rpc_rig_connect(&rig);
		rpc_rig_turn(&rig);
	}
	for (int i = 1; i <= 2; i++) {
		ssize_t length = recv(clients[i], answer, sizeof(answer) - 1, MSG_DONTWAIT);
		answer[length > 0 ? length : 0] = '\0';
		assert_non_null(strstr(answer, "silent longest"));
		assert_int_equal(recv(clients[i], answer, 1, MSG_DONTWAIT), 0);
	}
	for (int i = 3; i < RPC_RIG_CLIENTS_MAX + 2; i++)
		rpc_rig_assert_error(&rig, clients[i], "{}\n", CTL_ERROR_REQUEST);
	rpc_call_result(rig.open_call, json_true());
	assert_string_equal(rpc_rig_ask(&rig, clients[0], "\n"), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true}\n");
	for (int i = 0; i < RPC_RIG_CLIENTS_MAX + 2; i++)
		close(clients[i]);
	rpc_rig_close(&rig);
}

/* A client that sends and never reads holds one answer, not a thousand; in the end it is dropped. */
static void test_answers_nobody_reads(void **state)
{
	static char request[RPC_RIG_LINE_BYTES_MAX];
	struct rpc_rig rig;

	(void)state;
	/* A loaded machine may fill the sockets slowly. */
	rpc_rig_open_with(&rig, false, (struct rpc_rig_times){.write_timeout_ms = 4000});
	int length = sprintf(request,
			     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":{\"a\":\"%03000d\"}}\n", 0);
	int client = rpc_rig_connect(&rig);
	while (send(client, request, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) == length)
		rpc_rig_turn(&rig);
	/* Both sockets are full, nothing moves; what was answered is no more than they hold. */
	assert_int_equal(errno, EAGAIN);
	assert_in_range(rig.echo_count, 1, 1000);
	unsigned runs = rig.echo_count;
	rpc_rig_turn(&rig);
	assert_int_equal(rig.echo_count, runs);
	while (send(client, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EAGAIN)
		rpc_rig_turn(&rig);
	assert_true(errno == EPIPE || errno == ECONNRESET);
	close(client);
	rpc_rig_close(&rig);
}

/* Each request has a turn of its own: another client is served between those of a flood. */
static void test_a_flood_waits_its_turn(void **state)
{
	static const char one[] = "{\"jsonrpc\":\"2.0\",\"method\":\"echo\"}\n";
	struct rpc_rig rig;
	char flood[100 * sizeof(one)] = "";

	(void)state;
	rpc_rig_open(&rig, false);
	for (int i = 0; i < 100; i++)
		strcat(flood, one);
	int loud = rpc_rig_connect(&rig), other = rpc_rig_connect(&rig);
	rpc_rig_turn(&rig);
	assert_int_equal(send(loud, flood, strlen(flood), MSG_NOSIGNAL), strlen(flood));
	event_base_loop(rig.base, EVLOOP_ONCE);
	assert_int_equal(send(other, one, strlen(one), MSG_NOSIGNAL), strlen(one));
	for (int i = 0; i < 3; i++)
		event_base_loop(rig.base, EVLOOP_ONCE);
	assert_true(rig.echo_count <= 8);
	rpc_rig_turn(&rig);
	assert_int_equal(rig.echo_count, 101);
	close(loud);
	close(other);
	rpc_rig_close(&rig);
}

/* What was sent before the sending side was closed is answered to the last line; a half one is nothing. */
static void test_lines_before_the_end(void **state)
{
	static const char lines[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}\n"
				    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"echo\"}\n{\"json";
	struct rpc_rig rig;
	char answer[512];

	(void)state;
	rpc_rig_open(&rig, false);
	int client = rpc_rig_connect(&rig);
	assert_int_equal(send(client, lines, strlen(lines), MSG_NOSIGNAL), strlen(lines));
	shutdown(client, SHUT_WR);
	rpc_rig_turn(&rig);
	ssize_t length = recv(client, answer, sizeof(answer) - 1, MSG_DONTWAIT);
	answer[length > 0 ? length : 0] = '\0';
	assert_string_equal(answer, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n"
				    "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n");
	assert_int_equal(recv(client, answer, 1, MSG_DONTWAIT), 0);
	close(client);
	rpc_rig_close(&rig);
}

/* All clients together hold two lines of the longest: the third is told, whoever it is. */
static void test_lines_share_a_budget(void **state)
{
	static char half[RPC_RIG_LINE_BYTES_MAX];
	struct rpc_rig rig;
	int clients[RPC_RIG_CLIENTS_MAX];

	(void)state;
	rpc_rig_open(&rig, false);
	memset(half, ' ', sizeof(half) - 1);
	for (int i = 0; i < RPC_RIG_CLIENTS_MAX; i++) {
		clients[i] = rpc_rig_connect(&rig);
		assert_int_equal(i < 2, *rpc_rig_ask(&rig, clients[i], half) == '\0');
	}
	rpc_rig_assert_error(&rig, clients[0], "\n", CTL_ERROR_PARSE);
	for (int i = 0; i < RPC_RIG_CLIENTS_MAX; i++)
		close(clients[i]);
	rpc_rig_close(&rig);
}

static bool accept_fails;
static unsigned accept_count;

/* In front of the C library's, for libevent's calls as well. */
int accept4(int listener, struct sockaddr *restrict address, socklen_t *restrict length, int flags)
{
	accept_count++;
	if (accept_fails) {
		errno = EMFILE;
		return -1;
	}
	return (int)syscall(SYS_accept4, listener, address, length, flags);
}

/* Without descriptors the loop does not spin, and goes on when there are some again. */
static void test_no_descriptor_left(void **state)
{
	struct rpc_rig rig;

	(void)state;
	rpc_rig_open(&rig, false);
	accept_fails = true;
	accept_count = 0;
	int client = rpc_rig_connect(&rig);
	rpc_rig_turn(&rig);
	assert_in_range(accept_count, 1, 20);
	accept_fails = false;
	static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}\n";
	assert_int_equal(send(client, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	char answer[64];
	while (recv(client, answer, sizeof(answer), MSG_DONTWAIT) < 0)
		rpc_rig_turn(&rig);
	close(client);
	rpc_rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_hostile_texts),
		cmocka_unit_test(test_half_a_line),
		cmocka_unit_test(test_silent_clients_make_room),
		cmocka_unit_test(test_answers_nobody_reads),
		cmocka_unit_test(test_a_flood_waits_its_turn),
		cmocka_unit_test(test_lines_before_the_end),
		cmocka_unit_test(test_lines_share_a_budget),
		cmocka_unit_test(test_no_descriptor_left),
	};
	signal(SIGPIPE, SIG_IGN); /* as amityd does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
