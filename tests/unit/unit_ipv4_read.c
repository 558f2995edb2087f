#include "cmocka_all.h"

#include "guard_page.h"
#include "ipv4_read.h"
#include "ipv4_write.h"
#include "random_source.h"

static struct guard_page page;

/* As a person reads it: the other implementation that ours has to agree with. */
static bool read_slowly(uint8_t octets[4], const char *text, uint32_t length)
{
	uint32_t octet = 0, value = 0, digits = 0;

	for (uint32_t i = 0; i <= length; i++) {
		if (i == length || text[i] == '.') {
			if (digits == 0 || value > 255 || octet == 4)
				return false;
			octets[octet++] = (uint8_t)value;
			value = digits = 0;
			continue;
		}
		if (text[i] < '0' || text[i] > '9' || digits == 3 || (digits > 0 && value == 0))
			return false;
		value = value * 10 + (uint32_t)(text[i] - '0');
		digits++;
	}
	return octet == 4;
}

/* Against an unreadable page on either side. */
static bool expect_as_slowly(const char *text, uint32_t length)
{
	uint8_t expected[4] = {0}, last[4] = {0}, first[4] = {0};
	bool is_address = read_slowly(expected, text, length);

	if (ipv4_read(last, guard_page_place(&page, span_make(text, length))) != is_address ||
	    ipv4_read(first, guard_page_place_first(&page, span_make(text, length))) != is_address)
		fail_msg("%.*s", (int)length, text);
	if (is_address) {
		assert_memory_equal(last, expected, 4);
		assert_memory_equal(first, expected, 4);
	}
	return is_address;
}

static void every_octet_at_every_place(void **state)
{
	uint32_t right = 0;
	char text[40];

	(void)state;
	for (int place = 0; place < 4; place++)
		for (int others = 1; others <= 200; others = others * 14)
			for (int value = 0; value < 1200; value++) {
				int octet[4] = {others, others, others, others};
				octet[place] = value;
				int length = snprintf(text, sizeof(text), "%d.%d.%d.%d", octet[0], octet[1], octet[2],
						      octet[3]);
				right += expect_as_slowly(text, (uint32_t)length);
			}
	assert_int_equal(right, 4 * 3 * 256);
}

/* Digits and dots anyhow: too few numbers, too many, empty ones, long ones, zeros in front. */
static void digits_and_dots_anyhow(void **state)
{
	static const char bytes[] = "0012345.....";
	struct random_source random = random_source_of(4);
	uint32_t right = 0;
	char text[20];

	(void)state;
	for (int round = 0; round < 2000000; round++) {
		uint64_t bits = random_source_next(&random);
		uint32_t length = (uint32_t)(bits % 18);
		for (uint32_t i = 0; i < length; i++)
			text[i] = bytes[(bits >> (5 + i * 3)) % (sizeof(bytes) - 1)];
		right += expect_as_slowly(text, length);
	}
	assert_true(right > 100);
}

static void every_byte_at_every_place(void **state)
{
	static const char *const texts[] = {"1.2.3.4", "10.2.3.4", "192.0.2.7", "198.51.100.250", "255.255.255.255"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (uint32_t at = 0; at < strlen(texts[i]); at++)
			for (int byte = 0; byte < 256; byte++) {
				char text[20];
				strcpy(text, texts[i]);
				text[at] = (char)byte;
				expect_as_slowly(text, (uint32_t)strlen(texts[i]));
			}
}

static void prefixes_are_refused_unless_they_are_addresses(void **state)
{
	static const char text[] = "255.255.255.255.255.255";
	uint32_t right = 0;

	(void)state;
	for (uint32_t length = 0; length < sizeof(text); length++)
		right += expect_as_slowly(text, length);
	assert_int_equal(right, 3);
}

/* In its room to the last byte, and found equal to itself alone. */
static void expect_written(const uint8_t octets[4], const char *text)
{
	uint32_t length = (uint32_t)strlen(text);
	char changed[20];

	char *room = guard_page_room(&page, IPV4_ROOM_BYTES);
	assert_int_equal(ipv4_write(room, octets), length);
	assert_memory_equal(room, text, length);
	for (uint32_t shorter = 0; shorter < length; shorter++)
		assert_false(ipv4_write_equals(guard_page_place(&page, span_make(text, shorter)), octets));
	for (uint32_t i = 0; i <= length; i++) {
		strcpy(changed, text);
		changed[i] ^= 1;
		assert_int_equal(ipv4_write_equals(guard_page_place(&page, span_make(changed, length)), octets),
				 i == length);
		assert_int_equal(ipv4_write_equals(guard_page_place_first(&page, span_make(changed, length)), octets),
				 i == length);
	}
	strcat(strcpy(changed, text), ".");
	assert_false(ipv4_write_equals(span_of_text(changed), octets));
}

static void each_octet_is_written_at_each_place(void **state)
{
	char text[20];

	(void)state;
	for (int place = 0; place < 4; place++)
		for (int others = 1; others <= 200; others = others * 14)
			for (int value = 0; value < 256; value++) {
				uint8_t octet[4] = {(uint8_t)others, (uint8_t)others, (uint8_t)others, (uint8_t)others};
				octet[place] = (uint8_t)value;
				snprintf(text, sizeof(text), "%d.%d.%d.%d", octet[0], octet[1], octet[2], octet[3]);
				expect_written(octet, text);
			}
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&page, 4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guard_page_free(&page);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_octet_at_every_place),
		cmocka_unit_test(digits_and_dots_anyhow),
		cmocka_unit_test(every_byte_at_every_place),
		cmocka_unit_test(prefixes_are_refused_unless_they_are_addresses),
		cmocka_unit_test(each_octet_is_written_at_each_place),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
