/* unit_gun_read.c - what comes back is input: each message whole, in all its prefixes, and mutated, before a guard
 * page. */
#include "gun_dialog.h"
#include "gun_digest.h"
#include "gun_message.h"

#include "cmocka_all.h"
#include "guard_page.h"
#include "random_source.h"
#include "scan.h"

#include <stdio.h>

#define MUTANTS 3000

static struct guard_page guard;

static const char ok[] = "SIP/2.0 200 OK\r\n"
			 "Via: SIP/2.0/UDP 10.9.0.2:5060;branch=z9hG4bK1;rport\r\n"
			 "Record-Route: <sip:a@10.9.0.1;lr>, <sip:b,c@10.9.0.9;lr>\r\n"
			 "record-route: \"x,y\" <sip:d@10.9.0.8;lr>\r\n"
			 "From: <sip:alice@acme.test;tag=uri>;tag=here\r\n"
			 "t: Bob <sip:bob@acme.test;tag=uri> ;x=1;TAG=there;y\r\n"
			 "Call-ID: 0000002a00000007-5eed5eed@sipgun\r\n"
			 "CSeq: 12 INVITE\r\n"
			 "m: \"Bob\" <sip:bob@10.9.0.3:5070;x=y>;q=1\r\n"
			 "Content-Length: 0\r\n\r\n";

/* Looks at everything that sipgun ever looks at. */
static void look_at(struct span bytes)
{
	static const struct gun_answer answer = {.start_line = {"SIP/2.0 200 OK\r\n", 16}, .rest = {"\r\n", 2}};
	struct gun_message message;
	struct gun_digest_challenge challenge;
	struct gun_call call = {0};
	char dialog[GUN_CALL_DIALOG_BYTES], room[2000];

	if (!gun_read(&message, bytes))
		return;
	assert_true(message.line_count <= GUN_READ_LINES_MAX && message.call_id.length > 0);
	(void)gun_dialog_take(&call, dialog, &message, SPAN_LITERAL("sip:x@y"));
	assert_true(call.target_bytes + call.tag_bytes + call.route_bytes <= GUN_CALL_DIALOG_BYTES);
	for (uint32_t i = 0; i < message.line_count; i++)
		(void)gun_digest_read(&challenge, gun_read_line_value(&message, &message.line[i]));
	assert_true(gun_message_answer(room, sizeof(room), &message, &answer, SPAN_LITERAL("tag")) <= sizeof(room));
}

static void parts_are_found(void **state)
{
	struct gun_message message;
	struct gun_call call = {0};
	char dialog[GUN_CALL_DIALOG_BYTES];

	(void)state;
	assert_true(gun_read(&message, SPAN_LITERAL(ok)));
	assert_int_equal(message.status, 200);
	assert_int_equal(message.method, SIP_METHOD_INVITE);
	assert_int_equal(message.cseq, 12);
	assert_true(span_equals(message.call_id, SPAN_LITERAL("0000002a00000007-5eed5eed@sipgun")));
	assert_true(span_equals(gun_read_tag(gun_read_value(&message, SIP_HEADER_FROM)), SPAN_LITERAL("here")));
	assert_true(gun_dialog_take(&call, dialog, &message, SPAN_LITERAL("sip:nobody")));
	assert_true(span_equals(gun_dialog_target(&call, dialog), SPAN_LITERAL("sip:bob@10.9.0.3:5070;x=y")));
	assert_true(span_equals(gun_dialog_tag(&call, dialog), SPAN_LITERAL("there")));
	assert_true(span_equals(gun_dialog_route(&call, dialog), SPAN_LITERAL("Route: \"x,y\" <sip:d@10.9.0.8;lr>,"
									      "<sip:b,c@10.9.0.9;lr>,"
									      "<sip:a@10.9.0.1;lr>\r\n")));
}

static void a_dialog_without_room_is_refused(void **state)
{
	char text[4096];
	struct gun_message message;
	struct gun_call call = {0};
	char dialog[GUN_CALL_DIALOG_BYTES];
	int used = snprintf(text, sizeof(text), "SIP/2.0 200 OK\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n");

	(void)state;
	for (uint32_t i = 0; i < 40; i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used,
				 "Record-Route: <sip:proxy-number-%u@10.9.0.1;lr>\r\n", i);
	used += snprintf(text + used, sizeof(text) - (size_t)used, "\r\n");
	assert_true(gun_read(&message, span_make(text, (size_t)used)));
	assert_false(gun_dialog_take(&call, dialog, &message, SPAN_LITERAL("sip:x")));
}

static void answers_carry_what_they_must(void **state)
{
	static const struct gun_answer answer = {.start_line = {"SIP/2.0 180 Ringing\r\n", 21},
						 .rest = {"Content-Length: 0\r\n\r\n", 21}};
	static const char request[] =
		"INVITE sip:3001@10.9.0.3 SIP/2.0\r\nVia: SIP/2.0/UDP r;branch=2\r\nVia: SIP/2.0/UDP c;branch=1\r\n"
		"Max-Forwards: 69\r\nRecord-Route: <sip:r;lr>\r\nTo: <sip:3001@acme.test>\r\nFrom: <sip:a@b>;tag=1\r\n"
		"Call-ID: abc\r\nCSeq: 2 INVITE\r\nSubject: none\r\n\r\n";
	static const char wants[] =
		"SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP r;branch=2\r\nVia: SIP/2.0/UDP c;branch=1\r\n"
		"Record-Route: <sip:r;lr>\r\nTo: <sip:3001@acme.test>;tag=mine\r\nFrom: <sip:a@b>;tag=1\r\n"
		"Call-ID: abc\r\nCSeq: 2 INVITE\r\nContent-Length: 0\r\n\r\n";
	struct gun_message message;
	char room[2000];

	(void)state;
	assert_true(gun_read(&message, SPAN_LITERAL(request)));
	uint32_t bytes = gun_message_answer(room, sizeof(room), &message, &answer, SPAN_LITERAL("mine"));
	assert_true(span_equals(span_make(room, bytes), SPAN_LITERAL(wants)));
	for (uint32_t short_room = 0; short_room < bytes; short_room++)
		assert_int_equal(gun_message_answer(room, short_room, &message, &answer, SPAN_LITERAL("mine")), 0);
}

static void hostile_input_stays_inside(void **state)
{
	struct random_source random = random_source_of(3);
	char mutant[sizeof(ok)];

	(void)state;
	for (uint32_t length = 0; length < sizeof(ok); length++)
		look_at(guard_page_place(&guard, span_make(ok, length)));
	for (uint32_t i = 0; i < MUTANTS; i++) {
		memcpy(mutant, ok, sizeof(ok));
		for (uint32_t changes = 1 + random_source_below(&random, 8); changes > 0; changes--)
			mutant[random_source_below(&random, sizeof(ok))] =
				"\r\n :;,<>\"=\t\0SIP/2.0"[random_source_below(&random, 19)];
		look_at(guard_page_place(&guard, span_make(mutant, sizeof(ok) - random_source_below(&random, 40))));
	}
}

static void many_lines_are_too_many(void **state)
{
	static char text[8192];
	struct gun_message message;
	int used = snprintf(text, sizeof(text), "SIP/2.0 200 OK\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n");

	(void)state;
	for (uint32_t i = 0; i < 2 * GUN_READ_LINES_MAX; i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used, "X-Line: %u\r\n", i);
	assert_true(gun_read(&message, guard_page_place(&guard, span_make(text, (size_t)used))));
	assert_int_equal(message.line_count, GUN_READ_LINES_MAX);
}

static int make_guard(void **state)
{
	(void)state;
	scan_select_best();
	guard_page_build(&guard, 16384);
	return 0;
}

static int free_guard(void **state)
{
	(void)state;
	guard_page_free(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_found),
		cmocka_unit_test(a_dialog_without_room_is_refused),
		cmocka_unit_test(answers_carry_what_they_must),
		cmocka_unit_test(hostile_input_stays_inside),
		cmocka_unit_test(many_lines_are_too_many),
	};
	return cmocka_run_group_tests(tests, make_guard, free_guard);
}
