#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "number.h"

static struct dial_plan plan_of(const char *country, const char *area_code)
{
	const struct country *found = country_find(span_of_text(country));
	assert_non_null(found);
	return (struct dial_plan){found, span_of_text(area_code)};
}

static void assert_to(const char *country, const char *area_code, const char *dialled, const char *expected)
{
	struct dial_plan plan = plan_of(country, area_code);
	struct number number;

	assert_true(number_to_e164(&number, span_of_text(dialled), &plan));
	assert_string_equal(number.text, expected);
	assert_int_equal(number.length, strlen(expected));
}

static void assert_from(const char *country, const char *area_code, const char *e164, const char *expected)
{
	struct dial_plan plan = plan_of(country, area_code);
	struct number number;

	assert_true(number_from_e164(&number, span_of_text(e164), &plan));
	assert_string_equal(number.text, expected);
	assert_int_equal(number.length, strlen(expected));
}

static void assert_both(const char *country, const char *area_code, const char *dialled, const char *e164)
{
	assert_to(country, area_code, dialled, e164);
	assert_from(country, area_code, e164, dialled);
}

static void r31_r32_spain(void **state)
{
	(void)state;
	assert_both("ES", "", "911234567", "+34911234567");
	assert_both("ES", "", "0033123456789", "+33123456789");
	assert_both("ES", "", "112", "+34112");
}

static void r31_r32_spain_with_area_code(void **state)
{
	(void)state;
	assert_both("ES", "94", "4000000", "+34944000000");
	assert_to("ES", "94", "944000000", "+34944000000");
	assert_both("ES", "94", "911234567", "+34911234567");
	assert_both("ES", "94", "112", "+34112");
}

static void r31_r32_us_area_212(void **state)
{
	(void)state;
	assert_both("US", "212", "5551234", "+12125551234");
	assert_both("US", "212", "14155551234", "+14155551234");
	assert_both("US", "212", "01134911234567", "+34911234567");
	assert_both("US", "212", "911", "+1911");
}

static void r31_r32_uk_area_20(void **state)
{
	(void)state;
	assert_both("GB", "20", "79460000", "+442079460000");
	assert_both("GB", "20", "01614960000", "+441614960000");
	assert_both("GB", "20", "0034911234567", "+34911234567");
}

static void r31_plus_digits_stay(void **state)
{
	(void)state;
	assert_to("ES", "94", "+33123456789", "+33123456789");
	assert_to("US", "", "+1", "+1");
}

static void r31_trunk_prefix_needs_a_national_length_behind_it(void **state)
{
	(void)state;
	assert_to("GB", "", "0161496",
		  "+440161496"); /* six digits behind 0, seven with it: neither trunk call nor short */
	assert_to("US", "", "1911", "+11911");
}

static void r31_calling_code_without_plus(void **state)
{
	(void)state;
	assert_to("ES", "", "34911234567", "+34911234567");
	assert_to("ES", "", "349112345", "+34349112345"); /* nine digits: a national number first */
	assert_to("ES", "", "3491123456", "+343491123456");
}

static void r31_what_is_no_number_stays(void **state)
{
	(void)state;
	assert_to("ES", "94", "*21", "*21");
	assert_to("ES", "94", "#31#600123123", "#31#600123123");
	assert_to("ES", "94", "alice", "alice");
	assert_to("ES", "94", "+", "+");
	assert_to("ES", "94", "", "");
	assert_to("ES", "94", "00", "+3400");
}

static void r32_what_is_no_e164_stays(void **state)
{
	(void)state;
	assert_from("ES", "94", "2001", "2001");
	assert_from("ES", "94", "+", "+");
	assert_from("ES", "94", "+34x", "+34x");
	assert_from("ES", "94", "alice", "alice");
	assert_from("ES", "94", "", "");
}

static void r32_other_countries_behind_the_international_prefix(void **state)
{
	(void)state;
	assert_from("US", "", "+442079460000", "011442079460000");
	assert_from("RU", "", "+34911234567", "81034911234567");
	assert_from("ES", "", "+34", "0034");
}

static void without_country_numbers_stay(void **state)
{
	struct dial_plan plan = {0};
	struct number number;

	(void)state;
	assert_true(number_to_e164(&number, SPAN_LITERAL("911234567"), &plan));
	assert_string_equal(number.text, "911234567");
	assert_true(number_from_e164(&number, SPAN_LITERAL("+34911234567"), &plan));
	assert_string_equal(number.text, "+34911234567");
}

static void numbers_too_long_are_refused(void **state)
{
	static const char digits[] = "99999999999999999999999999999999999999999999999999999999999999999";
	struct dial_plan plan = plan_of("ES", "");
	struct number number = {.length = 7};

	(void)state;
	assert_true(number_to_e164(&number, span_make(digits, NUMBER_BYTES_MAX - 3), &plan));
	assert_int_equal(number.length, NUMBER_BYTES_MAX);
	assert_false(number_to_e164(&number, span_make(digits, NUMBER_BYTES_MAX - 2), &plan));
	assert_false(number_to_e164(&number, span_make(digits, NUMBER_BYTES_MAX + 1), &plan));
	assert_int_equal(number.length, NUMBER_BYTES_MAX);
}

/* ISO 3166-1 has 249 codes; the rows of libphonenumber's own (AC, TA, XK) come on top. */
static void countries_are_all_there(void **state)
{
	static const char some[][3] = {"AD", "AQ", "BV", "DE", "ES", "FR", "GB", "GS", "HM", "IT",
				       "JP", "MX", "PN", "RU", "TF", "UM", "US", "XK", "ZA", "ZW"};
	uint32_t count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		assert_non_null(country_find(span_of_text(some[i])));
	for (char first = 'A'; first <= 'Z'; first++)
		for (char second = 'A'; second <= 'Z'; second++) {
			const char code[] = {first, second};
			const struct country *country = country_find(span_make(code, 2));
			if (!country)
				continue;
			count++;
			assert_memory_equal(country->code, code, 2);
			assert_int_not_equal(strlen(country->calling_code), 0);
			assert_int_not_equal(strlen(country->international_prefix), 0);
			assert_int_not_equal(country->national_lengths, 0);
		}
	assert_int_equal(count, 249 + 3);
	assert_null(country_find(SPAN_LITERAL("ZZ")));
	assert_null(country_find(SPAN_LITERAL("es")));
	assert_null(country_find(SPAN_LITERAL("ESP")));
	assert_null(country_find(SPAN_LITERAL("")));
}

/* What somebody is shown (R32) leads back to the same number when it is dialled (R31), in every country. */
static void what_is_shown_can_be_dialled(void **state)
{
	static const char digits[] = "523456789012345678901234567890";
	uint32_t pairs = 0;

	(void)state;
	for (uint32_t code = 0; code < 26 * 26; code++) {
		const char text[] = {(char)('A' + code / 26), (char)('A' + code % 26)};
		const struct country *country = country_find(span_make(text, 2));
		if (!country || country->trunk_prefix[0] == '5')
			continue;
		struct dial_plan plan = {country, {0}};
		for (uint32_t length = 4; length < 16; length++) {
			if ((country->national_lengths >> length & 1) == 0)
				continue;
			char e164[64];
			struct number dialled, back;
			e164[0] = '+';
			size_t calling = strlen(country->calling_code);
			memcpy(e164 + 1, country->calling_code, calling);
			memcpy(e164 + 1 + calling, digits, length);
			assert_true(number_from_e164(&dialled, span_make(e164, 1 + calling + length), &plan));
			assert_true(number_to_e164(&back, number_text(&dialled), &plan));
			assert_int_equal(back.length, 1 + calling + length);
			assert_memory_equal(back.text, e164, back.length);
			pairs++;
		}
	}
	assert_true(pairs > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r31_r32_spain),
		cmocka_unit_test(r31_r32_spain_with_area_code),
		cmocka_unit_test(r31_r32_us_area_212),
		cmocka_unit_test(r31_r32_uk_area_20),
		cmocka_unit_test(r31_plus_digits_stay),
		cmocka_unit_test(r31_trunk_prefix_needs_a_national_length_behind_it),
		cmocka_unit_test(r31_calling_code_without_plus),
		cmocka_unit_test(r31_what_is_no_number_stays),
		cmocka_unit_test(r32_what_is_no_e164_stays),
		cmocka_unit_test(r32_other_countries_behind_the_international_prefix),
		cmocka_unit_test(without_country_numbers_stay),
		cmocka_unit_test(numbers_too_long_are_refused),
		cmocka_unit_test(countries_are_all_there),
		cmocka_unit_test(what_is_shown_can_be_dialled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
