/* Where in a message the SDP is: Content-Type, encodings, parts of a multipart body; and its length afterwards. */
#include "cmocka_all.h"

#include "filtered_body.h"
#include "guard_page.h"

#define PCMA codec_set_complete(CODEC_BIT(PCMA))
#define HEAD                                                                                                           \
	"INVITE sip:2001@acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"                  \
	"From: <sip:1001@acme.example.net>;tag=1\r\nTo: <sip:2001@acme.example.net>\r\nCall-ID: r25\r\n"               \
	"CSeq: 1 INVITE\r\n"
#define OFFER	 "v=0\r\nm=audio 4000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\n"
#define FILTERED "v=0\r\nm=audio 4000 RTP/AVP 8\r\n"
#define REFUSED	 "v=0\r\nm=audio 4000 RTP/AVP 0\r\n"
#define MIXED	 "Content-Type: multipart/mixed;boundary=b\r\n"
#define PART	 "Content-Type: application/sdp\r\n\r\n"

static struct guard_page guard;
static struct filtered_body filtered;

/* `expected`: all that stands behind HEAD. */
static void check_whole(const char *rest, uint64_t allowed, enum body_filter_result result, const char *expected)
{
	static char text[SIP_MESSAGE_BYTES_MAX];
	int length = snprintf(text, sizeof(text), HEAD "%s", rest);
	filtered_body_make(&filtered, guard_page_place(&guard, span_make(text, (size_t)length)), allowed);
	assert_int_equal(filtered.result, result);
	length = snprintf(text, sizeof(text), HEAD "%s", expected);
	assert_span_equal(filtered.sent.bytes, span_make(text, (size_t)length));
}

/* Without Content-Length: `headers` and the body. */
static void check(const char *headers, const char *body, enum body_filter_result result, const char *expected)
{
	static char before[SIP_MESSAGE_BYTES_MAX / 2], after[SIP_MESSAGE_BYTES_MAX / 2];
	snprintf(before, sizeof(before), "%s\r\n%s", headers, body);
	snprintf(after, sizeof(after), "%s\r\n%s", headers, expected);
	check_whole(before, PCMA, result, after);
}

static void check_same(const char *headers, const char *body, enum body_filter_result result)
{
	check(headers, body, result, body);
}

/* ---- headers of the message ---- */

static void r25_sdp_by_its_content_type(void **state)
{
	static const char *const types[] = {
		"Content-Type: application/sdp\r\n",
		"Content-type: Application/SDP\r\n",
		"c: application/sdp\r\n",
		"CONTENT-TYPE :application/sdp;charset=\"utf-8\"\r\n",
		"Content-Type: application / sdp ; x=y\r\n",
		"Content-Type:\r\n application/\r\n\tsdp\r\n",
		"Content-Encoding: identity\r\nContent-Type: application/sdp\r\n",
		"e: Identity\r\nContent-Type: application/sdp\r\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		check(types[i], OFFER, BODY_FILTER_CHANGED, FILTERED);
}

static void r25_other_bodies_pass(void **state)
{
	static const char *const types[] = {
		"",
		"Content-Type: text/plain\r\n",
		"Content-Type:\r\n",
		"Content-Type: application\r\n",
		"Content-Type: application/\r\n",
		"Content-Type: application/sdpx\r\n",
		"Content-Type: applicationx/sdp\r\n",
		"Content-Type: text/sdp\r\n",
		"Content-Type: /sdp\r\n",
		"Content-Type: application/pidf+xml\r\n",
		"Content-Type: message/sipfrag;version=2.0\r\n",
		"Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n",
		"Content-Type: multipart/mixed;boundary=b\r\ne: deflate\r\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		check_same(types[i], OFFER, BODY_FILTER_PASSED);
}

static void r25_no_body_passes(void **state)
{
	(void)state;
	check_same("Content-Type: application/sdp\r\n", "", BODY_FILTER_PASSED);
	check_whole("Content-Type: application/sdp\r\nContent-Length: 0\r\n\r\n" OFFER, PCMA, BODY_FILTER_PASSED,
		    "Content-Type: application/sdp\r\nContent-Length: 0\r\n\r\n");
	check_same("", "", BODY_FILTER_PASSED);
}

static void r25_content_length_follows(void **state)
{
	(void)state;
	assert_int_equal(sizeof(OFFER) - 1, 53);
	assert_int_equal(sizeof(FILTERED) - 1, 29);
	check_whole("c: application/sdp\r\nl: 53\r\n\r\n" OFFER, PCMA, BODY_FILTER_CHANGED,
		    "c: application/sdp\r\nl: 29\r\n\r\n" FILTERED);
	check_whole("Content-Length:  0053 \r\nc: application/sdp\r\n\r\n" OFFER, PCMA, BODY_FILTER_CHANGED,
		    "Content-Length:  29 \r\nc: application/sdp\r\n\r\n" FILTERED);
	/* What is behind the body does not belong to the message (RFC 3261 18.3). */
	check_whole("c: application/sdp\r\nl: 53\r\n\r\n" OFFER "a=rtpmap:0 PCMU/8000\r\n", PCMA, BODY_FILTER_CHANGED,
		    "c: application/sdp\r\nl: 29\r\n\r\n" FILTERED);
	/* Refused: a digit for four. */
	check_whole("l: 29\r\nc: application/sdp\r\n\r\n" REFUSED, PCMA, BODY_FILTER_NOTHING_LEFT,
		    "l: 26\r\nc: application/sdp\r\n\r\nv=0\r\nm=audio 0 RTP/AVP 0\r\n");
	/* Refused: a digit for a digit, and the header stays to the byte. */
	check_whole("l: 026\r\nc: application/sdp\r\n\r\nv=0\r\nm=audio 4 RTP/AVP 0\r\n", PCMA,
		    BODY_FILTER_NOTHING_LEFT, "l: 026\r\nc: application/sdp\r\n\r\nv=0\r\nm=audio 0 RTP/AVP 0\r\n");
	/* None is added. */
	check("c: application/sdp\r\n", OFFER, BODY_FILTER_CHANGED, FILTERED);
}

static void r25_all_codecs_allowed_is_no_filter(void **state)
{
	(void)state;
	check_whole("c: application/sdp\r\nl: 5\r\n\r\nhello", CODEC_SET_ALL, BODY_FILTER_PASSED,
		    "c: application/sdp\r\nl: 5\r\n\r\nhello");
	check_whole("c: multipart/mixed\r\nl: 5\r\n\r\nhello", CODEC_SET_ALL, BODY_FILTER_PASSED,
		    "c: multipart/mixed\r\nl: 5\r\n\r\nhello");
}

static void r25_answers_are_filtered_likewise(void **state)
{
	static const char response[] =
		"SIP/2.0 183 Session Progress\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"
		"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: r25\r\nCSeq: 1 INVITE\r\n"
		"c: application/sdp\r\n\r\n" OFFER;

	(void)state;
	filtered_body_make(&filtered, guard_page_place(&guard, span_of_text(response)), PCMA);
	assert_int_equal(filtered.result, BODY_FILTER_CHANGED);
	assert_span_equal(filtered_body_text(&filtered), SPAN_LITERAL(FILTERED));
}

/* The rest of the rewrite had all the room there is; or more than that. */
static void r25_a_list_that_was_full_before(void **state)
{
	const char *message = HEAD "c: application/sdp\r\nl: 53\r\n\r\n" OFFER;
	static struct edit_list edits;

	(void)state;
	assert_int_equal(message_parse(&filtered.received, span_of_text(message)), REASON_NONE);
	edit_list_init(&edits);
	while (edits.count < EDIT_LIST_MAX)
		edit_list_replace(&edits, (struct slice){0, 0}, SPAN_LITERAL("x"));
	assert_int_equal(body_filter(&edits, &filtered.received, CODEC_BIT(PCMA) | CODEC_BIT(PCMU), NULL),
			 BODY_FILTER_PASSED);
	assert_false(edits.overflowed);
	assert_int_equal(body_filter(&edits, &filtered.received, PCMA, NULL), BODY_FILTER_CHANGED);
	assert_true(edits.overflowed);
	assert_int_equal(edits.count, EDIT_LIST_MAX);
	assert_int_equal(body_filter(&edits, &filtered.received, CODEC_BIT(PCMA) | CODEC_BIT(PCMU), NULL),
			 BODY_FILTER_PASSED);
}

/* ---- multipart ---- */

static void r25_sdp_in_a_multipart_body(void **state)
{
	static const char *const types[] = {
		"Content-Type: multipart/mixed;boundary=b\r\n",
		"Content-Type: multipart/mixed; boundary=\"b\"\r\n",
		"Content-Type: Multipart/Related ; type=\"application/sdp\" ; BOUNDARY = b ; start=x\r\n",
		"c: multipart/alternative;\r\n boundary=b\r\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		check(types[i], "--b\r\n" PART OFFER "\r\n--b\r\n\r\nhello\r\n--b--\r\n", BODY_FILTER_CHANGED,
		      "--b\r\n" PART FILTERED "\r\n--b\r\n\r\nhello\r\n--b--\r\n");
		check_same(types[i], "--b\r\n\r\nhello\r\n--b--\r\n", BODY_FILTER_PASSED);
	}
	check_whole("l: 100\r\n" MIXED "\r\n--b\r\n" PART OFFER "\r\n--b--\r\n", PCMA, BODY_FILTER_CHANGED,
		    "l: 76\r\n" MIXED "\r\n--b\r\n" PART FILTERED "\r\n--b--\r\n");
	check("c: multipart/mixed;boundary=--=_x=?1;a=b\r\n", "----=_x=?1\r\n" PART OFFER "\r\n----=_x=?1--",
	      BODY_FILTER_CHANGED, "----=_x=?1\r\n" PART FILTERED "\r\n----=_x=?1--");
	check("c: multipart/mixed;boundary=\"with space\"\r\n", "--with space \t\r\n" PART OFFER "\r\n--with space--",
	      BODY_FILTER_CHANGED, "--with space \t\r\n" PART FILTERED "\r\n--with space--");
}

static void r25_preamble_epilogue_and_no_last_delimiter(void **state)
{
	(void)state;
	check(MIXED, "preamble\r\n--bb\r\n\r\n--b\n" PART OFFER "\n--b--\r\n" PART OFFER "--b\r\n" PART OFFER,
	      BODY_FILTER_CHANGED,
	      "preamble\r\n--bb\r\n\r\n--b\n" PART FILTERED "\n--b--\r\n" PART OFFER "--b\r\n" PART OFFER);
	check(MIXED, "--b\r\n" PART OFFER, BODY_FILTER_CHANGED, "--b\r\n" PART FILTERED);
	check(MIXED, "--b\r\n" PART OFFER "--bx\r\n--b-\r\n --b\r\n-b\r\n", BODY_FILTER_CHANGED,
	      "--b\r\n" PART FILTERED "--bx\r\n--b-\r\n --b\r\n-b\r\n");
	/* The line end before a delimiter is the delimiter's: it stays when the last line goes. */
	check(MIXED, "--b\r\n" PART OFFER "--b--", BODY_FILTER_CHANGED, "--b\r\n" PART FILTERED "\r\n--b--");
	check(MIXED, "--b\r\n" PART "v=0\r\nm=audio 4 RTP/AVP 0 8\r\n--b--", BODY_FILTER_CHANGED,
	      "--b\r\n" PART "v=0\r\nm=audio 4 RTP/AVP 8\r\n--b--");
}

static void r25_headers_of_a_part(void **state)
{
	static const char *const sdp[] = {
		"content-type:application/SDP;x=y\r\nContent-Disposition: session\r\n\r\n",
		"Content-Disposition: session\r\nX: y\r\n z\r\nc: application/sdp\r\n\r\n",
		"Content-Type:\r\n application/sdp\r\n\r\n",
		"no header\r\nContent-Type : application/sdp\r\n\r\n",
		"e: identity\r\nContent-Type: application/sdp\r\nContent-Transfer-Encoding: binary\r\n\r\n",
		"Content-Transfer-Encoding: 8BIT\r\nContent-Type: application/sdp\r\n\r\n",
		"Content-Transfer-Encoding: 7bit\r\nContent-Type: application/sdp\r\n\n",
	};
	static const char *const others[] = {
		"\r\n",
		"Content-Type: text/plain\r\n\r\n",
		"Content-Type: text/plain\r\n application/sdp\r\n\r\n",
		"X: y\r\n Content-Type: application/sdp\r\n\r\n",
		"Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n\r\n",
		"Content-Type: application/sdp\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		"Content-Type: application/sdp\r\nContent-Transfer-Encoding:\r\n quoted-printable\r\n\r\n",
		"Content-Type: application/sdp\r\n", /* no empty line: all of it is headers */
	};
	char before[512], after[512];

	(void)state;
	for (size_t i = 0; i < sizeof(sdp) / sizeof(sdp[0]); i++) {
		snprintf(before, sizeof(before), "--b\r\n%s" OFFER "\r\n--b--\r\n", sdp[i]);
		snprintf(after, sizeof(after), "--b\r\n%s" FILTERED "\r\n--b--\r\n", sdp[i]);
		check(MIXED, before, BODY_FILTER_CHANGED, after);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(before, sizeof(before), "--b\r\n%s" OFFER "\r\n--b--\r\n", others[i]);
		check_same(MIXED, before, BODY_FILTER_PASSED);
	}
}

static void r25_parts_without_a_body(void **state)
{
	(void)state;
	check_same(MIXED, "--b\r\n" PART "--b--\r\n", BODY_FILTER_PASSED);
	check_same(MIXED, "--b\r\n" PART "\r\n--b--\r\n", BODY_FILTER_PASSED);
	check_same(MIXED, "--b\r\n--b\r\n--b--\r\n", BODY_FILTER_PASSED);
	check_same(MIXED, "--b\r\nContent-Type: application/sdp\r\n--b--\r\n" OFFER, BODY_FILTER_PASSED);
	check_same(MIXED, "--b\r\nc: application/sdp\r\n--b\r\n\r\n" OFFER "\r\n--b--\r\n", BODY_FILTER_PASSED);
	check_same(MIXED, "--b--\r\n" PART OFFER, BODY_FILTER_PASSED);
	check_same(MIXED, "--b\r\n", BODY_FILTER_PASSED);
	check_same(MIXED, "--b", BODY_FILTER_PASSED);
}

static void r25_several_offers_count_together(void **state)
{
	(void)state;
	check(MIXED, "--b\r\n" PART OFFER "\r\n--b\r\n" PART REFUSED "\r\n--b--", BODY_FILTER_CHANGED,
	      "--b\r\n" PART FILTERED "\r\n--b\r\n" PART "v=0\r\nm=audio 0 RTP/AVP 0\r\n\r\n--b--");
	check(MIXED, "--b\r\n" PART REFUSED "\r\n--b\r\n" PART REFUSED "\r\n--b--", BODY_FILTER_NOTHING_LEFT,
	      "--b\r\n" PART "v=0\r\nm=audio 0 RTP/AVP 0\r\n\r\n--b\r\n" PART
	      "v=0\r\nm=audio 0 RTP/AVP 0\r\n\r\n--b--");
}

static void r25_malformed_multipart_has_no_edits(void **state)
{
	static const char *const types[] = {
		"c: multipart/mixed\r\n",
		"c: multipart/mixed;boundary\r\n",
		"c: multipart/mixed;boundary=\r\n",
		"c: multipart/mixed;boundary=\"\"\r\n",
		"c: multipart/mixed;boundary=\"b\r\n",
		"c: multipart/mixed;=;boundary=b\r\n",
		"c: multipart/mixed boundary=b\r\n",
		"c: multipart/mixed;boundary=c\r\n",
		"c: multipart/mixed;boundary=bb\r\n",
		"c: multipart/mixed;boundary=\"b \"\r\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		check_same(types[i], "--b\r\n" PART OFFER "\r\n--b--\r\n", BODY_FILTER_MALFORMED);
	check_same(MIXED, OFFER, BODY_FILTER_MALFORMED);
	check_same(MIXED, "--b\r\n" PART OFFER "\r\n--b\r\n" PART "hello\r\n--b--\r\n", BODY_FILTER_MALFORMED);
}

static void r25_a_multipart_in_a_multipart(void **state)
{
	const char *before = "--b\r\nContent-Type: multipart/related;boundary=c\r\n\r\n--c\r\n" PART OFFER
			     "\r\n--c--\r\n\r\n--b\r\n" PART OFFER "\r\n--b--\r\n";
	const char *after = "--b\r\nContent-Type: multipart/related;boundary=c\r\n\r\n--c\r\n" PART FILTERED
			    "\r\n--c--\r\n\r\n--b\r\n" PART FILTERED "\r\n--b--\r\n";

	(void)state;
	check(MIXED, before, BODY_FILTER_CHANGED, after);
	/* One more level stays as it is. */
	check_same(
		MIXED,
		"--b\r\nc: multipart/mixed;boundary=c\r\n\r\n--c\r\nc: multipart/mixed;boundary=d\r\n\r\n--d\r\n" PART
			OFFER "\r\n--d--\r\n--c--\r\n--b--\r\n",
		BODY_FILTER_PASSED);
	check_same(MIXED, "--b\r\nc: multipart/mixed\r\n\r\n" OFFER "\r\n--b--\r\n", BODY_FILTER_MALFORMED);
}

static void r25_sixteen_parts_and_no_more(void **state)
{
	char before[4096] = "--b\r\n" PART OFFER "\r\n", after[4096] = "--b\r\n" PART FILTERED "\r\n";

	(void)state;
	for (int i = 1; i < 16; i++) {
		strcat(before, "--b\r\n\r\n");
		strcat(after, "--b\r\n\r\n");
	}
	check(MIXED, before, BODY_FILTER_CHANGED, after);
	strcat(before, "--b\r\n\r\n");
	check_same(MIXED, before, BODY_FILTER_MALFORMED);
}

static void r25_multipart_prefixes_stay_inside(void **state)
{
	static const char whole[] = HEAD MIXED "\r\npre\r\n--b\r\nX: y\r\n z\r\n" PART OFFER
					       "\r\n--b\r\nc: multipart/mixed;boundary=\"c\"\r\n\r\n--c\r\n" PART OFFER
					       "\r\n--c--\r\n--b--\r\nepilogue";
	uint32_t changed = 0;

	(void)state;
	for (uint32_t length = sizeof(HEAD MIXED "\r\n") - 1; length < sizeof(whole); length++) {
		filtered_body_make(&filtered, guard_page_place(&guard, span_make(whole, length)), PCMA);
		changed += filtered.result == BODY_FILTER_CHANGED;
	}
	assert_true(changed > 0);
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&guard, SIP_MESSAGE_BYTES_MAX + 1);
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
		cmocka_unit_test(r25_sdp_by_its_content_type),
		cmocka_unit_test(r25_other_bodies_pass),
		cmocka_unit_test(r25_no_body_passes),
		cmocka_unit_test(r25_content_length_follows),
		cmocka_unit_test(r25_all_codecs_allowed_is_no_filter),
		cmocka_unit_test(r25_answers_are_filtered_likewise),
		cmocka_unit_test(r25_a_list_that_was_full_before),
		cmocka_unit_test(r25_sdp_in_a_multipart_body),
		cmocka_unit_test(r25_preamble_epilogue_and_no_last_delimiter),
		cmocka_unit_test(r25_headers_of_a_part),
		cmocka_unit_test(r25_parts_without_a_body),
		cmocka_unit_test(r25_several_offers_count_together),
		cmocka_unit_test(r25_malformed_multipart_has_no_edits),
		cmocka_unit_test(r25_a_multipart_in_a_multipart),
		cmocka_unit_test(r25_sixteen_parts_and_no_more),
		cmocka_unit_test(r25_multipart_prefixes_stay_inside),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
