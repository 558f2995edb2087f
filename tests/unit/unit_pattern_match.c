#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "pattern_set_fixture.h"

#define NONE UINT32_MAX

struct fixture {
	struct match_scratch scratch;
	struct pattern_set set;
};

static struct fixture build(const char *const *texts, uint32_t count)
{
	struct fixture fixture;
	struct pattern_row *rows = calloc(count + 1, sizeof(*rows));

	assert_non_null(rows);
	for (uint32_t i = 0; i < count; i++)
		rows[i] = (struct pattern_row){texts[i], i};
	pattern_set_fixture_init(&fixture.scratch);
	pattern_set_fixture_build(&fixture.set, rows, count, &fixture.scratch);
	free(rows);
	return fixture;
}

static void release(struct fixture *fixture)
{
	pattern_set_fixture_free(&fixture->set);
	pattern_set_fixture_free_scratch(&fixture->scratch);
}

static uint32_t first(struct fixture *fixture, const char *number)
{
	uint32_t id = NONE;
	bool found = pattern_match_first(&id, &fixture->set, span_of_text(number), &fixture->scratch);

	assert_true(found == (id != NONE));
	return id;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void r7_unanchored_case_sensitive_whole_number(void **state)
{
	static const char *const texts[] = {"^2[0-9]{3}$", "^[+]34", "00", "abc"};
	struct fixture fixture = build(texts, COUNT(texts));

	(void)state;
	assert_int_equal(first(&fixture, "2001"), 0);
	assert_int_equal(first(&fixture, "21010"), NONE);
	assert_int_equal(first(&fixture, "20012003"), 2);
	assert_int_equal(first(&fixture, "+34600"), 1);
	assert_int_equal(first(&fixture, "1001"), 2);
	assert_int_equal(first(&fixture, "xabcx"), 3);
	assert_int_equal(first(&fixture, "xABCx"), NONE);
	assert_int_equal(first(&fixture, ""), NONE);
	release(&fixture);
}

static void r7_catch_all(void **state)
{
	static const char *const texts[] = {"^9", ".*"};
	struct fixture fixture = build(texts, COUNT(texts));

	(void)state;
	assert_int_equal(first(&fixture, "912"), 0);
	assert_int_equal(first(&fixture, "1"), 1);
	release(&fixture);
}

static void r8_least_id_wins_wherever_it_matches(void **state)
{
	static const char *const texts[] = {"9$", "^1", "1", "^12"};
	struct fixture fixture = build(texts, COUNT(texts));

	(void)state;
	assert_int_equal(first(&fixture, "1239"), 0);
	assert_int_equal(first(&fixture, "1238"), 1);
	assert_int_equal(first(&fixture, "2138"), 2);
	release(&fixture);
}

static void r7_look_around_is_confirmed(void **state)
{
	static const char *const texts[] = {"^(?!999)[0-9]+$", "^9", "(?<=00)7$", "^(1+)2\\1$"};
	struct fixture fixture = build(texts, COUNT(texts));

	(void)state;
	assert_non_null(fixture.set.confirm);
	assert_non_null(fixture.set.confirm[0]);
	assert_null(fixture.set.confirm[1]);
	assert_int_equal(first(&fixture, "998"), 0);
	assert_int_equal(first(&fixture, "9991"), 1);
	assert_int_equal(first(&fixture, "+007"), 2);
	assert_int_equal(first(&fixture, "+017"), NONE);
	assert_true(pattern_match_one(&fixture.set, 3, SPAN_LITERAL("11211"), &fixture.scratch));
	assert_false(pattern_match_one(&fixture.set, 3, SPAN_LITERAL("1121"), &fixture.scratch));
	release(&fixture);
}

/* More candidates that fail than one scan keeps: the walk goes on behind them. */
static void r7_many_candidates_fail_before_one_is_confirmed(void **state)
{
	enum { FAILING = 100 };
	static char texts[FAILING + 2][32];
	const char *pointers[FAILING + 2];

	(void)state;
	for (uint32_t i = 0; i < FAILING; i++) {
		snprintf(texts[i], sizeof(texts[i]), "^(?!5)5[0-9]*|^%u$", 1000 + i);
		pointers[i] = texts[i];
	}
	pointers[FAILING] = "^5(?=0)";
	pointers[FAILING + 1] = "^5";
	struct fixture fixture = build(pointers, FAILING + 2);
	assert_int_equal(first(&fixture, "501"), FAILING);
	assert_int_equal(first(&fixture, "511"), FAILING + 1);
	assert_int_equal(first(&fixture, "1050"), 50);
	assert_int_equal(first(&fixture, "6"), NONE);
	release(&fixture);
}

static void a_pattern_over_its_backtracking_limit_does_not_match(void **state)
{
	static const char *const texts[] = {"^(?=(a+)+b)a", "^a"};
	struct fixture fixture = build(texts, COUNT(texts));

	(void)state;
	assert_int_equal(first(&fixture, "aab"), 0);
	assert_int_equal(fixture.scratch.given_up, 0);
	assert_int_equal(first(&fixture, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), 0);
	assert_int_equal(first(&fixture, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaacb"), 1);
	assert_int_equal(fixture.scratch.given_up, 1);
	release(&fixture);
}

/* A frame holds what every group captured: a hundred groups fill MATCH_FRAMES_KB within a number. */
static void a_pattern_over_its_memory_does_not_match(void **state)
{
	static char greedy[PATTERN_BYTES_MAX + 1] = "^(?=";
	const char *texts[] = {greedy, "^a"};

	(void)state;
	for (int i = 0; i < 110; i++)
		strcat(greedy, "()");
	strcat(greedy, "(?:(?:(?:a|b)))*c)");
	struct fixture fixture = build(texts, COUNT(texts));
	/* Again and again: what a match took is there for the next. */
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(first(&fixture, "aaaac"), 0);
		assert_int_equal(first(&fixture, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"), 1);
		assert_int_equal(fixture.scratch.given_up, i);
	}
	release(&fixture);
}

static void empty_set_matches_nothing(void **state)
{
	struct fixture fixture = build(NULL, 0);

	(void)state;
	assert_int_equal(first(&fixture, "2001"), NONE);
	assert_false(pattern_match_one(&fixture.set, 0, SPAN_LITERAL("2001"), &fixture.scratch));
	release(&fixture);
}

static void one_asks_for_one_pattern_only(void **state)
{
	static const char *const texts[] = {"^2", "^20", "^3"};
	struct fixture fixture = build(texts, COUNT(texts));

	(void)state;
	assert_true(pattern_match_one(&fixture.set, 0, SPAN_LITERAL("2001"), &fixture.scratch));
	assert_true(pattern_match_one(&fixture.set, 1, SPAN_LITERAL("2001"), &fixture.scratch));
	assert_false(pattern_match_one(&fixture.set, 2, SPAN_LITERAL("2001"), &fixture.scratch));
	assert_false(pattern_match_one(&fixture.set, 3, SPAN_LITERAL("2001"), &fixture.scratch));
	release(&fixture);
}

/* The naive model: PCRE2 asked for one pattern after the other. */

static uint32_t next_random(uint32_t *random)
{
	*random = *random * 1664525u + 1013904223u;
	return *random >> 8;
}

static void make_pattern(char *text, size_t size, uint32_t *random)
{
	static const char *const atoms[] = {"1",      "2",     "[0-3]", "[^12]",      ".",  "\\+",
					    "(12|3)", "2{2}",  "1*",	"[0-9]{2,3}", "3?", "(?:1|2)+",
					    "\\d",    "(?=2)", "(?!1)", "(?<=1)"};
	size_t length = 0;

	text[0] = '\0';
	if (next_random(random) % 2)
		length += (size_t)snprintf(text, size, "^");
	for (uint32_t count = 1 + next_random(random) % 4; count > 0; count--)
		length +=
			(size_t)snprintf(text + length, size - length, "%s", atoms[next_random(random) % COUNT(atoms)]);
	if (next_random(random) % 2)
		snprintf(text + length, size - length, "$");
}

static void make_number(char *text, uint32_t *random)
{
	uint32_t length = 1 + next_random(random) % 7;

	for (uint32_t i = 0; i < length; i++)
		text[i] = "+0123"[next_random(random) % 5];
	text[length] = '\0';
}

static uint32_t naive_first(pcre2_code *const *codes, uint32_t count, pcre2_match_data *match, const char *number)
{
	for (uint32_t i = 0; i < count; i++)
		if (pcre2_match(codes[i], (PCRE2_SPTR)number, PCRE2_ZERO_TERMINATED, 0, 0, match, NULL) >= 0)
			return i;
	return NONE;
}

static void r8_agrees_with_pcre2_pattern_by_pattern(void **state)
{
	enum { SETS = 60, PATTERNS = 12, NUMBERS = 80 };
	uint32_t random = 20260101, found = 0;
	pcre2_match_data *match = pcre2_match_data_create(1, NULL);

	(void)state;
	for (uint32_t set = 0; set < SETS; set++) {
		char texts[PATTERNS][64];
		const char *pointers[PATTERNS];
		pcre2_code *codes[PATTERNS];
		for (uint32_t i = 0; i < PATTERNS; i++) {
			int error;
			PCRE2_SIZE offset;
			make_pattern(texts[i], sizeof(texts[i]), &random);
			pointers[i] = texts[i];
			codes[i] = pcre2_compile((PCRE2_SPTR)texts[i], PCRE2_ZERO_TERMINATED, 0, &error, &offset, NULL);
			assert_non_null(codes[i]);
		}
		struct fixture fixture = build(pointers, PATTERNS);
		for (uint32_t i = 0; i < NUMBERS; i++) {
			char number[16];
			make_number(number, &random);
			uint32_t expected = naive_first(codes, PATTERNS, match, number);
			uint32_t got = first(&fixture, number);
			if (got != expected)
				fail_msg("number %s: pattern %u (%s) instead of %u (%s)", number, got,
					 got == NONE ? "none" : texts[got], expected,
					 expected == NONE ? "none" : texts[expected]);
			found += got != NONE;
		}
		release(&fixture);
		for (uint32_t i = 0; i < PATTERNS; i++)
			pcre2_code_free(codes[i]);
	}
	pcre2_match_data_free(match);
	assert_true(found > SETS * NUMBERS / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r7_unanchored_case_sensitive_whole_number),
		cmocka_unit_test(r7_catch_all),
		cmocka_unit_test(r8_least_id_wins_wherever_it_matches),
		cmocka_unit_test(r7_look_around_is_confirmed),
		cmocka_unit_test(r7_many_candidates_fail_before_one_is_confirmed),
		cmocka_unit_test(a_pattern_over_its_backtracking_limit_does_not_match),
		cmocka_unit_test(a_pattern_over_its_memory_does_not_match),
		cmocka_unit_test(empty_set_matches_nothing),
		cmocka_unit_test(one_asks_for_one_pattern_only),
		cmocka_unit_test(r8_agrees_with_pcre2_pattern_by_pattern),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
