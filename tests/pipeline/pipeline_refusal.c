/*
 * pipeline_refusal - what is not forwarded: each with its status, its reason counted, and nothing left behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "pipeline_case.h"
#include "worker.h"

static const struct sip_account alice = {.user = "alice", .password = "secret-a", .nc = 1};

struct refusal {
	const char *what;
	const char *text;    /* the request, whole; NULL: an INVITE made of the fields below */
	const char *uri;     /* ["sip:2050@acme.example.net"] */
	const char *from;    /* ["<sip:alice@acme.example.net>"] */
	const char *method;  /* ["INVITE"] */
	const char *headers; /* [""] */
	const char *to;	     /* ["<sip:2050@acme.example.net>"] */
	const char *source;  /* ["192.0.2.7:5060"] */
	int status;	     /* 0: nothing is answered */
	enum reason reason;
};

#define HEAD "INVITE sip:2050@acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1\r\n"
#define FROM "From: <sip:alice@acme.example.net>;tag=1\r\n"
#define TO   "To: <sip:2050@acme.example.net>\r\n"
#define ID   "Call-ID: 1\r\n"
#define CSEQ "CSeq: 1 INVITE\r\n"
#define END  "Content-Length: 0\r\n\r\n"

static const struct refusal refusals[] = {
	{.what = "no Call-ID", .text = HEAD FROM TO CSEQ END, .status = 400, .reason = REASON_MISSING_CALL_ID},
	{.what = "no From", .text = HEAD TO ID CSEQ END, .status = 400, .reason = REASON_MISSING_FROM},
	{.what = "no To", .text = HEAD FROM ID CSEQ END, .status = 400, .reason = REASON_MISSING_TO},
	{.what = "no CSeq", .text = HEAD FROM TO ID END, .status = 400, .reason = REASON_MISSING_CSEQ},
	{.what = "no Via",
	 .text = "INVITE sip:2050@acme.example.net SIP/2.0\r\n" FROM TO ID CSEQ END,
	 .reason = REASON_MALFORMED_UNANSWERABLE},
	{.what = "two From", .text = HEAD FROM FROM TO ID CSEQ END, .status = 400, .reason = REASON_DUPLICATE_HEADER},
	{.what = "CSeq of another method",
	 .text = HEAD FROM TO ID "CSeq: 1 BYE\r\n" END,
	 .status = 400,
	 .reason = REASON_CSEQ_METHOD_MISMATCH},
	{.what = "CSeq over 2**32",
	 .text = HEAD FROM TO ID "CSeq: 4294967296 INVITE\r\n" END,
	 .status = 400,
	 .reason = REASON_MALFORMED_CSEQ},
	{.what = "negative Content-Length",
	 .text = HEAD FROM TO ID CSEQ "Content-Length: -1\r\n\r\n",
	 .status = 400,
	 .reason = REASON_MALFORMED_CONTENT_LENGTH},
	{.what = "Content-Length past the datagram",
	 .text = HEAD FROM TO ID CSEQ "Content-Length: 9\r\n\r\nshort",
	 .status = 400,
	 .reason = REASON_MALFORMED_CONTENT_LENGTH},
	{.what = "SIP/7.0",
	 .text = "INVITE sip:2050@acme.example.net SIP/7.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1\r\n" FROM
		 TO ID CSEQ END,
	 .status = 505,
	 .reason = REASON_VERSION_NOT_SUPPORTED},
	{.what = "r11 Max-Forwards 0",
	 .text = HEAD "Max-Forwards: 0\r\n" FROM TO ID CSEQ END,
	 .status = 483,
	 .reason = REASON_TOO_MANY_HOPS},
	{.what = "Max-Forwards no number",
	 .text = HEAD "Max-Forwards: x\r\n" FROM TO ID CSEQ END,
	 .status = 400,
	 .reason = REASON_MALFORMED_MAX_FORWARDS},
	{.what = "RFC 5626 keep-alive", .text = "\r\n\r\n", .reason = REASON_KEEPALIVE},
	{.what = "noise", .text = "hello, world", .reason = REASON_MALFORMED_UNANSWERABLE},
	{.what = "unknown scheme", .uri = "isbn:2983792873", .status = 416, .reason = REASON_URI_SCHEME},
	{.what = "Proxy-Require",
	 .headers = "Proxy-Require: nothing-we-know\r\n",
	 .status = 420,
	 .reason = REASON_BAD_EXTENSION},
	{.what = "r29 OPTIONS to the router",
	 .method = "OPTIONS",
	 .uri = "sip:192.0.2.1",
	 .status = 200,
	 .reason = REASON_OPTIONS_ANSWERED},
	{.what = "r29 SUBSCRIBE", .method = "SUBSCRIBE", .status = 489, .reason = REASON_EVENT_NOT_SUPPORTED},
	{.what = "r29 PUBLISH", .method = "PUBLISH", .status = 489, .reason = REASON_EVENT_NOT_SUPPORTED},
	{.what = "r29 unknown method", .method = "FROBNICATE", .status = 405, .reason = REASON_METHOD_NOT_ALLOWED},
	{.what = "r30 BYE without cookie",
	 .method = "BYE",
	 .to = "<sip:2050@acme.example.net>;tag=x",
	 .status = 403,
	 .reason = REASON_NO_COOKIE},
	{.what = "r1 no company",
	 .from = "<sip:alice@nowhere.example>",
	 .uri = "sip:2050@elsewhere.example",
	 .status = 403,
	 .reason = REASON_NO_COMPANY},
	{.what = "r1 two companies",
	 .from = "<sip:alice@globex.example.net>",
	 .status = 403,
	 .reason = REASON_TWO_COMPANIES},
	{.what = "r1 foreign Request-URI",
	 .uri = "sip:2050@elsewhere.example",
	 .status = 404,
	 .reason = REASON_FOREIGN_DOMAIN},
	{.what = "r1 domain needed",
	 .from = "<sip:alice@192.0.2.1>",
	 .uri = "sip:2050@192.0.2.1",
	 .status = 488,
	 .reason = REASON_DOMAIN_NEEDED},
	{.what = "r2 empty credentials are none",
	 .headers = "Proxy-Authorization:\r\n",
	 .status = 407,
	 .reason = REASON_CHALLENGED},
	{.what = "r2 credentials of another realm are none",
	 .headers = "Proxy-Authorization: Digest username=\"alice\", realm=\"other\", nonce=\"1\", uri=\"sip:x\", "
		    "response=\"00000000000000000000000000000000\"\r\n",
	 .status = 407,
	 .reason = REASON_CHALLENGED},
	{.what = "response to nobody",
	 .text = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bK1\r\n" FROM TO ID CSEQ END,
	 .reason = REASON_RESPONSE_NOT_OURS},
	{.what = "ACK for nothing",
	 .method = "ACK",
	 .to = "<sip:2050@acme.example.net>",
	 .reason = REASON_ACK_WITHOUT_COOKIE},
};

static void check_refusal(struct pipeline *pipeline, const struct refusal *refusal)
{
	char text[SIP_TEXT_BYTES_MAX];
	struct pipeline_message message;
	uint64_t before = pipeline_reason(pipeline, refusal->reason);

	if (refusal->text) {
		snprintf(text, sizeof(text), "%s", refusal->text);
	} else {
		struct sip_request request = {
			.method = refusal->method,
			.uri = refusal->uri ? refusal->uri : "sip:2050@acme.example.net",
			.from = refusal->from ? refusal->from : "<sip:alice@acme.example.net>",
			.to = refusal->to ? refusal->to : "<sip:2050@acme.example.net>",
			.headers = refusal->headers,
		};
		sip_request_write(text, &request);
	}
	pipeline_send(pipeline, refusal->source ? refusal->source : "192.0.2.7:5060", text);
	bool answered = pipeline_take(pipeline, &message);
	int status = answered ? sip_status(message.text) : 0;
	if (status != refusal->status || pipeline_reason(pipeline, refusal->reason) != before + 1)
		fail_msg("%s: wanted %d and one %s, got %d", refusal->what, refusal->status,
			 reason_rows[refusal->reason].name, status);
	assert_false(pipeline_take(pipeline, &message));
}

static void every_refusal_has_its_status_and_its_reason(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		check_refusal(pipeline, &refusals[i]);
	pipeline_stop(pipeline);
}

/* Calls `number` as alice with right credentials; the answer must be `status`, for `reason`. */
static void check_number(struct pipeline *pipeline, const char *number, int status, enum reason reason)
{
	static unsigned int serial;
	char uri[300], to[310], call_id[32];
	struct pipeline_message message;

	snprintf(uri, sizeof(uri), "sip:%s@acme.example.net", number);
	snprintf(to, sizeof(to), "<%s>", uri);
	snprintf(call_id, sizeof(call_id), "number-%u", serial++);
	struct sip_request request = {.uri = uri, .from = "<sip:alice@acme.example.net>", .to = to, .call_id = call_id};
	uint64_t before = pipeline_reason(pipeline, reason);
	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &message), status);
	assert_int_equal(pipeline_reason(pipeline, reason), before + 1);
}

static void r4_r6_numbers_that_lead_nowhere(void **state)
{
	char long_number[201] = {0};
	memset(long_number, '1', 200);
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);

	check_number(pipeline, "199", 480, REASON_EXTENSION_RESERVED);
	check_number(pipeline, "*21", 501, REASON_SERVICE_CODE);
	check_number(pipeline, "12%3C3", 404, REASON_NUMBER_INVALID);
	check_number(pipeline, "2001%00", 404, REASON_NUMBER_INVALID);
	check_number(pipeline, "-.()", 404, REASON_NUMBER_INVALID);
	check_number(pipeline, long_number, 404, REASON_NUMBER_TOO_LONG);
	check_number(pipeline, "3001", 480, REASON_TARGET_UNREACHABLE);
	check_number(pipeline, "2001", 480, REASON_NOT_REGISTERED); /* the extension beats every friend */
	pipeline_stop(pipeline);
}

static int register_as(struct pipeline *pipeline, const char *to, const struct sip_account *account,
		       const char *call_id, struct pipeline_message *answer)
{
	char text[SIP_TEXT_BYTES_MAX], line[1024], headers[1200];
	struct sip_request request = {.method = "REGISTER",
				      .uri = "sip:acme.example.net",
				      .from = to,
				      .to = to,
				      .call_id = call_id,
				      .headers = "Contact: <sip:alice@192.0.2.7>\r\n"};

	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, answer);
	sip_authorization_write(line, answer->text, account, "REGISTER", request.uri);
	snprintf(headers, sizeof(headers), "%s%s", request.headers, line);
	request.headers = headers;
	request.cseq = 2;
	request.branch = "z9hG4bKtest2";
	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, answer);
	return sip_status(answer->text);
}

static void r2_unknown_name_is_answered_as_a_wrong_password_is(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	struct pipeline_message wrong, unknown;
	struct sip_account wrong_password = {.user = "alice", .password = "guess", .nc = 1};
	struct sip_account unknown_name = {.user = "nobody", .password = "guess", .nc = 1};

	assert_int_equal(register_as(pipeline, "<sip:alice@acme.example.net>", &wrong_password, "w", &wrong), 401);
	assert_int_equal(register_as(pipeline, "<sip:alice@acme.example.net>", &unknown_name, "u", &unknown), 401);
	assert_int_equal(pipeline_reason(pipeline, REASON_WRONG_CREDENTIALS_REGISTER), 2);
	assert_int_equal(strlen(wrong.text), strlen(unknown.text));
	pipeline_stop(pipeline);
}

static void r2_register_for_another_is_403(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	struct pipeline_message answer;

	assert_int_equal(register_as(pipeline, "<sip:bob@acme.example.net>", &alice, "o", &answer), 403);
	assert_int_equal(pipeline_reason(pipeline, REASON_REGISTER_FOR_ANOTHER), 1);
	assert_int_equal(register_as(pipeline, "<sip:alice@acme.example.net>", &alice, "s", &answer), 200);
	pipeline_stop(pipeline);
}

/* The same credentials: as they were, again with another target, and in another call. */
static void r2_replay_and_foreign_nonce(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	struct pipeline_message message;
	char text[SIP_TEXT_BYTES_MAX], challenge[512];
	struct sip_request request = {.uri = "sip:2050@acme.example.net",
				      .from = "<sip:alice@acme.example.net>",
				      .to = "<sip:2050@acme.example.net>"};

	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &alice, &message), 0);
	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	assert_false(pipeline_take(pipeline, &message));
	assert_int_equal(pipeline_reason(pipeline, REASON_RETRANSMISSION_ANSWERED), 1);

	request.uri = "sip:2051@acme.example.net";
	request.branch = "z9hG4bKreplay";
	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 407);
	assert_int_equal(pipeline_reason(pipeline, REASON_REPLAY), 1);

	request.uri = "sip:2050@acme.example.net";
	request.call_id = "another@test";
	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 407);
	assert_true(sip_find_header(challenge, sizeof(challenge), message.text, "Proxy-Authenticate", 0));
	assert_non_null(strstr(challenge, "stale=true"));
	assert_int_equal(pipeline_reason(pipeline, REASON_CHALLENGED_STALE), 1);
	pipeline_stop(pipeline);
}

/* digest.offer: md5. What is not offered is taken all the same: the peer knows what it can. */
static void r2_md5_alone_is_offered_where_that_is_wanted(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	struct pipeline_message message;
	char text[SIP_TEXT_BYTES_MAX], challenge[512];
	struct sip_request request = {.uri = "sip:2050@acme.example.net",
				      .from = "<sip:alice@acme.example.net>",
				      .to = "<sip:2050@acme.example.net>"};

	for (uint32_t i = 0; i < *(const uint32_t *)*state; i++)
		pipeline_worker(pipeline, i)->challenge_md5_only = true;
	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	assert_true(sip_find_header(challenge, sizeof(challenge), message.text, "Proxy-Authenticate", 0));
	assert_non_null(strstr(challenge, "algorithm=MD5"));
	assert_false(sip_find_header(challenge, sizeof(challenge), message.text, "Proxy-Authenticate", 1));
	pipeline_stop(pipeline);
}

static void r2_sha256_and_rfc2069_answers_are_accepted(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	struct pipeline_message message;
	struct sip_account sha256 = {.user = "alice", .password = "secret-a", .algorithm = "SHA-256", .nc = 1};
	struct sip_account no_qop = {.user = "alice", .password = "secret-a"};
	struct sip_request request = {.uri = "sip:2050@acme.example.net",
				      .from = "<sip:alice@acme.example.net>",
				      .to = "<sip:2050@acme.example.net>"};

	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &sha256, &message), 0);
	request = (struct sip_request){.uri = "sip:2050@acme.example.net",
				       .from = "<sip:alice@acme.example.net>",
				       .to = "<sip:2050@acme.example.net>",
				       .call_id = "call2@test"};
	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.7:5060", &request, &no_qop, &message), 0);
	pipeline_stop(pipeline);
}

static void unknown_mac_takes_the_kernels_way(void **state)
{
	static char large[1600];
	char *provisioning = strdup(pipeline_case_provisioning);
	memcpy(strstr(provisioning, "192.0.2.10"), "192.0.2.99", 10);
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, provisioning);
	struct pipeline_message message;
	char text[SIP_TEXT_BYTES_MAX];

	free(provisioning);
	memset(large, 'x', sizeof(large) - 1);
	struct sip_request request = {.method = "OPTIONS",
				      .uri = "sip:192.0.2.1",
				      .from = "<sip:alice@acme.example.net>",
				      .to = "<sip:192.0.2.1>",
				      .via = "192.0.2.99:5060"};
	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.99:5060", text);
	assert_false(pipeline_take(pipeline, &message));
	assert_int_equal(pipeline_kernel_sent(pipeline), 1);
	request = (struct sip_request){.uri = "sip:2500@acme.example.net",
				       .from = "<sip:alice@acme.example.net>",
				       .to = "<sip:2500@acme.example.net>",
				       .body = large};
	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message); /* 407 */
	struct sip_account account = alice;
	char line[1024];
	sip_authorization_write(line, message.text, &account, "INVITE", request.uri);
	request.headers = line;
	request.cseq = 2;
	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	assert_false(pipeline_take(pipeline, &message));
	assert_int_equal(pipeline_reason(pipeline, REASON_PUNTED_UNRESOLVED_NEIGHBOUR), 1);
	assert_int_equal(pipeline_kernel_sent(pipeline), 2);
	pipeline_stop(pipeline);
}

/* What is not UDP to our SIP port is the kernel's, whatever it is. */
static void frames_of_others_are_left_alone(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	char frame[200] = {0};
	struct pipeline_message message;

	for (uint32_t length = 0; length < 64; length++)
		pipeline_send_frame(pipeline, span_make(frame, length));
	memcpy(frame + 12, "\x08\x00\x45", 3); /* IPv4 with nothing right */
	for (uint32_t length = 14; length < 64; length++)
		pipeline_send_frame(pipeline, span_make(frame, length));
	memcpy(frame + 12, "\x86\xdd\x60", 3);
	for (uint32_t length = 14; length < 80; length++)
		pipeline_send_frame(pipeline, span_make(frame, length));
	assert_false(pipeline_take(pipeline, &message));
	assert_int_equal(pipeline_reason(pipeline, REASON_NOT_OURS), pipeline_counter(pipeline, COUNTER_RECEIVED));
	pipeline_stop(pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(every_refusal_has_its_status_and_its_reason),
		PIPELINE_CASE_ROWS(r4_r6_numbers_that_lead_nowhere),
		PIPELINE_CASE_ROWS(r2_unknown_name_is_answered_as_a_wrong_password_is),
		PIPELINE_CASE_ROWS(r2_register_for_another_is_403),
		PIPELINE_CASE_ROWS(r2_replay_and_foreign_nonce),
		PIPELINE_CASE_ROWS(r2_md5_alone_is_offered_where_that_is_wanted),
		PIPELINE_CASE_ROWS(r2_sha256_and_rfc2069_answers_are_accepted),
		PIPELINE_CASE_ROWS(unknown_mac_takes_the_kernels_way),
		PIPELINE_CASE_ROWS(frames_of_others_are_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
