#include "message_parse.h"

#include "guard_page.h"
#include "scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define VIA	 "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
#define PARTIES	 "From: <sip:a@example.net>;tag=1\r\nTo: <sip:b@example.net>\r\n"
#define CALL_ID	 "Call-ID: c@192.0.2.1\r\n"
#define CSEQ	 "CSeq: 1 INVITE\r\n"
#define INVITE	 "INVITE sip:b@example.net SIP/2.0\r\n"
#define RINGING	 "SIP/2.0 180 Ringing\r\n"
#define COMPLETE VIA PARTIES CALL_ID CSEQ
#define TINY	 "c\r\nc\r\nc\r\nc\r\nc\r\nc\r\nc\r\nc\r\n" /* lines, more than a block may have */

/* A line of each name that may stand twice. */
#define SIP_HEADER(name, text, compact) text ": 1;x\r\n"
#define SIP_HEADER_ONCE(name, text, compact)
static const char each_name[] =
#include "sip_tokens.def"
	;

static struct guard_page guard;

/* What a parser fills, without the bytes themselves. */
static void check_same(const struct sip_message *message, const struct sip_message *other)
{
	size_t begin = offsetof(struct sip_message, start_line);
	size_t end = offsetof(struct sip_message, header) + message->header_count * sizeof(message->header[0]);
	assert_memory_equal((const char *)message + begin, (const char *)other + begin, end - begin);
}

/* Parses with every variant of this CPU; they must say the same. */
static enum reason parse_placed(struct sip_message *message, struct span input)
{
	assert_true(scan_select(SCAN_SCALAR));
	enum reason scalar = message_parse(message, input);
	for (enum scan_variant variant = SCAN_SCALAR + 1; variant < SCAN_VARIANTS; variant++) {
		static struct sip_message other;
		if (!scan_select(variant))
			continue;
		assert_int_equal(message_parse(&other, input), scalar);
		check_same(message, &other);
	}
	return scalar;
}

static enum reason parse(struct sip_message *message, struct span text)
{
	return parse_placed(message, guard_page_place(&guard, text));
}

static enum reason parse_text(struct sip_message *message, const char *text)
{
	return parse(message, span_of_text(text));
}

#define assert_part(message, part, expected)                                                                           \
	do {                                                                                                           \
		struct span found_ = sip_message_text(message, (message)->part), expected_ = SPAN_LITERAL(expected);   \
		assert_int_equal(found_.length, expected_.length);                                                     \
		assert_memory_equal(found_.at, expected_.at, expected_.length);                                        \
	} while (0)

struct reason_case {
	const char *text;
	enum reason reason;
};

static const struct reason_case reason_cases[] = {
	{INVITE COMPLETE "\r\n", REASON_NONE},
	{RINGING COMPLETE "\r\n", REASON_NONE},
	{"\r\n\r\n", REASON_KEEPALIVE},
	{"", REASON_KEEPALIVE},
	{"\r\n" INVITE COMPLETE "\r\n", REASON_MALFORMED_START_LINE},
	{"INVITE  sip:b@example.net SIP/2.0\r\n" COMPLETE "\r\n", REASON_MALFORMED_START_LINE},
	{"INVITE sip:b@example.net SIP/2.0 \r\n" COMPLETE "\r\n", REASON_MALFORMED_START_LINE},
	{"INVITE <sip:b@example.net> SIP/2.0\r\n" COMPLETE "\r\n", REASON_MALFORMED_START_LINE},
	{"INVITE sip:b@example.net HTTP/1.1\r\n" COMPLETE "\r\n", REASON_MALFORMED_START_LINE},
	{"INVITE sip:b@example.net\r\n" COMPLETE "\r\n", REASON_MALFORMED_START_LINE},
	{"INVITE sip:b@example.net sip/2.0\r\n" COMPLETE "\r\n", REASON_NONE},
	{"INVITE sip:b@example.net SIP/3.0\r\n" COMPLETE "\r\n", REASON_VERSION_NOT_SUPPORTED},
	{"SIP/2.0 99 Low\r\n" COMPLETE "\r\n", REASON_MALFORMED_RESPONSE},
	{"SIP/2.0 700 High\r\n" COMPLETE "\r\n", REASON_MALFORMED_RESPONSE},
	{"SIP/2.0 200\r\n" COMPLETE "\r\n", REASON_NONE},
	{"SIP/2.0 2000 OK\r\n" COMPLETE "\r\n", REASON_MALFORMED_RESPONSE},
	{INVITE COMPLETE, REASON_MALFORMED_HEADER},
	{INVITE COMPLETE "no colon\r\n\r\n", REASON_MALFORMED_HEADER},
	{INVITE COMPLETE "Subject\r\n\r\n", REASON_MALFORMED_HEADER},
	{INVITE COMPLETE "Subject\n\r\n", REASON_MALFORMED_HEADER},
	{INVITE COMPLETE "c\n\n", REASON_MALFORMED_HEADER},
	{INVITE COMPLETE TINY TINY TINY TINY TINY "\r\n", REASON_MALFORMED_HEADER},
	{INVITE COMPLETE TINY TINY TINY TINY TINY TINY TINY TINY TINY VIA, REASON_MALFORMED_HEADER},
	{INVITE COMPLETE ": no name\r\n\r\n", REASON_MALFORMED_HEADER},
	{INVITE COMPLETE "; x\r\n\r\n", REASON_MALFORMED_HEADER},
	{INVITE COMPLETE "\x1a: x\r\n\r\n", REASON_MALFORMED_HEADER},
	{INVITE COMPLETE "Subject: x \r\n\r\n", REASON_NONE},
	{INVITE COMPLETE "Subject: x\r\n Subject: y\r\n\r\n", REASON_NONE},
	{"SIP/2.0 200 \r\n" COMPLETE "\r\n", REASON_NONE},
	{INVITE COMPLETE "Subject: \xd0\x96\r\nX: x\xff\r\n\r\n", REASON_NONE},
	{INVITE COMPLETE "A-name-that-is-30-bytes-long--: x\r\n\r\n", REASON_NONE},
	{INVITE COMPLETE "A-name-that-is-31-bytes-long---: x\r\n\r\n", REASON_NONE},
	{INVITE COMPLETE "A-name-that-is-32-bytes-long----: x\r\n\r\n", REASON_NONE},
	{INVITE COMPLETE "A-name-that-is-33-bytes-long----- : x\r\n\r\n", REASON_NONE},
	{INVITE COMPLETE "two words: x\r\n\r\n", REASON_MALFORMED_HEADER},
	{INVITE " folded: x\r\n" COMPLETE "\r\n", REASON_MALFORMED_HEADER},
	{INVITE COMPLETE "X: a\rFrom: b\r\n\r\n", REASON_MALFORMED_HEADER},
	{INVITE PARTIES CALL_ID CSEQ "\r\n", REASON_MALFORMED_VIA},
	{INVITE "Via: SIP/2.0/UDP\r\n" PARTIES CALL_ID CSEQ "\r\n", REASON_MALFORMED_VIA},
	{INVITE VIA CALL_ID CSEQ "To: <sip:b@c>\r\n\r\n", REASON_MISSING_FROM},
	{INVITE VIA CALL_ID CSEQ "From: <sip:b@c>\r\n\r\n", REASON_MISSING_TO},
	{INVITE VIA CALL_ID CSEQ "From: <sip:b@c\r\nTo: sip:b@c\r\n\r\n", REASON_MALFORMED_FROM},
	{INVITE VIA CALL_ID CSEQ "From: sip:b@c\r\nTo: \"b <sip:b@c>\r\n\r\n", REASON_MALFORMED_TO},
	{INVITE VIA CALL_ID CSEQ "From: sip:b@c\r\nTo: <sip:b@c>, <sip:d@c>\r\n\r\n", REASON_MALFORMED_TO},
	{INVITE VIA PARTIES CSEQ "\r\n", REASON_MISSING_CALL_ID},
	{INVITE VIA PARTIES CSEQ "Call-ID:  \r\n\r\n", REASON_MISSING_CALL_ID},
	{INVITE VIA PARTIES CSEQ "Call-ID: a b\r\n\r\n", REASON_MALFORMED_HEADER},
	{INVITE VIA PARTIES CALL_ID "\r\n", REASON_MISSING_CSEQ},
	{INVITE VIA PARTIES CALL_ID "CSeq: 4294967295 INVITE\r\n\r\n", REASON_NONE},
	{INVITE VIA PARTIES CALL_ID "CSeq: 4294967296 INVITE\r\n\r\n", REASON_MALFORMED_CSEQ},
	{INVITE VIA PARTIES CALL_ID "CSeq: 1\r\n\r\n", REASON_MALFORMED_CSEQ},
	{INVITE VIA PARTIES CALL_ID "CSeq: 1INVITE\r\n\r\n", REASON_MALFORMED_CSEQ},
	{INVITE VIA PARTIES CALL_ID "CSeq: INVITE\r\n\r\n", REASON_MALFORMED_CSEQ},
	{INVITE VIA PARTIES CALL_ID "CSeq:\r\n\r\n", REASON_MALFORMED_CSEQ},
	{INVITE VIA PARTIES CALL_ID "CSeq: 1 BYE\r\n\r\n", REASON_CSEQ_METHOD_MISMATCH},
	{INVITE VIA PARTIES CALL_ID "CSeq: 1 invite\r\n\r\n", REASON_CSEQ_METHOD_MISMATCH},
	{INVITE COMPLETE CALL_ID "\r\n", REASON_DUPLICATE_HEADER},
	{INVITE COMPLETE "t: <sip:x@y>\r\n\r\n", REASON_DUPLICATE_HEADER},
	{INVITE COMPLETE "Max-Forwards: 1\r\nMax-Forwards: 1\r\n\r\n", REASON_DUPLICATE_HEADER},
	{INVITE COMPLETE "Max-Forwards: 70\r\n\r\n", REASON_NONE},
	{INVITE COMPLETE "Max-Forwards: -1\r\n\r\n", REASON_MALFORMED_MAX_FORWARDS},
	{INVITE COMPLETE "Max-Forwards:\r\n\r\n", REASON_MALFORMED_MAX_FORWARDS},
	{INVITE COMPLETE "Content-Length: 3\r\n\r\nabc", REASON_NONE},
	{INVITE COMPLETE "Content-Length: 4\r\n\r\nabc", REASON_MALFORMED_CONTENT_LENGTH},
	{INVITE COMPLETE "Content-Length: -1\r\n\r\n", REASON_MALFORMED_CONTENT_LENGTH},
	{INVITE COMPLETE "Content-Length:\r\n\r\n", REASON_MALFORMED_CONTENT_LENGTH},
	{INVITE COMPLETE "l: 0\r\nContent-Length: 1\r\n\r\nabc", REASON_MALFORMED_CONTENT_LENGTH},
	{INVITE COMPLETE "l: 1\r\nContent-Length: 1\r\n\r\nabc", REASON_DUPLICATE_HEADER},
	{RINGING PARTIES CALL_ID CSEQ "\r\n", REASON_MALFORMED_RESPONSE},
	{RINGING COMPLETE "l: 1\r\n\r\n", REASON_MALFORMED_RESPONSE},
};

static void test_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reason_cases) / sizeof(reason_cases[0]); i++) {
		struct sip_message message;
		enum reason reason = parse_text(&message, reason_cases[i].text);
		if (reason != reason_cases[i].reason)
			fail_msg("reason %d instead of %d for:\n%s", reason, reason_cases[i].reason,
				 reason_cases[i].text);
	}
}

/* Each byte of a message with all names, as each other byte: what is almost a name, a line's end, a value. */
static void test_each_byte_changed(void **state)
{
	static struct sip_message message;
	char text[2048];
	(void)state;
	for (uint32_t with_body = 0; with_body < 2; with_body++) {
		int length = snprintf(text, sizeof(text),
				      INVITE "Max-Forwards: 70\r\n%s" COMPLETE "Content-Length: %u\r\n\r\n%s",
				      each_name, with_body ? 70 : 0, with_body ? each_name : "");
		assert_in_range(length, 1, sizeof(text) - 1);
		struct span input = guard_page_place(&guard, span_make(text, (size_t)length));
		char *bytes = (char *)(uintptr_t)input.at;
		size_t headers = (size_t)(strstr(text, "\r\n\r\n") + 4 - text);
		for (size_t i = 0; i < headers; i++) {
			for (uint32_t byte = 0; byte < 256; byte++) {
				bytes[i] = (char)byte;
				parse_placed(&message, input);
			}
			bytes[i] = text[i];
		}
	}
}

static void test_request_parts(void **state)
{
	(void)state;
	struct sip_message message;
	assert_int_equal(parse_text(&message,
				    "INVITE sip:2001@acme.example.net SIP/2.0\r\n"
				    "v: SIP/2.0/UDP [2001:db8::1]:5070;rport;branch=z9hG4bKa, SIP/2.0/UDP b\r\n"
				    "VIA: SIP/2.0/TCP c\r\n"
				    "f:\"A, B\" <sip:1001@acme.example.net;x=y> ; tag=from1\r\n"
				    "t: sip:2001@acme.example.net;user=phone;tag=to1\r\n"
				    "i: call-1@192.0.2.1\r\n"
				    "X-Unknown : x\r\n"
				    "CSeq: 314 INVITE\r\n"
				    "Content-Length:  4\r\n"
				    "\r\n"
				    "v=0\r\nignored"),
			 REASON_NONE);
	assert_true(message.is_request);
	assert_int_equal(message.method, SIP_METHOD_INVITE);
	assert_int_equal(message.status_code, 0);
	assert_int_equal(message.cseq, 314);
	assert_int_equal(message.via_port, 5070);
	assert_true(message.via_has_rport);
	assert_int_equal(message.header_count, 8);
	assert_part(&message, start_line, "INVITE sip:2001@acme.example.net SIP/2.0");
	assert_part(&message, method_text, "INVITE");
	assert_part(&message, request_uri, "sip:2001@acme.example.net");
	assert_part(&message, via_host, "[2001:db8::1]");
	assert_part(&message, via_branch, "z9hG4bKa");
	assert_part(&message, from_tag, "from1");
	assert_part(&message, to_tag, "to1");
	assert_part(&message, call_id, "call-1@192.0.2.1");
	assert_part(&message, cseq_method_text, "INVITE");
	assert_part(&message, body, "v=0\r");
	assert_int_equal(message.header[5].name, SIP_HEADER_OTHER);
	assert_true(span_equals(sip_message_header_value(&message, 5), SPAN_LITERAL("x")));
	assert_int_equal(message.first[SIP_HEADER_VIA], 0);
	assert_int_equal(sip_message_next(&message, 0), 1);
	assert_int_equal(sip_message_header_end(&message, 7), message.headers_end);
	assert_memory_equal(message.bytes.at + message.headers_end, "\r\n", 2);
}

static void test_response_parts(void **state)
{
	(void)state;
	struct sip_message message;
	assert_int_equal(parse_text(&message, "SIP/2.0 486 Busy Here\r\n" COMPLETE "\r\n"), REASON_NONE);
	assert_false(message.is_request);
	assert_int_equal(message.status_code, 486);
	assert_int_equal(message.method, SIP_METHOD_INVITE);
	assert_int_equal(message.to_tag.length, 0);
	assert_false(message.via_has_rport);
	assert_int_equal(message.method_text.length, 0);
}

static void test_who_is_behind_the_topmost_via(void **state)
{
	static const struct {
		const char *lines;
		bool is_alone, has_next;
	} cases[] = {
		{"Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\n", true, false},
		{"Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP b\r\n", true, true},
		{"Via: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b\r\n", false, true},
		{"Via: SIP/2.0/UDP a, SIP/2.0/UDP b\r\nv: SIP/2.0/UDP c\r\n", false, true},
		{"Via: SIP/2.0/UDP a;x=\"1, 2\"\r\n", true, false},
		{"v : SIP / 2.0 / UDP a ; branch=z9hG4bK1\r\n", true, false},
		{"Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\n , SIP/2.0/UDP b\r\n", false, true},
	};
	char text[512];
	struct sip_message message;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "%s%s%s\r\n", INVITE, cases[i].lines, PARTIES CALL_ID CSEQ);
		for (enum scan_variant variant = SCAN_SCALAR; variant < SCAN_VARIANTS; variant++) {
			if (!scan_select(variant))
				continue;
			assert_int_equal(message_parse(&message, span_of_text(text)), REASON_NONE);
			assert_int_equal(message.via_is_alone, cases[i].is_alone);
			assert_int_equal(sip_message_has_next_via(&message), cases[i].has_next);
		}
	}
}

static void test_bare_line_feeds_are_tolerated(void **state)
{
	(void)state;
	struct sip_message message;
	assert_int_equal(parse_text(&message,
				    "BYE sip:a@b SIP/2.0\nVia: SIP/2.0/UDP h\nFrom: sip:a@b;tag=x\nTo: sip:c@d\n"
				    "Call-ID: 1\nCSeq: 2 BYE\n\nbody"),
			 REASON_NONE);
	assert_part(&message, from_tag, "x");
	assert_part(&message, body, "body");
	assert_part(&message, start_line, "BYE sip:a@b SIP/2.0");
}

static void test_malformed_requests_can_be_answered(void **state)
{
	(void)state;
	struct sip_message message;
	assert_int_equal(parse_text(&message, "INVITE  x SIP/2.0\r\nbroken\r\n" COMPLETE "\r\n"),
			 REASON_MALFORMED_START_LINE);
	assert_true(message.is_request);
	assert_part(&message, via_host, "192.0.2.1");
	assert_true(sip_message_has(&message, SIP_HEADER_FROM));
	assert_part(&message, call_id, "c@192.0.2.1");

	assert_int_equal(parse_text(&message, INVITE PARTIES CALL_ID CSEQ "\r\n"), REASON_MALFORMED_VIA);
	assert_int_equal(message.via_host.length, 0);
	/* RFC 4475 3.1.2.1: of a Via with wrong parameters, sent-by still says where its answer goes. */
	assert_int_equal(
		parse_text(&message, INVITE "Via: SIP/2.0/UDP 192.0.2.15:5070;;,;,,\r\n" PARTIES CALL_ID CSEQ "\r\n"),
		REASON_MALFORMED_VIA);
	assert_part(&message, via_host, "192.0.2.15");
	assert_int_equal(message.via_port, 5070);
	assert_int_equal(parse_text(&message, INVITE
				    "Via: SIP/2.0/UDP 192.0.2.15:99999;branch=x\r\n" PARTIES CALL_ID CSEQ "\r\n"),
			 REASON_MALFORMED_VIA);
	assert_int_equal(message.via_host.length, 0);
}

static void test_too_many_headers(void **state)
{
	(void)state;
	static char text[16384];
	struct sip_message message;
	int length = snprintf(text, sizeof(text), "%s", INVITE COMPLETE);
	for (uint32_t count = 5; count < SIP_HEADERS_MAX; count++)
		length += snprintf(text + length, sizeof(text) - (size_t)length, "X: %u\r\n", count);
	snprintf(text + length, sizeof(text) - (size_t)length, "\r\n");
	assert_int_equal(parse_text(&message, text), REASON_NONE);
	assert_int_equal(message.header_count, SIP_HEADERS_MAX);
	snprintf(text + length, sizeof(text) - (size_t)length, "X: y\r\n\r\n");
	assert_int_equal(parse_text(&message, text), REASON_TOO_MANY_HEADERS);
	assert_part(&message, via_host, "192.0.2.1");
}

static void test_largest_message(void **state)
{
	(void)state;
	static char text[SIP_MESSAGE_BYTES_MAX + 1];
	struct sip_message message;
	memset(text, 'x', sizeof(text));
	memcpy(text, INVITE COMPLETE "X: ", sizeof(INVITE COMPLETE "X: ") - 1);
	memcpy(text + SIP_MESSAGE_BYTES_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(parse(&message, span_make(text, SIP_MESSAGE_BYTES_MAX)), REASON_NONE);
	assert_int_equal(message.header_count, 6);
	assert_int_equal(message.headers_end, SIP_MESSAGE_BYTES_MAX - 2);
	assert_int_equal(message.body.length, 0);
	assert_int_equal(parse(&message, span_make(text, SIP_MESSAGE_BYTES_MAX + 1)), REASON_TOO_LARGE);
}

struct call_id_case {
	const char *lines; /* behind the start line and a Subject of any length */
	const char *call_id;
};

static const struct call_id_case call_id_cases[] = {
	{VIA "I :\r\n x@y\r\n" PARTIES CSEQ "\r\n", "x@y"},
	{VIA PARTIES CALL_ID "Call-ID: second\r\n\r\n", "c@192.0.2.1"},
	{VIA "i:a\r\n" PARTIES CALL_ID "\r\n", "a"},
	{VIA "i:  a \r\n" PARTIES "\r\n", "a"},
	{VIA "cALL-iD:a b\r\n" PARTIES "\r\n", "a b"},
	{VIA "Call-ID: a\n" PARTIES CSEQ "\r\n", "a"},
	{VIA "Call-ID: a\r\n b\r\n" PARTIES CSEQ "\r\n", "a\r\n b"},
	{VIA "Call-ID: first\r\n" CALL_ID PARTIES "\r\n", "first"},
	{"Call\rID: x\r\nCall-ID\x1a x\r\nContact: i: c\r\nCall-IDs: x\r\nIn: x\r\n" CALL_ID PARTIES "\r\n",
	 "c@192.0.2.1"},
	{"Call-ID : spaced\r\n" CALL_ID PARTIES CSEQ "\r\n", "spaced"},
	{"i\t: tab\r\n" CALL_ID PARTIES CSEQ "\r\n", "tab"},
	{"X: folded\r\n i: x\r\n Call-ID: x\r\n" CALL_ID PARTIES "\r\n", "c@192.0.2.1"},
	{"a\nb\r\n" CALL_ID PARTIES CSEQ "\r\n", "c@192.0.2.1"},
	{VIA "\r\n" CALL_ID PARTIES CSEQ "\r\n", ""},
	{VIA "\n" CALL_ID PARTIES CSEQ "\r\n", ""},
	{VIA "Call-ID:\r\n" CALL_ID PARTIES CSEQ "\r\n", ""},
	{VIA "Call-ID: cut", ""},
	{VIA "Call-ID: whole\r\n", "whole"},
	{VIA "i:", ""},
};

/* At every place of a block, the start line being one that begins as the name does. */
static void check_call_id(const struct call_id_case *row, enum scan_variant variant)
{
	char text[1024];

	if (!scan_select(variant))
		return;
	for (int shift = 0; shift < 2 * 64; shift++) {
		int length = snprintf(text, sizeof(text), "CANCEL sip:i:c SIP/2.0\r\nSubject: %.*s\r\n%s", shift,
				      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
				      row->lines);
		struct span input = guard_page_place(&guard, span_make(text, (size_t)length));
		if (!span_equals(message_find_call_id(input), span_of_text(row->call_id)))
			fail_msg("variant %d does not find '%s' in:\n%s", variant, row->call_id, text);
	}
}

static void test_find_call_id(void **state)
{
	(void)state;
	for (enum scan_variant variant = SCAN_SCALAR; variant < SCAN_VARIANTS; variant++)
		for (size_t i = 0; i < sizeof(call_id_cases) / sizeof(call_id_cases[0]); i++)
			check_call_id(&call_id_cases[i], variant);
	assert_int_equal(message_find_call_id(span_make("", 0)).length, 0);
}

struct max_forwards_case {
	const char *line;
	uint8_t number;
};

static void test_max_forwards(void **state)
{
	static const struct max_forwards_case rows[] = {
		{"", SIP_MAX_FORWARDS_DEFAULT},
		{"Max-Forwards: 0\r\n", 0},
		{"Max-Forwards: 1\r\n", 1},
		{"Max-Forwards:70\r\n", 70},
		{"Max-Forwards: 00071 \r\n", 71},
		{"Max-Forwards: 255\r\n", 255},
		{"Max-Forwards: 256\r\n", 255},
		{"Max-Forwards: 99999999\r\n", 255},
		{"Max-Forwards: 4294967296\r\n", 255},
	};
	char text[512];

	(void)state;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (enum scan_variant variant = SCAN_SCALAR; variant < SCAN_VARIANTS; variant++) {
			struct sip_message message;
			if (!scan_select(variant))
				continue;
			snprintf(text, sizeof(text), INVITE COMPLETE "%s\r\n", rows[i].line);
			assert_int_equal(message_parse(&message, span_of_text(text)), REASON_NONE);
			assert_int_equal(message.max_forwards, rows[i].number);
		}
	scan_select_best();
}

static void test_unfold(void **state)
{
	(void)state;
	static const char folded[] = INVITE VIA PARTIES CALL_ID "CSeq: 1\r\n\t INVITE\r\nX: 1 \r\n 2\r\n"
								"Y: a\r\n \r\nZ: \r\n\t\r\n\r\nbo\r\n dy";
	static const char expected[] = INVITE VIA PARTIES CALL_ID "CSeq: 1  \t INVITE\r\nX: 1    2\r\n"
								  "Y: a   \r\nZ:   \t\r\n\r\nbo\r\n dy";
	char bytes[sizeof(folded)];
	struct span text = span_make(bytes, sizeof(folded) - 1);
	struct sip_message message;
	memcpy(bytes, folded, sizeof(folded));
	assert_int_equal(message_parse(&message, text), REASON_NONE);
	assert_true(message_unfold(&message, bytes));
	assert_string_equal(bytes, expected);
	assert_int_equal(message_parse(&message, text), REASON_NONE);
	assert_int_equal(message.cseq, 1);
	assert_false(message_unfold(&message, bytes));
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
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_each_byte_changed),
		cmocka_unit_test(test_request_parts),
		cmocka_unit_test(test_response_parts),
		cmocka_unit_test(test_who_is_behind_the_topmost_via),
		cmocka_unit_test(test_bare_line_feeds_are_tolerated),
		cmocka_unit_test(test_malformed_requests_can_be_answered),
		cmocka_unit_test(test_too_many_headers),
		cmocka_unit_test(test_largest_message),
		cmocka_unit_test(test_find_call_id),
		cmocka_unit_test(test_max_forwards),
		cmocka_unit_test(test_unfold),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
