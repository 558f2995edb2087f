#include "byte_block.h"

#include "guard_page.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct guard_page guard;

/* Both tables say the same of every byte and class; the skip stops at the same byte, wherever it stands. */
static void test_tables_agree(void **state)
{
	(void)state;
	for (uint32_t class = 0; class < 8; class ++)
		for (uint32_t byte = 0; byte < 128; byte++)
			assert_int_equal(lexis_nibbles[class][byte & 15] >> (byte >> 4) & 1,
					 lexis_classes[byte] >> class & 1);
}

static void test_skip(void **state)
{
	(void)state;
	for (uint32_t byte = 0; byte < 256; byte++)
		for (uint32_t at = 0; at < 40; at++) {
			char text[40];
			memset(text, 'a', sizeof(text));
			text[at] = (char)byte;
			struct span input = guard_page_place(&guard, span_make(text, sizeof(text)));
			const char *stop = lexis_skip(input.at, input.at + input.length, LEXIS_VALUE);
			assert_int_equal(stop - input.at, lexis_classes[byte] & LEXIS_VALUE ? 40 : at);
			assert_int_equal(lexis_has_white_or_control(input), byte <= 0x20);
		}
}

/* Of every length, with every byte at every place against a letter, a digit and what is a letter's neighbour. */
static void test_equals_nocase(void **state)
{
	static const char others[] = "aA1@`[{";

	(void)state;
	for (uint32_t length = 0; length <= 34; length++)
		for (uint32_t at = 0; at < (length ? length : 1); at++)
			for (uint32_t pair = 0; pair < 256 * (sizeof(others) - 1); pair++) {
				char a[40], b[40], byte = (char)(pair % 256), other = others[pair / 256];
				memset(a, 'x', sizeof(a));
				memset(b, pair & 1 ? 'x' : 'X', sizeof(b));
				a[at] = byte;
				b[at] = other;
				bool is_same =
					length == 0 || byte == other || ((byte | 0x20) == 'a' && (other | 0x20) == 'a');
				struct span input = guard_page_place(&guard, span_make(a, length));
				assert_int_equal(span_equals_nocase(input, span_make(b, length)), is_same);
			}
	assert_false(span_equals_nocase(SPAN_LITERAL("acme.example"), SPAN_LITERAL("acme.example.net")));
}

static void test_numbers(void **state)
{
	(void)state;
	uint32_t number;
	assert_true(lexis_parse_number(&number, SPAN_LITERAL("4294967295"), UINT32_MAX));
	assert_int_equal(number, UINT32_MAX);
	assert_false(lexis_parse_number(&number, SPAN_LITERAL("4294967296"), UINT32_MAX));
	assert_false(lexis_parse_number(&number, SPAN_LITERAL("36893488147419103233"), UINT32_MAX));
	assert_true(lexis_parse_number(&number, SPAN_LITERAL("0000000000000000000000007"), 7));
	assert_false(lexis_parse_number(&number, SPAN_LITERAL("8"), 7));
	assert_false(lexis_parse_number(&number, SPAN_LITERAL(""), 7));
	assert_false(lexis_parse_number(&number, SPAN_LITERAL("1 "), 7));
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&guard, 4096);
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
		cmocka_unit_test(test_tables_agree),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_equals_nocase),
		cmocka_unit_test(test_numbers),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
