#include "cmocka_all.h"
#include "number.h"

/* All codes of ISO 3166-1, as tzdata's iso3166.tab lists them. */
static const char iso_codes[] =
	"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS "
	"BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE "
	"EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM "
	"HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC "
	"LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA "
	"NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW "
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO "
	"TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

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

/* R31: each of the seven before the one behind it, by a number that both would take. */
static void r31_first_that_fits(void **state)
{
	(void)state;
	assert_to("CV", "", "+0123456789", "+0123456789");  /* (1) as is; behind the + (2) would take the 0 away */
	assert_to("PA", "", "00800542686", "+800542686");   /* (2) abroad, (5) eleven digits */
	assert_to("AT", "", "0012345", "+12345");	    /* (2) abroad, (3) trunk call of 012345 */
	assert_to("GB", "20", "07946000", "+447946000");    /* (3) seven behind 0, (4) eight and two of the area */
	assert_to("GB", "", "0161496000", "+44161496000");  /* (3) nine behind 0, (5) ten */
	assert_to("AD", "12", "345678", "+37612345678");    /* (4) six and two, (5) six */
	assert_to("AD", "1", "37634567", "+376137634567");  /* (4) eight and one, (5) eight */
	assert_to("ES", "", "349112345", "+34349112345");   /* (5) nine, (6) seven behind 34 would be none anyway */
	assert_to("AD", "", "376345678", "+376376345678");  /* (5) nine, (6) six behind 376 */
	assert_to("AD", "", "37634567890", "+37634567890"); /* (6) eight behind 376, (7) */
	assert_to("AD", "", "3763456", "+3763763456");	    /* (7) four behind 376 are none */
}

/* R32: what R31 would not take back is not what decides: the rule is the number's own beginning and lengths. */
static void r32_first_that_fits(void **state)
{
	(void)state;
	assert_from("GB", "20", "+33201234567", "0033201234567"); /* another country, whatever its digits */
	assert_from("GB", "20", "+442079460000", "79460000");	  /* of the area */
	assert_from("GB", "20", "+441612012345", "01612012345");  /* the area's digits further inside */
	assert_from("GB", "207946", "+44207946", "207946");	  /* no national length: as a short code */
	assert_from("GB", "2079460", "+442079460", "02079460");	  /* nothing but the area code: whole */
	assert_from("IT", "06", "+390612345678", "12345678");	  /* Italy's 0 is the number's own */
	assert_from("IT", "", "+390612345678", "0612345678");
	assert_both("HU", "", "06201234567", "+36201234567"); /* trunk prefixes of other lengths */
	assert_both("BY", "", "80294911911", "+375294911911");
	assert_both("GA", "", "060050296", "+24160050296");
	assert_both("LT", "", "061234567", "+37061234567");
	assert_both("RU", "495", "89161234567", "+79161234567");
	assert_both("RU", "495", "1234567", "+74951234567");
	assert_both("MX", "", "2221234567", "+522221234567");
	assert_both("BR", "11", "961234567", "+5511961234567");
	assert_both("SG", "", "00134612345678", "+34612345678");
}

static bool has_length(const struct country *country, size_t digits)
{
	return country->national_lengths >> digits & 1;
}

/* R31 (2), (3), (5) and (6). */
static bool is_taken_otherwise(const struct country *country, const char *code)
{
	const char *const prefixes[] = {country->trunk_prefix, country->calling_code};
	size_t digits = strlen(code), international = strlen(country->international_prefix);

	if ((digits > international && strncmp(code, country->international_prefix, international) == 0) ||
	    has_length(country, digits))
		return true;
	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(prefixes[i]);
		if (length > 0 && length < digits && strncmp(code, prefixes[i], length) == 0 &&
		    has_length(country, digits - length))
			return true;
	}
	return false;
}

/* Emergency and service numbers: in every country whose national numbers are longer, to +CC and back. */
static void r31_r32_short_codes_stay_short(void **state)
{
	static const char *const codes[] = {"112", "911", "999", "000", "061", "110", "15", "1", "1004", "116117"};
	uint32_t kept = 0, taken = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(iso_codes); i += 3)
		for (size_t j = 0; j < sizeof(codes) / sizeof(codes[0]); j++) {
			const struct country *country = country_find(span_make(&iso_codes[i], 2));
			struct dial_plan plan = {country, {0}};
			struct number e164, back;
			char expected[16];

			assert_true(number_to_e164(&e164, span_of_text(codes[j]), &plan));
			assert_true(number_from_e164(&back, number_text(&e164), &plan));
			if (is_taken_otherwise(country, codes[j])) {
				taken++;
				continue;
			}
			snprintf(expected, sizeof(expected), "+%s%s", country->calling_code, codes[j]);
			assert_string_equal(e164.text, expected);
			assert_string_equal(back.text, codes[j]);
			kept++;
		}
	assert_int_equal(kept, 2236);
	assert_int_equal(kept + taken, 249 * sizeof(codes) / sizeof(codes[0]));
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

/* The rows of libphonenumber's own (AC, TA, XK) come on top. */
static void countries_are_all_there(void **state)
{
	uint32_t count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(iso_codes); i += 3)
		if (!country_find(span_make(&iso_codes[i], 2)))
			fail_msg("%.2s has no row", &iso_codes[i]);
	assert_int_equal((sizeof(iso_codes)) / 3, 249);
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
		cmocka_unit_test(r31_first_that_fits),
		cmocka_unit_test(r32_first_that_fits),
		cmocka_unit_test(r31_r32_short_codes_stay_short),
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
