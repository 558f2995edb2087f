#include "cmocka_all.h"

#include <stdlib.h>

#include "bench_messages.h"
#include "guard_page.h"
#include "hop_request_write.h"
#include "message_parse.h"
#include "sip_generate.h"
#include "text_write.h"
#include "via_parse.h"

#define GENERATED_MESSAGES 4000

#define START	 "INVITE sip:2001@192.0.2.9:5062;line=7 SIP/2.0\r\n"
#define OUR_VIA	 "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK.AQIDBAUGBwgJCgsMDQ4PEA"
#define FROM	 "\"A, B\" <sip:1001@acme.example.net>;tag=9fxced76sl"
#define TO	 "<sip:2001@acme.example.net>"
#define CALL_ID	 "3848276298220188511@192.0.2.4"
#define BODY	 "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"
#define PARTIES	 "From: " FROM "\r\nTo: " TO "\r\nCall-ID: " CALL_ID "\r\nCSeq: 314159 INVITE\r\n"
#define INVITE	 START "Via: " OUR_VIA "\r\n" PARTIES BODY
#define TAGGED	 TO ";tag=a6c85cf"
#define END	 "Content-Length: 0\r\n\r\n"
#define HOPS	 "Max-Forwards: 70\r\n"
#define LINE	 " sip:2001@192.0.2.9:5062;line=7 SIP/2.0\r\n"
#define CALL	 "Call-ID: " CALL_ID "\r\n"
#define OUR_LINE "Via: " OUR_VIA "\r\n"

static struct guard_page in, to_page, out;
static struct sip_message invite, written;

/* `to` length 0: a CANCEL. */
static int write_request(char *room, uint32_t capacity, struct span to)
{
	return to.length ? hop_request_write_ack(room, capacity, &invite, to)
			 : hop_request_write_cancel(room, capacity, &invite);
}

/* Into a room that ends at an unreadable page, and in all smaller ones that have a byte less than it needs. */
static struct span write_exactly(struct span to)
{
	int length = write_request(guard_page_room(&out, SIP_MESSAGE_BYTES_MAX), SIP_MESSAGE_BYTES_MAX, to);

	if (length < 0)
		return (struct span){0};
	char *room = guard_page_room(&out, (uint32_t)length);
	assert_int_equal(write_request(room, (uint32_t)length, to), length);
	assert_int_equal(write_request(room, (uint32_t)length - 1, to), -1);
	assert_int_equal(write_request(room, (uint32_t)length, to), length);
	return span_make(room, (uint32_t)length);
}

static void place_invite(const char *text)
{
	assert_int_equal(message_parse(&invite, guard_page_place(&in, span_of_text(text))), REASON_NONE);
}

static struct span place_to(const char *text)
{
	return guard_page_place(&to_page, span_of_text(text));
}

static void check_ack(const char *text, const char *to, const char *expected)
{
	place_invite(text);
	assert_span_equal(write_exactly(place_to(to)), span_of_text(expected));
}

static void check_cancel(const char *text, const char *expected)
{
	place_invite(text);
	assert_span_equal(write_exactly((struct span){0}), span_of_text(expected));
}

static void an_ack_has_the_to_of_the_response(void **state)
{
	(void)state;
	check_ack(INVITE, TAGGED,
		  "ACK" LINE OUR_LINE HOPS "From: " FROM "\r\nTo: " TAGGED "\r\n" CALL "CSeq: 314159 ACK\r\n" END);
}

static void a_cancel_has_the_to_of_the_invite(void **state)
{
	(void)state;
	check_cancel(INVITE,
		     "CANCEL" LINE OUR_LINE HOPS "From: " FROM "\r\nTo: " TO "\r\n" CALL "CSeq: 314159 CANCEL\r\n" END);
}

/* 9.1: a re-INVITE has a To tag, and so has its CANCEL. */
static void a_cancel_in_a_dialog_keeps_the_tag(void **state)
{
	(void)state;
	check_cancel(START OUR_LINE "From: " FROM "\r\nTo: " TAGGED "\r\n" CALL "CSeq: 2 INVITE\r\n" BODY,
		     "CANCEL" LINE OUR_LINE HOPS "From: " FROM "\r\nTo: " TAGGED "\r\n" CALL "CSeq: 2 CANCEL\r\n" END);
}

/* 17.1.1.3, 9.1: one Via, the topmost; Route as it was; nothing else, least of all Require (9.1). */
static void route_lines_stay_and_other_vias_do_not(void **state)
{
	static const char text[] = START OUR_LINE
		"Route: <sip:p1.example.net;lr>\r\nVia: SIP/2.0/UDP 192.0.2.4;branch=z9hG4bKx\r\n" PARTIES
		"Require: 100rel\r\nProxy-Require: x\r\nRecord-Route: <sip:198.51.100.1;lr>\r\n"
		"ROUTE: <sip:p2.example.net;lr>, \"P, 3\" <sip:p3.example.net>\r\nMax-Forwards: 5\r\n"
		"Contact: <sip:a@192.0.2.4>\r\nroute :<sip:p4.example.net;lr>;x=\"y\"\r\n" BODY;
	static const char routes[] = "Route: <sip:p1.example.net;lr>\r\n"
				     "Route: <sip:p2.example.net;lr>, \"P, 3\" <sip:p3.example.net>\r\n"
				     "Route: <sip:p4.example.net;lr>;x=\"y\"\r\n";
	char expected[2048];

	(void)state;
	snprintf(expected, sizeof(expected),
		 "ACK" LINE OUR_LINE "%s" HOPS "From: " FROM "\r\nTo: " TAGGED "\r\n" CALL "CSeq: 314159 ACK\r\n" END,
		 routes);
	check_ack(text, TAGGED, expected);
	snprintf(expected, sizeof(expected),
		 "CANCEL" LINE OUR_LINE "%s" HOPS "From: " FROM "\r\nTo: " TO "\r\n" CALL "CSeq: 314159 CANCEL\r\n" END,
		 routes);
	check_cancel(text, expected);
}

static void the_first_of_a_list_of_vias(void **state)
{
	(void)state;
	check_cancel(START "Via:  " OUR_VIA " , SIP/2.0/UDP 192.0.2.4;branch=z9hG4bKx;z=\"a,b\"\r\n" PARTIES BODY,
		     "CANCEL" LINE OUR_LINE HOPS "From: " FROM "\r\nTo: " TO "\r\n" CALL "CSeq: 314159 CANCEL\r\n" END);
}

static void compact_names_become_long_ones(void **state)
{
	(void)state;
	check_ack(START "v:" OUR_VIA "\r\nf:" FROM "\r\nt:" TO "\r\ni:" CALL_ID
			"\r\nCSEQ:314159   INVITE\r\nl:0\r\n\r\n",
		  TAGGED,
		  "ACK" LINE OUR_LINE HOPS "From: " FROM "\r\nTo: " TAGGED "\r\n" CALL "CSeq: 314159 ACK\r\n" END);
}

/* A fold inside a value stays one; those around it go. */
static void folds_stay_legal(void **state)
{
	(void)state;
	check_cancel(START "Via:\r\n SIP/2.0/UDP 198.51.100.1:5060\r\n\t;branch=z9hG4bK1\r\n \r\n"
			   "From:\r\n \"A\"\r\n <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\n \r\nCall-ID:\r\n c\r\n"
			   "CSeq: 1\r\n INVITE\r\nRoute: <sip:p;lr>,\r\n <sip:q;lr>\r\n" END,
		     "CANCEL" LINE "Via: SIP/2.0/UDP 198.51.100.1:5060\r\n\t;branch=z9hG4bK1\r\n"
		     "Route: <sip:p;lr>,\r\n <sip:q;lr>\r\n" HOPS
		     "From: \"A\"\r\n <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: c\r\nCSeq: 1 CANCEL\r\n" END);
}

static void ipv6(void **state)
{
	(void)state;
	check_ack("INVITE sip:[2001:db8::9]:5062 SIP/2.0\r\nVia: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1\r\n"
		  "Route: <sip:[2001:db8::2];lr>\r\nFrom: <sip:a@[2001:db8::3]>;tag=1\r\nTo: <sip:b@[2001:db8::4]>\r\n"
		  "Call-ID: c@[2001:db8::3]\r\nCSeq: 4294967295 INVITE\r\n\r\n",
		  "<sip:b@[2001:db8::4]>;tag=2",
		  "ACK sip:[2001:db8::9]:5062 SIP/2.0\r\nVia: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1\r\n"
		  "Route: <sip:[2001:db8::2];lr>\r\n" HOPS
		  "From: <sip:a@[2001:db8::3]>;tag=1\r\nTo: <sip:b@[2001:db8::4]>;tag=2\r\n"
		  "Call-ID: c@[2001:db8::3]\r\nCSeq: 4294967295 ACK\r\n" END);
}

static void assert_same_routes(void)
{
	uint8_t i = invite.first[SIP_HEADER_ROUTE], j = written.first[SIP_HEADER_ROUTE];

	for (; i != SIP_HEADER_NONE; i = sip_message_next(&invite, i), j = sip_message_next(&written, j)) {
		assert_int_not_equal(j, SIP_HEADER_NONE);
		assert_span_equal(sip_message_header_value(&written, j), sip_message_header_value(&invite, i));
		if (sip_message_next(&invite, i) == SIP_HEADER_NONE)
			assert_int_equal(sip_message_next(&written, j), SIP_HEADER_NONE);
	}
	if (!sip_message_has(&invite, SIP_HEADER_ROUTE))
		assert_int_equal(j, SIP_HEADER_NONE);
}

static void assert_same_value(enum sip_header_name name)
{
	assert_span_equal(sip_message_first(&written, name), sip_message_first(&invite, name));
}

/* What is written is a request of its own that says of the call what the INVITE says. */
static void check_meaning(struct span text, struct span to, enum sip_method method)
{
	struct sip_via top, via;

	assert_int_equal(message_parse(&written, text), REASON_NONE);
	assert_int_equal(written.method, method);
	assert_int_equal(written.cseq, invite.cseq);
	assert_int_equal(written.body.length, 0);
	assert_span_equal(sip_message_text(&written, written.request_uri),
			  sip_message_text(&invite, invite.request_uri));
	assert_true(via_parse_nth(&top, &invite, 0));
	assert_true(via_parse_nth(&via, &written, 0));
	assert_span_equal(via.value, top.value);
	assert_false(via_parse_nth(&via, &written, 1));
	assert_same_routes();
	assert_same_value(SIP_HEADER_FROM);
	assert_same_value(SIP_HEADER_CALL_ID);
	assert_span_equal(sip_message_first(&written, SIP_HEADER_TO),
			  to.length ? to : sip_message_first(&invite, SIP_HEADER_TO));
	assert_span_equal(sip_message_first(&written, SIP_HEADER_MAX_FORWARDS), SPAN_LITERAL("70"));
	uint32_t routes = 0;
	for (uint8_t i = written.first[SIP_HEADER_ROUTE]; i != SIP_HEADER_NONE; i = sip_message_next(&written, i))
		routes++;
	assert_int_equal(written.header_count, 7 + routes);
}

static void check_both(void)
{
	struct span to = place_to(TAGGED);

	check_meaning(write_exactly(to), to, SIP_METHOD_ACK);
	check_meaning(write_exactly((struct span){0}), (struct span){0}, SIP_METHOD_CANCEL);
}

static void requests_of_real_peers(void **state)
{
	static struct bench_message messages[BENCH_MESSAGES_MAX];
	size_t count = bench_messages_load(messages, BENCH_MESSAGES, ".sip");
	uint32_t invites = 0;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(message_parse(&invite, guard_page_place(&in, messages[i].bytes)), REASON_NONE);
		if (!invite.is_request || invite.method != SIP_METHOD_INVITE)
			continue;
		check_both();
		invites++;
	}
	assert_true(invites >= 5);
	bench_messages_free(messages, count);
}

/* Everything that the grammar allows, as it comes and with its folds taken out. */
static void requests_of_the_grammar(void **state)
{
	static struct sip_generated generated;
	uint32_t requests = 0;

	(void)state;
	for (uint64_t seed = 0; seed < GENERATED_MESSAGES; seed++) {
		sip_generate(&generated, seed);
		struct span text = guard_page_place(&in, span_make(generated.bytes, generated.length));
		assert_int_equal(message_parse(&invite, text), REASON_NONE);
		if (!invite.is_request)
			continue;
		requests++;
		check_both();
		if (message_unfold(&invite, (char *)(uintptr_t)text.at)) {
			assert_int_equal(message_parse(&invite, text), REASON_NONE);
			check_both();
		}
	}
	assert_true(requests > GENERATED_MESSAGES / 4);
}

/* A datagram full of Route lines, the longest that there is. */
static void the_longest_invite(void **state)
{
	static char text[SIP_MESSAGE_BYTES_MAX];
	struct text_writer writer = text_write_begin(text, sizeof(text));
	const struct span route = SPAN_LITERAL("Route: <sip:p.example.net;lr>"), head = SPAN_LITERAL(START OUR_LINE);
	const struct span tail = SPAN_LITERAL(PARTIES "\r\n");

	(void)state;
	text_write_span(&writer, head);
	for (uint32_t i = 0; i < 100; i++) {
		text_write_span(&writer, route);
		while (writer.length < head.length + (i + 1) * 640)
			text_write_literal(&writer, ",<sip:p.example.net;lr>");
		text_write_literal(&writer, "\r\n");
	}
	text_write_literal(&writer, "Subject: ");
	while (writer.length + 2 + tail.length < sizeof(text))
		text_write_char(&writer, 's');
	text_write_literal(&writer, "\r\n");
	text_write_span(&writer, tail);
	assert_false(writer.overflowed);
	assert_int_equal(writer.length, SIP_MESSAGE_BYTES_MAX);
	assert_int_equal(message_parse(&invite, guard_page_place(&in, text_written(&writer))), REASON_NONE);
	check_both();
	assert_true(written.bytes.length > 64000);
}

/* More than fits a datagram is not written. */
static void a_to_that_makes_it_too_long(void **state)
{
	static char text[SIP_MESSAGE_BYTES_MAX];
	struct span to;

	(void)state;
	place_invite(INVITE);
	memset(text, 't', sizeof(text));
	to = guard_page_place(&to_page, span_make(text, sizeof(text)));
	assert_int_equal(
		hop_request_write_ack(guard_page_room(&out, SIP_MESSAGE_BYTES_MAX), SIP_MESSAGE_BYTES_MAX, &invite, to),
		-1);
}

static void no_room_is_too_little(void **state)
{
	(void)state;
	place_invite(INVITE);
	struct span to = place_to(TAGGED);
	uint32_t length = write_exactly(to).length;
	for (uint32_t room = 0; room < length; room++)
		assert_int_equal(hop_request_write_ack(guard_page_room(&out, room), room, &invite, to), -1);
}

/* Of a request that is not whole nothing is made. */
static void what_lacks_a_part(void **state)
{
	static const struct {
		const char *text;
		bool ack, cancel;
	} cases[] = {
		{INVITE, true, true},
		{START PARTIES "\r\n", false, false},
		{START "Via: SIP/2.0/UDP\r\n" PARTIES "\r\n", false, false},
		{START OUR_LINE "To: " TO "\r\n" CALL "CSeq: 1 INVITE\r\n\r\n", false, false},
		{START OUR_LINE "From: " FROM "\r\nTo: " TO "\r\nCSeq: 1 INVITE\r\n\r\n", false, false},
		{START OUR_LINE "From: " FROM "\r\nTo: " TO "\r\n" CALL "\r\n", false, false},
		{START OUR_LINE "From: " FROM "\r\nTo: " TO "\r\n" CALL "CSeq: INVITE\r\n\r\n", false, false},
		{START OUR_LINE "From:\r\nTo: " TO "\r\n" CALL "CSeq: 1 INVITE\r\n\r\n", false, false},
		/* Its To is no part of the ACK. */
		{START OUR_LINE "From: " FROM "\r\n" CALL "CSeq: 1 INVITE\r\n\r\n", true, false},
		{"SIP/2.0 200 OK\r\n" OUR_LINE PARTIES "\r\n", false, false},
		{"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		message_parse(&invite, guard_page_place(&in, span_of_text(cases[i].text)));
		if ((write_exactly(place_to(TAGGED)).length > 0) != cases[i].ack)
			fail_msg("ACK of:\n%s", cases[i].text);
		if ((write_exactly((struct span){0}).length > 0) != cases[i].cancel)
			fail_msg("CANCEL of:\n%s", cases[i].text);
	}
	place_invite(INVITE);
	assert_int_equal(hop_request_write_ack(guard_page_room(&out, 4096), 4096, &invite, (struct span){0}), -1);
}

static void prefixes_stay_inside(void **state)
{
	struct span whole = SPAN_LITERAL(INVITE);

	(void)state;
	for (uint32_t length = 0; length <= whole.length; length++) {
		enum reason reason = message_parse(&invite, guard_page_place(&in, span_make(whole.at, length)));
		struct span text = write_exactly(place_to(TAGGED));
		if (reason == REASON_NONE)
			assert_true(text.length > 0);
		if (text.length)
			assert_int_equal(message_parse(&written, text), REASON_NONE);
	}
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&in, SIP_MESSAGE_BYTES_MAX);
	guard_page_build(&to_page, SIP_MESSAGE_BYTES_MAX);
	guard_page_build(&out, SIP_MESSAGE_BYTES_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guard_page_free(&in);
	guard_page_free(&to_page);
	guard_page_free(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ack_has_the_to_of_the_response),
		cmocka_unit_test(a_cancel_has_the_to_of_the_invite),
		cmocka_unit_test(a_cancel_in_a_dialog_keeps_the_tag),
		cmocka_unit_test(route_lines_stay_and_other_vias_do_not),
		cmocka_unit_test(the_first_of_a_list_of_vias),
		cmocka_unit_test(compact_names_become_long_ones),
		cmocka_unit_test(folds_stay_legal),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(requests_of_real_peers),
		cmocka_unit_test(requests_of_the_grammar),
		cmocka_unit_test(the_longest_invite),
		cmocka_unit_test(a_to_that_makes_it_too_long),
		cmocka_unit_test(no_room_is_too_little),
		cmocka_unit_test(what_lacks_a_part),
		cmocka_unit_test(prefixes_stay_inside),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
