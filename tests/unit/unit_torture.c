/* The torture messages of RFC 4475 and RFC 5118, each with what message_parse and uri_parse say of it and why. */
#include "bench_messages.h"
#include "guard_page.h"
#include "message_parse.h"
#include "scan.h"
#include "uri_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum uri_outcome {
	URI_SIP,   /* parses as sip: or sips: */
	URI_OTHER, /* another scheme: 416 of a later stage */
	URI_BAD,   /* does not parse: 400 of a later stage */
	URI_NONE,  /* a response, or no Request-URI */
};

struct torture_case {
	const char *folder;
	const char *file;
	enum reason reason;
	enum uri_outcome uri;
};

#define RFC4475 TORTURE_MESSAGES "/rfc4475"
#define RFC5118 TORTURE_MESSAGES "/rfc5118"

static const struct torture_case torture_cases[] = {
	/* 3.1.1 valid */
	{RFC4475, "wsinv", REASON_NONE, URI_SIP},
	{RFC4475, "intmeth", REASON_NONE, URI_SIP},
	{RFC4475, "esc01", REASON_NONE, URI_SIP},
	{RFC4475, "escnull", REASON_NONE, URI_SIP},
	{RFC4475, "esc02", REASON_NONE, URI_SIP},
	{RFC4475, "lwsdisp", REASON_NONE, URI_SIP},
	{RFC4475, "longreq", REASON_NONE, URI_SIP},
	{RFC4475, "dblreq", REASON_NONE, URI_SIP},
	{RFC4475, "semiuri", REASON_NONE, URI_SIP},
	{RFC4475, "transports", REASON_NONE, URI_SIP},
	{RFC4475, "mpart01", REASON_NONE, URI_SIP},
	{RFC4475, "unreason", REASON_NONE, URI_NONE},
	{RFC4475, "noreason", REASON_NONE, URI_NONE},
	/* 3.1.2 invalid */
	{RFC4475, "badinv01", REASON_MALFORMED_VIA, URI_SIP},
	{RFC4475, "clerr", REASON_MALFORMED_CONTENT_LENGTH, URI_SIP},
	{RFC4475, "ncl", REASON_MALFORMED_CONTENT_LENGTH, URI_SIP},
	{RFC4475, "scalar02", REASON_MALFORMED_CSEQ, URI_SIP},
	{RFC4475, "scalarlg", REASON_MALFORMED_RESPONSE, URI_NONE},
	{RFC4475, "quotbal", REASON_MALFORMED_TO, URI_SIP},
	{RFC4475, "ltgtruri", REASON_MALFORMED_START_LINE, URI_NONE},
	{RFC4475, "lwsruri", REASON_MALFORMED_START_LINE, URI_NONE},
	{RFC4475, "lwsstart", REASON_MALFORMED_START_LINE, URI_NONE},
	{RFC4475, "trws", REASON_MALFORMED_START_LINE, URI_NONE},
	/* Headers in a Request-URI: uri_parse shows them in uri.headers, the stage refuses them. */
	{RFC4475, "escruri", REASON_NONE, URI_SIP},
	/* Date means nothing to a proxy. */
	{RFC4475, "baddate", REASON_NONE, URI_SIP},
	/* The Contact is refused by address_parse when the registrar reads it. */
	{RFC4475, "regbadct", REASON_NONE, URI_SIP},
	{RFC4475, "badaspec", REASON_MALFORMED_TO, URI_SIP},
	/* This file of the RFC also lacks the empty line, which is seen first. */
	{RFC4475, "baddn", REASON_MALFORMED_HEADER, URI_SIP},
	{RFC4475, "badvers", REASON_VERSION_NOT_SUPPORTED, URI_SIP},
	{RFC4475, "mismatch01", REASON_CSEQ_METHOD_MISMATCH, URI_SIP},
	{RFC4475, "mismatch02", REASON_CSEQ_METHOD_MISMATCH, URI_SIP},
	{RFC4475, "bigcode", REASON_MALFORMED_RESPONSE, URI_NONE},
	/* 3.2 to 3.4: well formed, or wrong by meaning */
	{RFC4475, "badbranch", REASON_NONE, URI_SIP},
	{RFC4475, "insuf", REASON_MISSING_CALL_ID, URI_SIP},
	{RFC4475, "unkscm", REASON_NONE, URI_OTHER},
	{RFC4475, "novelsc", REASON_NONE, URI_OTHER},
	{RFC4475, "unksm2", REASON_NONE, URI_SIP},
	{RFC4475, "bext01", REASON_NONE, URI_SIP},
	{RFC4475, "invut", REASON_NONE, URI_SIP},
	{RFC4475, "regaut01", REASON_NONE, URI_SIP},
	{RFC4475, "multi01", REASON_DUPLICATE_HEADER, URI_SIP},
	{RFC4475, "mcl01", REASON_MALFORMED_CONTENT_LENGTH, URI_SIP},
	{RFC4475, "bcast", REASON_NONE, URI_NONE},
	{RFC4475, "zeromf", REASON_NONE, URI_SIP},
	{RFC4475, "cparam01", REASON_NONE, URI_SIP},
	{RFC4475, "cparam02", REASON_NONE, URI_SIP},
	{RFC4475, "regescrt", REASON_NONE, URI_SIP},
	{RFC4475, "sdp01", REASON_NONE, URI_SIP},
	{RFC4475, "inv2543", REASON_NONE, URI_SIP},
	/* RFC 5118 */
	{RFC5118, "ipv6-good", REASON_NONE, URI_SIP},
	{RFC5118, "ipv6-bad", REASON_NONE, URI_BAD},
	{RFC5118, "port-ambiguous", REASON_NONE, URI_SIP},
	{RFC5118, "port-unambiguous", REASON_NONE, URI_SIP},
	{RFC5118, "via-received-param-with-delim", REASON_NONE, URI_SIP},
	{RFC5118, "via-received-param-no-delim", REASON_NONE, URI_SIP},
	{RFC5118, "ipv6-in-sdp", REASON_NONE, URI_SIP},
	{RFC5118, "mult-ip-in-header", REASON_NONE, URI_SIP},
	{RFC5118, "mult-ip-in-sdp", REASON_NONE, URI_SIP},
	{RFC5118, "ipv4-mapped-ipv6", REASON_NONE, URI_SIP},
	{RFC5118, "ipv6-bug-abnf-3-colons", REASON_NONE, URI_BAD},
	{RFC5118, "ipv6-correct-abnf-2-colons", REASON_NONE, URI_SIP},
};

#define TORTURE_COUNT (sizeof(torture_cases) / sizeof(torture_cases[0]))

static struct guard_page guard;

static struct span load(const struct torture_case *wanted)
{
	struct bench_message found[BENCH_MESSAGES_MAX];
	char suffix[64];
	snprintf(suffix, sizeof(suffix), "/%s.dat", wanted->file);
	assert_int_equal(bench_messages_load(found, wanted->folder, suffix + 1), 1);
	struct span input = guard_page_place(&guard, found[0].bytes);
	bench_messages_free(found, 1);
	return input;
}

static enum uri_outcome find_uri_outcome(const struct sip_message *message)
{
	struct sip_uri uri;
	if (message->request_uri.length == 0)
		return URI_NONE;
	if (!uri_parse(&uri, sip_message_text(message, message->request_uri)))
		return URI_BAD;
	return uri.scheme == URI_SCHEME_OTHER ? URI_OTHER : URI_SIP;
}

static void test_outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < TORTURE_COUNT; i++) {
		const struct torture_case *wanted = &torture_cases[i];
		struct sip_message message;
		enum reason reason = message_parse(&message, load(wanted));
		if (reason != wanted->reason)
			fail_msg("%s: reason %d instead of %d", wanted->file, reason, wanted->reason);
		if (find_uri_outcome(&message) != wanted->uri)
			fail_msg("%s: Request-URI %d instead of %d", wanted->file, find_uri_outcome(&message),
				 wanted->uri);
		if (message.is_request && message.via_host.length == 0)
			fail_msg("%s: its Via was not found, so that it cannot be answered", wanted->file);
	}
}

/* Folds taken out, a message says what it said before. */
static void test_unfolded_outcomes(void **state)
{
	(void)state;
	static char bytes[SIP_MESSAGE_BYTES_MAX];
	for (size_t i = 0; i < TORTURE_COUNT; i++) {
		struct sip_message message;
		struct span text = load(&torture_cases[i]);
		memcpy(bytes, text.at, text.length);
		text.at = bytes;
		message_parse(&message, text);
		message_unfold(&message, bytes);
		assert_int_equal(message_parse(&message, text), torture_cases[i].reason);
		assert_false(message_unfold(&message, bytes));
	}
}

static void test_wsinv_parts(void **state)
{
	(void)state;
	const struct torture_case wanted = {RFC4475, "wsinv", REASON_NONE, URI_SIP};
	struct sip_message message;
	assert_int_equal(message_parse(&message, load(&wanted)), REASON_NONE);
	assert_int_equal(message.cseq, 9);
	assert_true(span_equals(sip_message_text(&message, message.to_tag), SPAN_LITERAL("1918181833n")));
	assert_true(span_equals(sip_message_text(&message, message.from_tag), SPAN_LITERAL("98asjd8")));
	assert_true(span_equals(sip_message_text(&message, message.via_host), SPAN_LITERAL("192.0.2.2")));
	assert_true(span_equals(sip_message_text(&message, message.via_branch), SPAN_LITERAL("390skdjuw")));
	assert_int_equal(message.body.length, 150);
	assert_true(message.header[message.first[SIP_HEADER_ROUTE]].flags & SIP_HEADER_FOLDED);
	assert_false(message.header[message.first[SIP_HEADER_CALL_ID]].flags & SIP_HEADER_FOLDED);
	assert_int_equal(sip_message_first(&message, SIP_HEADER_SUBJECT).length, 0);
	assert_true(sip_message_has(&message, SIP_HEADER_SUBJECT));
}

static int set_up(void **state)
{
	(void)state;
	scan_select_best();
	guard_page_build(&guard, SIP_MESSAGE_BYTES_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guard_page_free(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_unfolded_outcomes),
		cmocka_unit_test(test_wsinv_parts),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
