/*
 * pipeline_peers - what real PBXes send, seen on the wire (chan_sip and chan_pjsip of Asterisk): each oddity a case.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "pipeline_case.h"

static const struct sip_account alice = {.user = "alice", .password = "secret-a", .nc = 1};
static const struct sip_account hq = {.user = "hq", .password = "secret-h", .nc = 1};

/* A call of the friend hq to 2050, as Asterisk sends it: From is the number of whoever calls, never the friend's name.
 */
static struct sip_request call_from_hq(void)
{
	return (struct sip_request){.uri = "sip:2050@acme.example.net",
				    .from = "\"Door\" <sip:0034600000000@acme.example.net>",
				    .to = "<sip:2050@acme.example.net>",
				    .via = "192.0.2.10:5060",
				    .headers = "Contact: <sip:hq@192.0.2.10:5060>\r\n"};
}

/* Places the call; *invite is what the callee gets, `route` a Route line with our cookie. */
static void start_call(struct pipeline *pipeline, struct sip_request *request, struct pipeline_message *invite,
		       char route[2200])
{
	char value[2048];

	*request = call_from_hq();
	assert_int_equal(pipeline_case_call(pipeline, "192.0.2.10:5060", request, &hq, invite), 0);
	pipeline_case_expect_destination(invite, "192.0.2.11:5070");
	assert_true(sip_find_header(value, sizeof(value), invite->text, "Record-Route", 0));
	snprintf(route, 2200, "Route: %s\r\n", value);
}

static void expect_same_via(const struct pipeline_message *message, const struct pipeline_message *invite)
{
	char one[1024], other[1024];

	assert_true(sip_find_header(one, sizeof(one), message->text, "Via", 0));
	assert_true(sip_find_header(other, sizeof(other), invite->text, "Via", 0));
	assert_string_equal(one, other);
}

/* Peers need not give our Route back in our words, nor in a line of its own. */
static void r30_own_route_passes_in_other_words(void **state)
{
	static const struct {
		const char *format, *left; /* "": no Route leaves */
		enum reason reason;
	} rows[] = {
		{"<sip:192.0.2.1:5060;lr;c=%s>", "", REASON_FORWARDED_IN_DIALOG},
		{"<sip:192.0.2.1;lr;c=%s>", "", REASON_FORWARDED_IN_DIALOG},
		{"<SIP:192.0.2.1:5060;lr;c=%s>", "", REASON_FORWARDED_IN_DIALOG},
		{"<sip:192.0.2.1:5060;c=%s;lr>", "", REASON_FORWARDED_IN_DIALOG},
		{"<sip:192.0.2.1:5060;lr;c=%s;x=y>", "", REASON_FORWARDED_IN_DIALOG},
		{"<sip:192.0.2.1:5060;lr;c=%s?x=y>", "", REASON_FORWARDED_IN_DIALOG},
		{"\"us\" <sip:192.0.2.1:5060;lr;c=%s>;p=1", "", REASON_FORWARDED_IN_DIALOG},
		{"<sip:192.0.2.1:5060;lr;c=%s> , <sip:192.0.2.11:5070;lr>", "<sip:192.0.2.11:5070;lr>",
		 REASON_FORWARDED_IN_DIALOG},
		{"<sip:192.0.2.1:5060;lr;c=%s>\r\nRoute: <sip:192.0.2.11:5070;lr>", "<sip:192.0.2.11:5070;lr>",
		 REASON_FORWARDED_IN_DIALOG},
		{"<sip:192.0.2.77:5060;lr;c=%s>", "", REASON_NO_COOKIE},
		{"<sip:192.0.2.1:506000;lr;c=%s>", "", REASON_NO_COOKIE},
		{"<sip:192.0.2.1:5060;lr;c=>%s", "", REASON_NO_COOKIE},
		{"<sip:", "", REASON_NO_COOKIE},
		{"<sip:192.0.2.1:5060;lr;c=%s", "", REASON_NO_COOKIE},
		{"<sip:192.0.2.1:5060;lr;c=%s!>", "", REASON_BAD_COOKIE},
	};
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	struct pipeline_message invite, message;
	char text[SIP_TEXT_BYTES_MAX], route[2200], line[2300], headers[2400], branch[32], left[2048];
	struct sip_request request;

	start_call(pipeline, &request, &invite, route);
	char *cookie = strstr(route, ";c=") + 3;
	*strchr(cookie, '>') = '\0';
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t before = pipeline_reason(pipeline, rows[i].reason);
		snprintf(line, sizeof(line), rows[i].format, cookie);
		snprintf(headers, sizeof(headers), "Route: %s\r\n", line);
		snprintf(branch, sizeof(branch), "z9hG4bKinfo%u", i);
		struct sip_request info = {.method = "INFO",
					   .uri = "sip:2050@192.0.2.11:5070",
					   .from = request.from,
					   .to = "<sip:2050@acme.example.net>;tag=calleetag",
					   .cseq = 3 + i,
					   .branch = branch,
					   .headers = headers};
		sip_request_write(text, &info);
		pipeline_send(pipeline, "192.0.2.10:5060", text);
		pipeline_case_expect(pipeline, &message);
		if (pipeline_reason(pipeline, rows[i].reason) != before + 1)
			fail_msg("row %u: %.40s", i, message.text);
		if (rows[i].reason != REASON_FORWARDED_IN_DIALOG)
			continue;
		pipeline_case_expect_destination(&message, "192.0.2.11:5070");
		if (!sip_find_header(left, sizeof(left), message.text, "Route", 0))
			left[0] = '\0';
		assert_string_equal(left, rows[i].left);
	}
	pipeline_stop(pipeline);
}

/* BYE with credentials that nobody asked for, an old nonce and nc=2: passed, and the credentials do not leave. */
static void chan_sip_bye_with_unasked_credentials_passes(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	struct pipeline_message invite, message;
	struct sip_request request;
	char text[SIP_TEXT_BYTES_MAX], route[2200], headers[3000];

	start_call(pipeline, &request, &invite, route);
	snprintf(
		headers, sizeof(headers),
		"%sProxy-Authorization: Digest username=\"hq\", realm=\"acme.example.net\", nonce=\"old\", "
		"uri=\"sip:x\", "
		"response=\"00000000000000000000000000000000\", algorithm=MD5, qop=auth, cnonce=\"1\", nc=00000002\r\n",
		route);
	struct sip_request bye = request;
	bye.method = "BYE";
	bye.to = "<sip:2050@acme.example.net>;tag=calleetag";
	bye.uri = "sip:192.0.2.11:5070"; /* pjsip's Contact has no user */
	bye.branch = "z9hG4bKbye";
	bye.headers = headers;
	sip_request_write(text, &bye);
	pipeline_send(pipeline, "192.0.2.10:5060", text);
	pipeline_case_expect(pipeline, &message);
	assert_memory_equal(message.text, "BYE sip:192.0.2.11:5070 SIP/2.0\r\n", 33);
	pipeline_case_expect_destination(&message, "192.0.2.11:5070");
	assert_false(sip_find_header(text, sizeof(text), message.text, "Proxy-Authorization", 0));
	pipeline_stop(pipeline);
}

/* Its REFER within a call that it made has an empty Proxy-Authorization, or one of bytes that it did not initialise. */
static void chan_sip_refer_with_nonsense_for_credentials_passes(void **state)
{
	static const char *const values[] = {"", " \"\xdb\x44\xc2\x7f", "Digest username=\"hq", "\x01\x1f"};
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	struct pipeline_message invite, message;
	struct sip_request request;
	char text[SIP_TEXT_BYTES_MAX], route[2200], headers[3000], branch[32];

	start_call(pipeline, &request, &invite, route);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(headers, sizeof(headers),
			 "%sProxy-Authorization: %s\r\nRefer-To: <sip:101@acme.example.net>\r\n", route, values[i]);
		snprintf(branch, sizeof(branch), "z9hG4bKrefer%zu", i);
		struct sip_request refer = request;
		refer.method = "REFER";
		refer.to = "<sip:2050@acme.example.net>;tag=calleetag";
		refer.uri = "sip:192.0.2.11:5070";
		refer.branch = branch;
		refer.headers = headers;
		refer.cseq = request.cseq + 1 + (uint32_t)i;
		sip_request_write(text, &refer);
		pipeline_send(pipeline, "192.0.2.10:5060", text);
		pipeline_case_expect(pipeline, &message);
		assert_memory_equal(message.text, "REFER sip:192.0.2.11:5070 SIP/2.0\r\n", 35);
		pipeline_case_expect_header(message.text, "Refer-To", "<sip:101@acme.example.net>");
		assert_false(sip_find_header(text, sizeof(text), message.text, "Proxy-Authorization", 0));
	}
	pipeline_stop(pipeline);
}

/* The Contact of the 180 as Request-URI, the branch of the INVITE: it is the ACK of that INVITE, with and without
 * Route.
 */
static void chan_sip_ack_of_a_busy_call_follows_its_branch(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	struct pipeline_message invite, message;
	struct sip_request request;
	char text[SIP_TEXT_BYTES_MAX], route[2200];

	start_call(pipeline, &request, &invite, route);
	sip_response_write(text, invite.text, 486, "calleetag", "");
	pipeline_send(pipeline, "192.0.2.11:5070", text);
	pipeline_case_expect(pipeline, &message);
	assert_memory_equal(message.text, "ACK sip:2050@192.0.2.11:5070 SIP/2.0\r\n", 38);
	pipeline_case_expect_destination(&message, "192.0.2.11:5070");
	expect_same_via(&message, &invite);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 486);
	struct sip_request ack = request;
	ack.method = "ACK";
	ack.to = "<sip:2050@acme.example.net>;tag=calleetag";
	ack.uri = "sip:2050@192.0.2.11:5070";
	const char *const headers[] = {route, ""};
	for (uint64_t i = 0; i < 2; i++) {
		ack.headers = headers[i];
		sip_request_write(text, &ack);
		pipeline_send(pipeline, "192.0.2.10:5060", text);
		assert_false(pipeline_take(pipeline, &message));
		assert_int_equal(pipeline_reason(pipeline, REASON_ACK_CONFIRMED), i + 1);
	}
	/* It is not sent again: the ACK was understood. */
	pipeline_advance_ms(pipeline, 3000);
	assert_false(pipeline_take(pipeline, &message));
	pipeline_stop(pipeline);
}

/* CANCEL without credentials, From that names nobody: it is told by its branch. */
static void chan_sip_cancel_is_told_by_its_transaction(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	struct pipeline_message invite, message;
	struct sip_request request;
	char text[SIP_TEXT_BYTES_MAX], route[2200];

	start_call(pipeline, &request, &invite, route);
	struct sip_request cancel = request;
	cancel.method = "CANCEL";
	cancel.headers = "";
	sip_request_write(text, &cancel);
	pipeline_send(pipeline, "192.0.2.10:5060", text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 200);
	/* 9.1: not before the called side has said something. */
	assert_false(pipeline_take(pipeline, &message));
	sip_response_write(text, invite.text, 180, "calleetag", "");
	pipeline_send(pipeline, "192.0.2.11:5070", text);
	pipeline_case_expect(pipeline, &message);
	assert_memory_equal(message.text, "CANCEL ", 7);
	expect_same_via(&message, &invite);
	pipeline_stop(pipeline);
}

/* One Authorization header per algorithm, the strong one first. */
static void pjsip_two_credentials_are_both_looked_at(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	struct pipeline_message message;
	struct sip_account sha256 = alice, md5 = alice;
	char text[SIP_TEXT_BYTES_MAX], lines[2][1024], headers[2200];
	struct sip_request request = {.uri = "sip:2050@acme.example.net",
				      .from = "<sip:alice@acme.example.net>",
				      .to = "<sip:2050@acme.example.net>"};

	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	sha256.algorithm = "SHA-256";
	sip_authorization_write(lines[0], message.text, &sha256, "INVITE", request.uri);
	sip_authorization_write(lines[1], message.text, &md5, "INVITE", request.uri);
	snprintf(headers, sizeof(headers), "%s%s", lines[0], lines[1]);
	request.headers = headers;
	request.cseq = 2;
	sip_request_write(text, &request);
	pipeline_send(pipeline, "192.0.2.7:5060", text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 0);
	assert_false(sip_find_header(text, sizeof(text), message.text, "Proxy-Authorization", 0));
	assert_int_equal(pipeline_reason(pipeline, REASON_WRONG_CREDENTIALS), 0);
	pipeline_stop(pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(r30_own_route_passes_in_other_words),
		PIPELINE_CASE_ROWS(chan_sip_bye_with_unasked_credentials_passes),
		PIPELINE_CASE_ROWS(chan_sip_refer_with_nonsense_for_credentials_passes),
		PIPELINE_CASE_ROWS(chan_sip_ack_of_a_busy_call_follows_its_branch),
		PIPELINE_CASE_ROWS(chan_sip_cancel_is_told_by_its_transaction),
		PIPELINE_CASE_ROWS(pjsip_two_credentials_are_both_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
