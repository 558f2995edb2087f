#include "cmocka_all.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdlib.h>

#include "guard_page.h"
#include "scan.h"
#include "text_write.h"

static void numbers(void **state)
{
	char buffer[64];
	struct text_writer writer = text_write_begin(buffer, sizeof(buffer));

	(void)state;
	text_write_number(&writer, 0);
	text_write_char(&writer, ' ');
	text_write_number(&writer, 5060);
	text_write_char(&writer, ' ');
	text_write_number(&writer, UINT64_MAX);
	assert_span_equal(text_written(&writer), SPAN_LITERAL("0 5060 18446744073709551615"));
}

/* With exactly the room that they take, more of it, and less. */
static void numbers_stay_in_their_room(void **state)
{
	static const char *const texts[] = {"0", "9", "10", "99", "100", "999", "1000", "9999", "10000", "99999"};
	struct guard_page page;

	(void)state;
	guard_page_build(&page, 16);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint32_t length = (uint32_t)strlen(texts[i]);
		for (uint32_t room = 0; room < length + 6; room++) {
			struct text_writer writer = text_write_begin(guard_page_room(&page, room), room);
			text_write_number(&writer, strtoull(texts[i], NULL, 10));
			assert_int_equal(writer.overflowed, room < length);
			assert_span_equal(text_written(&writer), span_make(texts[i], room < length ? 0 : length));
		}
	}
	guard_page_free(&page);
}

static void hex_and_base64url(void **state)
{
	static const char *const texts[] = {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"}; /* RFC 4648 10 */
	char buffer[64];

	(void)state;
	for (uint32_t length = 0; length <= 6; length++) {
		struct text_writer writer = text_write_begin(buffer, sizeof(buffer));
		text_write_base64url(&writer, (const uint8_t *)"foobar", length);
		assert_span_equal(text_written(&writer), span_of_text(texts[length]));
	}

	static const uint8_t bytes[] = {0xfb, 0xff, 0xbf, 0x00, 0x9a};
	struct text_writer writer = text_write_begin(buffer, sizeof(buffer));
	text_write_base64url(&writer, bytes, 3);
	text_write_char(&writer, ' ');
	text_write_hex(&writer, bytes, 5);
	assert_span_equal(text_written(&writer), SPAN_LITERAL("-_-_ fbffbf009a"));
}

/* Of every length, each digit in every place; nothing is read or written outside. */
static void base64url_as_libsodium_does(void **state)
{
	struct guard_page guarded, out;
	uint8_t bytes[200];
	char expected[300];

	(void)state;
	guard_page_build(&guarded, sizeof(bytes));
	guard_page_build(&out, sizeof(expected));
	for (int round = 0; round < 20000; round++) {
		uint32_t length = (uint32_t)round % sizeof(bytes), digits = (length * 8 + 5) / 6;
		for (uint32_t i = 0; i < length; i++)
			bytes[i] = (uint8_t)rand();
		struct span from = span_make((const char *)bytes, length);
		struct span placed =
			round % 3 ? guard_page_place(&guarded, from) : guard_page_place_first(&guarded, from);
		struct text_writer writer = text_write_begin(guard_page_room(&out, digits), digits);
		text_write_base64url(&writer, (const uint8_t *)placed.at, length);
		sodium_bin2base64(expected, sizeof(expected), bytes, length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		assert_span_equal(text_written(&writer), span_of_text(expected));
	}
	guard_page_free(&guarded);
	guard_page_free(&out);
}

/* Against the C library, which writes RFC 5952 but for embedded IPv4. */
static void ipv6_as_the_c_library_does(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		char expected[64], buffer[64];
		uint8_t ip[16];
		for (int i = 0; i < 8; i++) {
			uint16_t group = rand() % 2 ? 0 : (uint16_t)(rand() >> (rand() % 16));
			ip[2 * i] = (uint8_t)(group >> 8);
			ip[2 * i + 1] = (uint8_t)group;
		}
		ip[0] |= 0x20; /* keeps out ::a.b.c.d, which inet_ntop writes with dots */
		expected[0] = '[';
		assert_non_null(inet_ntop(AF_INET6, ip, expected + 1, sizeof(expected) - 2));
		strcat(expected, "]");
		struct text_writer writer = text_write_begin(buffer, sizeof(buffer));
		text_write_ip(&writer, ip);
		assert_span_equal(text_written(&writer), span_of_text(expected));
	}
}

static void addresses(void **state)
{
	static const struct {
		const char *ip;
		uint16_t port;
		const char *text;
	} rows[] = {
		{"::ffff:192.0.2.1", 0, "192.0.2.1"},
		{"::ffff:255.255.255.255", 65535, "255.255.255.255:65535"},
		{"2001:db8::1", 5060, "[2001:db8::1]:5060"},
		{"::", 0, "[::]"},
		{"::1", 0, "[::1]"},
		{"1::", 0, "[1::]"},
		{"2001:db8:0:1:1:1:1:1", 0, "[2001:db8:0:1:1:1:1:1]"}, /* RFC 5952 4.2.2: no "::" for one group */
		{"2001:0:0:1:0:0:0:1", 0, "[2001:0:0:1::1]"},	       /* 4.2.3: the longest */
		{"2001:db8:0:0:1:0:0:1", 0, "[2001:db8::1:0:0:1]"},    /* the first of equals */
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buffer[64];
		struct net_address address = {.port = rows[i].port};
		assert_int_equal(inet_pton(AF_INET6, rows[i].ip, address.ip), 1);
		struct text_writer writer = text_write_begin(buffer, sizeof(buffer));
		text_write_address(&writer, &address);
		assert_span_equal(text_written(&writer), span_of_text(rows[i].text));
	}
}

static void out_of_room_stays_out_of_room(void **state)
{
	struct guard_page guarded;
	uint8_t bytes[16] = {0xff, 0xff};

	guard_page_build(&guarded, 64);
	(void)state;
	for (uint32_t room = 0; room < 64; room++) {
		struct text_writer writer = text_write_begin(guard_page_room(&guarded, room), room);
		text_write_literal(&writer, "abc");
		text_write_number(&writer, 1234567);
		text_write_hex(&writer, bytes, 16);
		text_write_base64url(&writer, bytes, 16);
		assert_int_equal(writer.overflowed, room < 3 + 7 + 32 + 22);
		assert_true(writer.length <= room);
		text_write_char(&writer, 'x');
		assert_int_equal(writer.overflowed, room < 3 + 7 + 32 + 22 + 1);
	}
	guard_page_free(&guarded);
}

static void numbers_as_the_c_library_writes_them(void **state)
{
	char buffer[32], expected[32];

	(void)state;
	for (uint64_t number = 0, step = 0; number < UINT64_MAX / 11;
	     number += 1 + step, step = number < 70000 ? 0 : number / 7) {
		struct text_writer writer = text_write_begin(buffer, sizeof(buffer));
		text_write_number(&writer, number);
		snprintf(expected, sizeof(expected), "%llu", (unsigned long long)number);
		assert_span_equal(text_written(&writer), span_of_text(expected));
	}
}

/* Each octet at each place; in each room, with an unreadable page behind it. */
static void ipv4_as_the_c_library_does(void **state)
{
	struct guard_page guarded;

	(void)state;
	guard_page_build(&guarded, 64);
	for (uint32_t i = 0; i < 4 * 256; i++) {
		uint8_t octets[4] = {192, 0, 2, 199}, ip[16];
		char expected[INET_ADDRSTRLEN];
		octets[i / 256] = (uint8_t)i;
		net_address_set_v4(ip, octets);
		assert_non_null(inet_ntop(AF_INET, octets, expected, sizeof(expected)));
		for (uint32_t room = 0; room < 20; room++) {
			struct text_writer writer = text_write_begin(guard_page_room(&guarded, room), room);
			text_write_ip(&writer, ip);
			assert_int_equal(writer.overflowed, room < strlen(expected));
			if (!writer.overflowed)
				assert_span_equal(text_written(&writer), span_of_text(expected));
		}
	}
	guard_page_free(&guarded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(numbers_stay_in_their_room),
		cmocka_unit_test(hex_and_base64url),
		cmocka_unit_test(base64url_as_libsodium_does),
		cmocka_unit_test(ipv6_as_the_c_library_does),
		cmocka_unit_test(addresses),
		cmocka_unit_test(out_of_room_stays_out_of_room),
		cmocka_unit_test(numbers_as_the_c_library_writes_them),
		cmocka_unit_test(ipv4_as_the_c_library_does),
	};
	int failed = cmocka_run_group_tests_name("without AVX2", tests, NULL, NULL);
	return failed + (scan_select(SCAN_AVX2) ? cmocka_run_group_tests_name("with AVX2", tests, NULL, NULL) : 0);
}
