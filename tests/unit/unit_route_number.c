#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "route_number.h"

static void assert_decodes(const char *user, const char *expected)
{
	struct number number;

	assert_int_equal(route_number_decode(&number, span_of_text(user)), REASON_NONE);
	assert_string_equal(number.text, expected);
	assert_int_equal(number.length, strlen(expected));
}

static void assert_refuses(const char *user, enum reason expected)
{
	struct number number = {.length = 3, .text = "abc"};

	assert_int_equal(route_number_decode(&number, span_of_text(user)), expected);
	assert_string_equal(number.text, "abc");
}

static void r3_percent_escapes(void **state)
{
	(void)state;
	assert_decodes("%2B34944000000", "+34944000000");
	assert_decodes("%2b34", "+34");
	assert_decodes("%2a21%23", "*21#");
	assert_decodes("%32001", "2001");
	assert_refuses("20%", REASON_NUMBER_INVALID);
	assert_refuses("20%2", REASON_NUMBER_INVALID);
	assert_refuses("20%zz", REASON_NUMBER_INVALID);
}

static void r3_user_parameters_are_cut(void **state)
{
	(void)state;
	assert_decodes("+34944000000;phone-context=example.net", "+34944000000");
	assert_decodes("2001;", "2001");
	assert_refuses(";a=b", REASON_NUMBER_INVALID);
	assert_decodes("a%3bb", "a;b"); /* an escaped one is part of the number, which R6 then refuses */
}

static void r3_visual_separators_only_between_digits(void **state)
{
	(void)state;
	assert_decodes("+34(944)00-00.00", "+34944000000");
	assert_decodes("94-400-0000", "944000000");
	assert_decodes("hq-pbx", "hq-pbx");
	assert_decodes("*21-1", "*21-1");
	assert_decodes("1+2-3", "1+2-3");
	assert_decodes("--", "--");
}

static void r6_empty(void **state)
{
	(void)state;
	assert_refuses("", REASON_NUMBER_INVALID);
}

static void too_long(void **state)
{
	char digits[300];

	(void)state;
	memset(digits, '1', sizeof(digits));
	digits[NUMBER_BYTES_MAX] = '\0';
	assert_decodes(digits, digits);
	digits[NUMBER_BYTES_MAX] = '1';
	digits[NUMBER_BYTES_MAX + 1] = '\0';
	assert_refuses(digits, REASON_NUMBER_TOO_LONG);
	memset(digits, '-', sizeof(digits));
	digits[0] = '1';
	digits[sizeof(digits) - 1] = '\0';
	assert_refuses(digits, REASON_NUMBER_TOO_LONG);
}

static void r6_characters(void **state)
{
	(void)state;
	assert_true(route_number_is_valid(SPAN_LITERAL("+34944000000")));
	assert_true(route_number_is_valid(SPAN_LITERAL("*21*600#")));
	assert_true(route_number_is_valid(SPAN_LITERAL("Alice1")));
	assert_false(route_number_is_valid(SPAN_LITERAL("")));
	assert_false(route_number_is_valid(SPAN_LITERAL("hq-pbx")));
	assert_false(route_number_is_valid(SPAN_LITERAL("20 01")));
	assert_false(route_number_is_valid(SPAN_LITERAL("20\0001")));
	assert_false(route_number_is_valid(SPAN_LITERAL("\xc3\xa9")));
	assert_true(route_number_is_e164(SPAN_LITERAL("+1")));
	assert_false(route_number_is_e164(SPAN_LITERAL("+")));
	assert_false(route_number_is_e164(SPAN_LITERAL("1")));
	assert_false(route_number_is_e164(SPAN_LITERAL("+1x")));
}

static void r37_emergency_numbers_of_a_company(void **state)
{
	const struct span numbers[] = {SPAN_LITERAL("112"), SPAN_LITERAL("061")};
	const struct company company = {.emergency = numbers, .emergency_count = 2}, none = {0};

	(void)state;
	assert_true(route_number_is_emergency(&company, SPAN_LITERAL("112")));
	assert_true(route_number_is_emergency(&company, SPAN_LITERAL("061")));
	assert_false(route_number_is_emergency(&company, SPAN_LITERAL("11")));
	assert_false(route_number_is_emergency(&company, SPAN_LITERAL("1122")));
	assert_false(route_number_is_emergency(&company, SPAN_LITERAL("+34112")));
	assert_false(route_number_is_emergency(&none, SPAN_LITERAL("112")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r3_percent_escapes),
		cmocka_unit_test(r3_user_parameters_are_cut),
		cmocka_unit_test(r3_visual_separators_only_between_digits),
		cmocka_unit_test(r6_empty),
		cmocka_unit_test(too_long),
		cmocka_unit_test(r6_characters),
		cmocka_unit_test(r37_emergency_numbers_of_a_company),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
