/* unit_gun_parts.c - the small parts: schedule, templates, digests, frames, captures, numbers as text, call slots. */
#include "gun_arp.h"
#include "gun_call.h"
#include "gun_digest.h"
#include "gun_replay.h"
#include "gun_schedule.h"
#include "gun_template.h"
#include "gun_text.h"

#include "cmocka_all.h"
#include "digest.h"
#include "guard_page.h"

#include <arpa/inet.h>
#include <stdio.h>

static void as_many_are_due_as_the_rate_says(void **state)
{
	static const double rates[] = {1, 3, 7.5, 999, 123457};
	struct gun_schedule schedule;
	uint64_t due, last = 0, hertz = 2096000000;

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		uint32_t count = 0;
		gun_schedule_init(&schedule, 1000, 1000 + 4 * hertz, rates[i], hertz);
		/* Looked at late, all at once: each keeps its own time. */
		for (last = 0; gun_schedule_take(&due, &schedule, UINT64_MAX); last = due, count++)
			if (count > 0)
				assert_true(due - last + 1 >= (uint64_t)((double)hertz / rates[i]) &&
					    due - last <= (uint64_t)((double)hertz / rates[i]) + 1);
		assert_int_equal(count, (uint32_t)(4 * rates[i] + 0.5));
	}
}

static void nothing_is_due_before_its_time(void **state)
{
	struct gun_schedule schedule;
	uint64_t due;

	(void)state;
	gun_schedule_init(&schedule, 1000, 3000, 10, 10000);
	assert_false(gun_schedule_take(&due, &schedule, 999));
	assert_true(gun_schedule_take(&due, &schedule, 1000));
	assert_int_equal(due, 1000);
	assert_false(gun_schedule_take(&due, &schedule, 1999));
	assert_true(gun_schedule_take(&due, &schedule, 2500));
	assert_int_equal(due, 2000);
	assert_false(gun_schedule_take(&due, &schedule, 9999));
}

static void templates_are_filled(void **state)
{
	struct gun_template compiled;
	struct span constants[GUN_FIELD_COUNT] = {{0}}, values[GUN_FIELD_COUNT] = {{0}};
	char room[256];

	(void)state;
	constants[GUN_FIELD_CALLER] = SPAN_LITERAL("10.0.0.1:5060");
	values[GUN_FIELD_USER] = SPAN_LITERAL("alice");
	assert_true(gun_template_build(&compiled, "<sip:{user}@{caller}>{route};{user}", constants));
	uint32_t bytes = gun_template_write(room, sizeof(room), &compiled, values);
	assert_true(span_equals(span_make(room, bytes), SPAN_LITERAL("<sip:alice@10.0.0.1:5060>;alice")));
	assert_int_equal(gun_template_write(room, bytes, &compiled, values), 0);
	assert_false(gun_template_build(&compiled, "{nothing}", constants));
	assert_false(gun_template_build(&compiled, "{user", constants));
}

/* The router's own arithmetic (tests/unit/unit_digest.c: that of RFC 7616) takes the answer. */
static void answers_to_challenges_are_right(void **state)
{
	static const char *const rows[] = {"MD5", "SHA-256"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char value[512], hex[GUN_DIGEST_HEX_MAX];
		struct gun_digest_challenge challenge;
		struct gun_digest_pair ha1, ha2;
		int length = snprintf(value, sizeof(value),
				      "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=%s, "
				      "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
				      "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
				      rows[i]);
		assert_true(gun_digest_read(&challenge, span_make(value, (size_t)length)));
		assert_true(challenge.has_qop);
		assert_true(
			span_equals(challenge.opaque, SPAN_LITERAL("FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")));
		gun_digest_make_ha1(&ha1, SPAN_LITERAL("Mufasa"), challenge.realm, SPAN_LITERAL("Circle of Life"));
		gun_digest_make_ha2(&ha2, SPAN_LITERAL("GET"), SPAN_LITERAL("/dir/index.html"));
		struct gun_digest_count count = {"00000001", "f2/wE4q7"};
		struct span answer = gun_digest_answer(hex, &challenge, &ha1, &ha2, &count);
		struct digest_secret secret;
		digest_make_secret(&secret, SPAN_LITERAL("Mufasa"), challenge.realm, SPAN_LITERAL("Circle of Life"));
		struct digest_credentials credentials = {.username = SPAN_LITERAL("Mufasa"),
							 .realm = challenge.realm,
							 .nonce = challenge.nonce,
							 .uri = SPAN_LITERAL("/dir/index.html"),
							 .response = answer,
							 .cnonce = span_make(count.cnonce, 8),
							 .qop = SPAN_LITERAL("auth"),
							 .nc_text = span_make(count.nc, 8),
							 .nc = 1,
							 .algorithm = challenge.algorithm};
		assert_true(digest_verify(&secret, &credentials, SPAN_LITERAL("GET")));
		hex[3] ^= 1;
		assert_false(digest_verify(&secret, &credentials, SPAN_LITERAL("GET")));
	}
}

static void challenges_that_nobody_can_answer(void **state)
{
	struct gun_digest_challenge challenge;

	(void)state;
	assert_false(gun_digest_read(&challenge, SPAN_LITERAL("Basic realm=\"x\"")));
	assert_false(gun_digest_read(&challenge, SPAN_LITERAL("Digest realm=\"x\"")));
	assert_false(gun_digest_read(&challenge, SPAN_LITERAL("Digest nonce=\"x\",algorithm=SHA-512")));
	assert_false(gun_digest_read(&challenge, SPAN_LITERAL("Digest nonce=\"x\",qop=\"auth-int\"")));
	assert_true(gun_digest_read(&challenge, SPAN_LITERAL("digest nonce=x")));
	assert_false(challenge.has_qop);
}

static struct gun_frame_address address_of(const char *text, uint16_t port)
{
	return (struct gun_frame_address){
		.mac = {{2, 0, 0, 0, 0, (uint8_t)port}}, .address_be = inet_addr(text), .port_be = htons(port)};
}

static void frames_are_read_as_written(void **state)
{
	struct gun_frame_address from = address_of("10.9.0.2", 5060), to = address_of("10.9.0.1", 5080);
	struct gun_frame frame;
	struct gun_frame_received received;
	struct guard_page guard;
	char bytes[GUN_FRAME_HEADER_BYTES + 5];
	uint32_t sum = 0;

	(void)state;
	guard_page_build(&guard, 4096);
	gun_frame_init(&frame, &from, &to);
	gun_frame_write((uint8_t *)bytes, &frame, 5);
	memcpy(bytes + GUN_FRAME_HEADER_BYTES, "hello", 5);
	for (uint32_t i = 14; i < 34; i += 2)
		sum += (uint32_t)(uint8_t)bytes[i] << 8 | (uint8_t)bytes[i + 1];
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
	assert_int_equal(gun_frame_read(&received, span_make(bytes, sizeof(bytes))), GUN_FRAME_UDP);
	assert_true(span_equals(received.message, SPAN_LITERAL("hello")));
	assert_memory_equal(&received.from.mac, &from.mac, sizeof(from.mac));
	assert_memory_equal(&received.to.mac, &to.mac, sizeof(to.mac));
	assert_true(received.from.address_be == from.address_be && received.from.port_be == from.port_be);
	assert_true(received.to.address_be == to.address_be && received.to.port_be == to.port_be);
	for (uint32_t length = 0; length < sizeof(bytes); length++)
		assert_int_equal(gun_frame_read(&received, guard_page_place(&guard, span_make(bytes, length))),
				 GUN_FRAME_OTHER);
	bytes[20] = 0x20; /* more fragments follow */
	assert_int_equal(gun_frame_read(&received, span_make(bytes, sizeof(bytes))), GUN_FRAME_FRAGMENT);
	guard_page_free(&guard);
}

static void who_asks_is_answered(void **state)
{
	struct gun_frame_address asker = address_of("10.9.0.1", 1), own = address_of("10.9.0.2", 2);
	uint8_t frame[GUN_ARP_FRAME_BYTES];
	struct gun_arp arp;

	(void)state;
	gun_arp_write_request(frame, &asker, own.address_be);
	assert_true(gun_arp_read(&arp, span_make((const char *)frame, sizeof(frame))));
	assert_true(arp.is_request && arp.wanted_be == own.address_be && arp.from.address_be == asker.address_be);
	gun_arp_write_answer(frame, &own, &arp.from);
	assert_true(gun_arp_read(&arp, span_make((const char *)frame, sizeof(frame))));
	assert_true(!arp.is_request && arp.from.address_be == own.address_be);
	assert_memory_equal(&arp.from.mac, &own.mac, 6);
	assert_false(gun_arp_read(&arp, span_make((const char *)frame, sizeof(frame) - 1)));
}

static void captures_are_read(void **state)
{
	struct gun_frame_address from = address_of("10.9.0.2", 5060), to = address_of("10.9.0.1", 5080);
	uint32_t file[6 + 2 * (4 + 13)] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
	struct gun_frame frame;
	struct gun_replay replay;
	struct guard_page guard;
	char error[GUN_REPLAY_ERROR_BYTES];

	(void)state;
	gun_frame_init(&frame, &from, &to);
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t *record = file + 6 + i * 17;
		record[2] = record[3] = 52;
		gun_frame_write((uint8_t *)(record + 4), &frame, 10);
		memcpy((char *)(record + 4) + GUN_FRAME_HEADER_BYTES, "0123456789", 10);
	}
	struct span whole = span_make((const char *)file, sizeof(file));
	guard_page_build(&guard, 4096);
	assert_true(gun_replay_read(&replay, "f", whole, error));
	assert_int_equal(replay.count, 2);
	assert_true(span_equals(replay.payload[1], SPAN_LITERAL("0123456789")));
	gun_replay_free(&replay);
	for (uint32_t length = 0; length < whole.length; length++) {
		bool has_one = length >= 24 + 68;
		assert_int_equal(
			gun_replay_read(&replay, "f", guard_page_place(&guard, span_make(whole.at, length)), error),
			has_one);
		gun_replay_free(&replay);
	}
	file[0] = 0x0a0d0d0a;
	assert_false(gun_replay_read(&replay, "f", whole, error));
	assert_non_null(strstr(error, "pcapng"));
	guard_page_free(&guard);
}

static void numbers_are_written_and_read(void **state)
{
	char text[GUN_TEXT_DECIMAL_MAX];
	uint32_t value;

	(void)state;
	for (uint64_t number = 0; number <= UINT32_MAX; number = number * 3 + 1) {
		char wants[16];
		snprintf(wants, sizeof(wants), "%08x", (uint32_t)number);
		gun_text_write_hex8(text, (uint32_t)number);
		assert_memory_equal(text, wants, 8);
		assert_true(gun_text_read_hex8(&value, text));
		assert_int_equal(value, number);
		snprintf(wants, sizeof(wants), "%u", (uint32_t)number);
		assert_int_equal(gun_text_write_decimal(text, (uint32_t)number), strlen(wants));
		assert_memory_equal(text, wants, strlen(wants));
	}
	assert_false(gun_text_read_hex8(&value, "0000000g"));
	assert_false(gun_text_read_hex8(&value, "0000000A"));
	assert_false(gun_text_read_hex8(&value, "/0000000"));
}

static void a_call_is_found_while_it_lives(void **state)
{
	struct gun_calls calls;
	char call_id[33] = "0000000000000001-000000aa@sipgun";

	(void)state;
	assert_true(gun_call_init(&calls, 2, 0xaa));
	struct gun_call *call = gun_call_take(&calls);
	call->step = GUN_STEP_INVITE;
	assert_ptr_equal(gun_call_find(&calls, span_of_text(call_id)), call);
	assert_null(gun_call_find(&calls, SPAN_LITERAL("0000000000000002-000000aa@sipgun")));
	assert_null(gun_call_find(&calls, SPAN_LITERAL("0000000100000001-000000aa@sipgun")));
	assert_null(gun_call_find(&calls, SPAN_LITERAL("ffffffff00000001-000000aa@sipgun")));
	assert_null(gun_call_find(&calls, SPAN_LITERAL("0000000000000001-000000ab@sipgun")));
	assert_null(gun_call_find(&calls, SPAN_LITERAL("0000000000000001")));
	assert_non_null(gun_call_take(&calls));
	assert_null(gun_call_take(&calls));
	gun_call_give(&calls, call);
	assert_null(gun_call_find(&calls, span_of_text(call_id)));
	assert_ptr_equal(gun_call_take(&calls), call);
	assert_int_equal(call->generation, 2);
	gun_call_free(&calls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_are_due_as_the_rate_says),
		cmocka_unit_test(nothing_is_due_before_its_time),
		cmocka_unit_test(templates_are_filled),
		cmocka_unit_test(answers_to_challenges_are_right),
		cmocka_unit_test(challenges_that_nobody_can_answer),
		cmocka_unit_test(frames_are_read_as_written),
		cmocka_unit_test(who_asks_is_answered),
		cmocka_unit_test(captures_are_read),
		cmocka_unit_test(numbers_are_written_and_read),
		cmocka_unit_test(a_call_is_found_while_it_lives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
