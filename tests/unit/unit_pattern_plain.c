/* Patterns of the usual shape: which are taken as rows; and rows, the scan and PCRE2 of the same opinion on every
 * number.
 */
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs.h>
#include <pcre2.h>

#include "cmocka_all.h"
#include "pattern_plain_build.h"
#include "pattern_scanned.h"
#include "pattern_set_build.h"
#include "pattern_set_fixture.h"

#define NONE UINT32_MAX

static uint32_t plain_rows(const char *pattern)
{
	struct pattern_plain row[PATTERN_PLAIN_ROWS_MAX];
	struct span text = span_of_text(pattern);
	uint32_t rows, taken = pattern_plain_build(row, &rows, &text, 1);

	assert_int_equal(taken, rows > 0);
	return rows;
}

static void shapes(void **state)
{
	static const struct {
		const char *pattern;
		uint32_t rows;
	} cases[] = {
		{"^2[0-9]{3}$", 1},
		{"^2", 1},
		{".*", 1},
		{"^.*", 1},
		{"^", 1},
		{"^$", 1},
		{"^\\+34[0-9]+$", 1},
		{"^[+]34.*", 1},
		{"^\\*21#?$", 0},
		{"^\\*21#$", 1},
		{"^3[5-9]", 5},
		{"^[67]\\d{8}$", 2},
		{"^[1-9][2-3]$", 0}, /* more than one pattern may have */
		{"^[2-9][0-9]{3}$", 8},
		{"^34[0-9][0-9]\\d*$", 1},
		{"^12345678901$", 1},
		{"^123456789012$", 0}, /* longer than a row */
		{"^12345678901[0-9]{100}$", 1},
		{"^1[0-9]{101}$", 0},
		{"^1[0-9]{60}[0-9]{60}$", 0},
		{"^1[0-9]{0,100}$", 1},
		{"^1[0-9]{0,60}[0-9]{0,60}$", 0}, /* an end that a row cannot say */
		{"^1[0-9]{0,60}[0-9]*$", 1},
		{"^1[0-9]*", 1},
		{"^1[0-9]+", 0}, /* without an end */
		{"2", 0},
		{"2$", 0},
		{"^2|3", 0},
		{"^(2)$", 0},
		{"^2?$", 0},
		{"^2{3}$", 0},
		{"^2[0-9]{3", 0},
		{"^2[0-9]{,3}$", 0},
		{"^2[0-9]{3,2}$", 0},
		{"^2[0-9]+?$", 0},
		{"^2[0-9]++$", 0},
		{"^2[^0]$", 0},
		{"^2[a-z]$", 0},
		{"^2[0-9", 0},
		{"^2[]$", 0},
		{"^2[0-9]3$", 0},
		{"^2.$", 0},
		{"^2.*$", 0},
		{"^2.+", 0},
		{"^2$$", 0},
		{"^^2", 0},
		{"^2\\", 0},
		{"^2\\w", 0},
		{"(?i)^a", 0},
		{"^(?!29)2", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t rows = plain_rows(cases[i].pattern);
		if (rows != cases[i].rows)
			fail_msg("%s has %u rows, not %u", cases[i].pattern, rows, cases[i].rows);
	}
}

/* R7: nobody else checks what has rows. */
static void too_long_is_not_plain(void **state)
{
	char text[PATTERN_BYTES_MAX + 2] = "";

	(void)state;
	memset(text, '2', PATTERN_BYTES_MAX);
	memcpy(text, "^[", 2);
	text[PATTERN_BYTES_MAX - 1] = ']';
	assert_int_equal(plain_rows(text), 1);
	text[PATTERN_BYTES_MAX - 1] = '2';
	text[PATTERN_BYTES_MAX] = ']';
	assert_int_equal(plain_rows(text), 0);
}

/* The rows end before the first pattern of another shape, and where they are full. */
static void rows_stand_for_the_first_patterns(void **state)
{
	struct pattern_plain row[PATTERN_PLAIN_ROWS_MAX];
	struct span text[PATTERN_PLAIN_ROWS_MAX + 1];
	uint32_t rows;

	(void)state;
	for (uint32_t i = 0; i <= PATTERN_PLAIN_ROWS_MAX; i++)
		text[i] = SPAN_LITERAL("^2");
	assert_int_equal(pattern_plain_build(row, &rows, text, PATTERN_PLAIN_ROWS_MAX + 1), PATTERN_PLAIN_ROWS_MAX);
	assert_int_equal(rows, PATTERN_PLAIN_ROWS_MAX);
	text[2] = SPAN_LITERAL("^[67]");
	assert_int_equal(pattern_plain_build(row, &rows, text, PATTERN_PLAIN_ROWS_MAX), PATTERN_PLAIN_ROWS_MAX - 1);
	text[1] = SPAN_LITERAL("2");
	assert_int_equal(pattern_plain_build(row, &rows, text, 3), 1);
	assert_int_equal(rows, 1);
}

/* ---- against the scan and PCRE2 ---- */

#define SETS	900
#define OF_SET	8
#define NUMBERS 300

#define NUMBER_BYTES_MAX 260

static uint64_t seed;

static uint32_t random_below(uint32_t end)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % end;
}

static const char *choose(const char *const *from, uint32_t count)
{
	return from[random_below(count)];
}

#define CHOOSE(...)                                                                                                    \
	choose((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* Few bytes, so that numbers hit; now and then something that makes it another shape. */
static void make_pattern(char *text)
{
	*text = '\0';
	strcat(text, random_below(12) ? "^" : "");
	for (uint32_t n = random_below(4); n > 0; n--)
		strcat(text, CHOOSE("2", "2", "6", "\\+", "[+]", "a", "#", "\\*", "[26]", "[5-7]", "[2*]"));
	if (random_below(12) == 0)
		strcat(text, CHOOSE("?", "*", "|", "(6|2)", ".", "{2}", "\\n", "[^6]", "2?", "(?!6)"));
	for (uint32_t n = random_below(3); n > 0; n--)
		strcat(text, CHOOSE("[0-9]", "\\d", "[0-9]+", "[0-9]*", "\\d?", "\\d{2}", "[0-9]{1,3}", "[0-9]{2,}"));
	if (random_below(12) == 0)
		strcat(text, CHOOSE("[0-9]{98}", "[0-9]{99}", "\\d{0,98}", "[0-9]{9,99}", "[0-9]{98,}"));
	strcat(text, CHOOSE("$", "$", "$", "", ".*", ".", "$\\n"));
}

static struct span make_number(char *text)
{
	static const char bytes[] = "222666507+*#a\n";
	uint32_t length = random_below(8), first_kinds = random_below(2) ? 9 : sizeof(bytes); /* the NUL too */

	if (random_below(40) == 0) /* about what a pattern may count to, and what a byte can say */
		length = (random_below(2) ? 98 : 250) + random_below(10);
	for (uint32_t i = 0; i < length; i++)
		text[i] = bytes[random_below(i > 7 ? 9 : first_kinds)];
	return span_make(text, length);
}

struct oracle {
	pcre2_code *code[OF_SET];
	pcre2_match_data *found;
};

struct tally {
	uint32_t plain, without_database, matches, long_matches;
};

static uint32_t ask_oracle(const struct oracle *oracle, uint32_t from, struct span number)
{
	for (; from < OF_SET; from++)
		if (pcre2_match(oracle->code[from], (PCRE2_SPTR)number.at, number.length, 0, 0, oracle->found, NULL) >=
		    0)
			return from;
	return NONE;
}

static uint32_t ask(const struct pattern_set *set, uint32_t from, struct span number, struct match_scratch *scratch)
{
	uint32_t id = NONE;

	return pattern_match_next(&id, set, from, number, scratch) ? id : NONE;
}

/* Every other set has nothing but plain patterns, and no database. */
static void make_patterns(char texts[OF_SET][64], struct span patterns[OF_SET], struct oracle *oracle, bool all_plain)
{
	int error;
	PCRE2_SIZE offset;

	for (uint32_t i = 0; i < OF_SET; i++) {
		do {
			make_pattern(texts[i]);
			pcre2_code_free(oracle->code[i]);
			oracle->code[i] =
				pcre2_compile((PCRE2_SPTR)texts[i], PCRE2_ZERO_TERMINATED, 0, &error, &offset, NULL);
			/* Nobody else checks what has rows. */
			assert_true(oracle->code[i] || plain_rows(texts[i]) == 0);
		} while (!oracle->code[i] || texts[i][0] == '\0' || (all_plain && plain_rows(texts[i]) == 0));
		patterns[i] = span_of_text(texts[i]);
	}
}

/* What explain says of each pattern alone. */
static void compare_one_by_one(const struct pattern_set *set, const struct oracle *oracle, struct span number,
			       struct match_scratch *scratch)
{
	for (uint32_t i = 0; i < OF_SET; i++)
		assert_int_equal(pattern_match_one(set, i, number, scratch),
				 pcre2_match(oracle->code[i], (PCRE2_SPTR)number.at, number.length, 0, 0, oracle->found,
					     NULL) >= 0);
	assert_false(pattern_match_one(set, OF_SET, number, scratch));
}

static void compare_numbers(const struct pattern_set *set, const struct pattern_set *scanned,
			    const struct oracle *oracle, struct match_scratch *scratch, struct tally *tally)
{
	char text[NUMBER_BYTES_MAX];

	for (uint32_t n = 0; n < NUMBERS; n++) {
		struct span number = make_number(text);
		uint32_t from = random_below(3) ? 0 : random_below(OF_SET + 1);
		uint32_t by_rows = ask(set, from, number, scratch), by_scan = ask(scanned, from, number, scratch);
		uint32_t expected = ask_oracle(oracle, from, number);
		if (by_rows != expected || by_scan != expected)
			fail_msg("\"" SPAN_FORMAT "\" (%u bytes) from %u: %d by rows, %d by scan, %d by PCRE2 (%s)",
				 SPAN_ARGUMENTS(number), number.length, from, (int)by_rows, (int)by_scan, (int)expected,
				 expected == NONE ? "none" : set->text[expected].at);
		if (n % 16 == 0)
			compare_one_by_one(set, oracle, number, scratch);
		tally->matches += expected < set->plain_count;
		tally->long_matches += expected < set->plain_count && number.length > 200;
	}
}

static void rows_scan_and_pcre2_agree(void **state)
{
	struct oracle oracle = {.found = pcre2_match_data_create(1, NULL)};
	struct match_scratch scratch;
	struct tally tally = {0};

	(void)state;
	pattern_set_fixture_init(&scratch);
	for (uint32_t s = 0; s < SETS; s++) {
		char texts[OF_SET][64];
		struct span patterns[OF_SET];
		struct pattern_compiled *compiled;
		struct pattern_scanned scanned;
		struct pattern_error error;
		struct pattern_set set;
		seed = s;
		make_patterns(texts, patterns, &oracle, s % 2);
		assert_int_equal(pattern_set_build_compile(&compiled, patterns, OF_SET, &error), STATUS_OK);
		pattern_set_build_view(&set, compiled, NULL);
		assert_int_equal(set.database == NULL, set.plain_count == OF_SET);
		if (set.database)
			assert_int_equal(hs_alloc_scratch(set.database, &scratch.hyperscan), HS_SUCCESS);
		pattern_scanned_make(&scanned, patterns, OF_SET, &scratch);
		compare_numbers(&set, &scanned.set, &oracle, &scratch, &tally);
		tally.plain += set.plain_count;
		tally.without_database += set.database == NULL;
		pattern_scanned_free(&scanned);
		pattern_set_build_release(compiled);
		for (uint32_t i = 0; i < OF_SET; i++)
			pcre2_code_free(oracle.code[i]);
		oracle = (struct oracle){.found = oracle.found};
	}
	print_message("%u plain patterns of %u, %u numbers of %u taken by one, %u long ones\n", tally.plain,
		      SETS * OF_SET, tally.matches, SETS * NUMBERS, tally.long_matches);
	assert_true(tally.plain > SETS * OF_SET / 4 && tally.plain - OF_SET * tally.without_database > SETS / 4);
	assert_true(tally.without_database > SETS / 3);
	assert_true(tally.matches > SETS * NUMBERS / 10);
	assert_true(tally.long_matches > SETS / 10);
	pattern_set_fixture_free_scratch(&scratch);
	pcre2_match_data_free(oracle.found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(too_long_is_not_plain),
		cmocka_unit_test(rows_stand_for_the_first_patterns),
		cmocka_unit_test(rows_scan_and_pcre2_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
