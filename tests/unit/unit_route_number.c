#include "cmocka_all.h"
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

/* What is no number, however it is written: no byte of it is lost, so that none of them hides another. */
static void r6_bad_user_parts(void **state)
{
	static const struct {
		struct span user;
		enum reason reason; /* NONE: it decodes, and its characters are refused or, when `valid`, not */
		bool valid;
		uint32_t length;
	} rows[] = {
		{SPAN_LITERAL("2001%00"), REASON_NONE, false, 5},
		{SPAN_LITERAL("%002001"), REASON_NONE, false, 5},
		{SPAN_LITERAL("20\00001"), REASON_NONE, false, 5},
		{SPAN_LITERAL("%00"), REASON_NONE, false, 1},
		{SPAN_LITERAL("2001%0d%0a"), REASON_NONE, false, 6},
		{SPAN_LITERAL("%2001"), REASON_NONE, false, 3},
		{SPAN_LITERAL("20%4001"), REASON_NONE, false, 5},
		{SPAN_LITERAL("2001%25"), REASON_NONE, false, 5},
		{SPAN_LITERAL("%252001"), REASON_NONE, false, 5},
		{SPAN_LITERAL("2001%ff"), REASON_NONE, false, 5},
		{SPAN_LITERAL("-.()"), REASON_NONE, false, 4},
		{SPAN_LITERAL("+-"), REASON_NONE, false, 2},
		{SPAN_LITERAL("-+34"), REASON_NONE, false, 4},
		{SPAN_LITERAL("+"), REASON_NONE, true, 1},
		{SPAN_LITERAL("++34"), REASON_NONE, true, 4},
		{SPAN_LITERAL("34+944"), REASON_NONE, true, 6},
		{SPAN_LITERAL("34+"), REASON_NONE, true, 3},
		{SPAN_LITERAL("nobody"), REASON_NONE, true, 6},
		{SPAN_LITERAL("%23"), REASON_NONE, true, 1},
		{SPAN_LITERAL("%"), REASON_NUMBER_INVALID, false, 0},
		{SPAN_LITERAL("%3"), REASON_NUMBER_INVALID, false, 0},
		{SPAN_LITERAL("%3g"), REASON_NUMBER_INVALID, false, 0},
		{SPAN_LITERAL("%%30"), REASON_NUMBER_INVALID, false, 0},
		{SPAN_LITERAL("2001%;a=b"), REASON_NUMBER_INVALID, false, 0},
		{SPAN_LITERAL(";"), REASON_NUMBER_INVALID, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct number number = {0};
		enum reason reason = route_number_decode(&number, rows[i].user);
		if (reason != rows[i].reason || number.length != rows[i].length ||
		    route_number_is_valid(number_text(&number)) != rows[i].valid ||
		    route_number_is_e164(number_text(&number)))
			fail_msg("row %zu, '%s': reason %u, length %u", i, rows[i].user.at, reason, number.length);
	}
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
	memset(digits, '1', sizeof(digits));
	digits[200] = '\0';
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r3_percent_escapes),
		cmocka_unit_test(r3_user_parameters_are_cut),
		cmocka_unit_test(r3_visual_separators_only_between_digits),
		cmocka_unit_test(r6_empty),
		cmocka_unit_test(r6_bad_user_parts),
		cmocka_unit_test(too_long),
		cmocka_unit_test(r6_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
