/* Patterns to sets: what is refused and where, what only PCRE2 can decide, what is shared; and Hyperscan against PCRE2.
 */
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs.h>
#include <pcre2.h>

#include "cmocka_all.h"
#include "pattern_pool.h"
#include "pattern_set_fixture.h"

static void refusals_say_where(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		uint32_t offset;
	} refused[] = {{"", 0},	       {"a(b", 3},   {"^2[0-9", 6}, {"a**", 2}, {"(?<n>a)(?<n>b)", 10},
		       {"(*UTF)a", 0}, {"a\\Cb", 3}, {"x{3,2}", 6}};
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct pattern_error error;
		enum status status = pattern_set_build_check(span_of_text(refused[i].pattern), &error);
		if (status != STATUS_INVALID)
			fprintf(stderr, "%s\n", refused[i].pattern);
		assert_int_equal(status, STATUS_INVALID);
		assert_true(error.offset <= strlen(refused[i].pattern));
		if (i < 3)
			assert_int_equal(error.offset, refused[i].offset);
		assert_true(error.message[0] != '\0');
	}
	char long_pattern[PATTERN_BYTES_MAX + 2];
	memset(long_pattern, '1', sizeof(long_pattern));
	struct pattern_error error;
	assert_int_equal(pattern_set_build_check(span_make(long_pattern, PATTERN_BYTES_MAX), &error), STATUS_OK);
	assert_int_equal(pattern_set_build_check(span_make(long_pattern, PATTERN_BYTES_MAX + 1), &error),
			 STATUS_INVALID);
	struct pattern_compiled *set;
	const struct span patterns[] = {SPAN_LITERAL("^1"), SPAN_LITERAL("(")};
	assert_int_equal(pattern_set_build_compile(&set, patterns, 2, &error), STATUS_INVALID);
	assert_int_equal(error.index, 1);
}

static void an_empty_set_matches_nothing(void **state)
{
	(void)state;
	struct pattern_compiled *compiled;
	struct pattern_error error;
	struct pattern_set set;
	assert_int_equal(pattern_set_build_compile(&compiled, NULL, 0, &error), STATUS_OK);
	pattern_set_build_view(&set, compiled, NULL);
	assert_null(set.database);
	assert_int_equal(set.count, 0);
	pattern_set_build_release(compiled);
}

/* Every pattern alone and all in one set agree with PCRE2 on every number. */
static void hyperscan_and_pcre2_agree(void **state)
{
	(void)state;
	static const char *const patterns[] = {"^2[0-9]{3}$", "", ".*", "^\\+34", "(?!29)2", "^(?=2.*5)", "(\\d)\\1",
					       "(?i)abc", "\\b2", "0*", "^$", "^(1|22|333)+$", "(?>2+)2", "(?<=1)2",
					       "^.{4}$", "[^0-9]", "^(?:a{1,50}){1,50}$", "(?R)?1", "\\K2", "^2000\\z",
					       "5$", "(?s)a.b", "x?",
					       /* PCRE2 10.42's machine code is wrong for these two */
					       "(1|)b*1", "(?>.*[0-9]|[0-9a-f])3480"};
	static const char *const numbers[] = {"",     "2",	"2000", "2900",	 "2255", "12",
					      "1234", "+34944", "ABC",	"*21#",	 "22",	 "122333",
					      "aaaa", "11",	"9995", "20000", "1",	 "a834805"};
	struct span text[32];
	uint32_t count = 0;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (patterns[i][0])
			text[count++] = span_of_text(patterns[i]);
	struct pattern_compiled *compiled;
	struct pattern_error error;
	enum status status = pattern_set_build_compile(&compiled, text, count, &error);
	if (status != STATUS_OK)
		fprintf(stderr, "%u %s\n", error.index, error.message);
	assert_int_equal(status, STATUS_OK);
	assert_true(pattern_set_build_confirmed_count(compiled) >= 5);
	struct pattern_set set;
	pattern_set_build_view(&set, compiled, NULL);
	struct match_scratch scratch;
	pattern_set_fixture_init(&scratch);
	assert_int_equal(hs_alloc_scratch(set.database, &scratch.hyperscan), HS_SUCCESS);
	pcre2_match_data *found_by_pcre2 = pcre2_match_data_create(1, NULL);
	for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
		struct span number = span_of_text(numbers[n]);
		uint32_t first = UINT32_MAX;
		for (uint32_t i = 0; i < count; i++) {
			int code;
			PCRE2_SIZE offset;
			pcre2_code *expected =
				pcre2_compile((PCRE2_SPTR)text[i].at, text[i].length, 0, &code, &offset, NULL);
			bool matches = pcre2_match(expected, (PCRE2_SPTR)number.at, number.length, 0, 0, found_by_pcre2,
						   NULL) >= 0;
			pcre2_code_free(expected);
			if (pattern_match_one(&set, i, number, &scratch) != matches)
				fail_msg("pattern %s, number '%s'", text[i].at, numbers[n]);
			if (matches && first == UINT32_MAX)
				first = i;
		}
		uint32_t found = UINT32_MAX;
		pattern_match_first(&found, &set, number, &scratch);
		assert_int_equal(found, first);
	}
	pattern_set_fixture_free_scratch(&scratch);
	pcre2_match_data_free(found_by_pcre2);
	pattern_set_build_release(compiled);
}

/* Rows alone know them, and share as compiled ones do; the first other shape and all behind it go into a database. */
static void plain_patterns_have_no_database(void **state)
{
	(void)state;
	const struct span pattern[] = {SPAN_LITERAL("^2[0-9]{3}$"), SPAN_LITERAL("^3"), SPAN_LITERAL("^(?!49)4"),
				       SPAN_LITERAL("^5"), SPAN_LITERAL("^(6|66)$")};
	static const struct {
		const char *number;
		uint32_t id;
	} takes[] = {{"2000", 0}, {"3", 1}, {"48", 2}, {"5", 3}, {"66", 4}, {"49", UINT32_MAX}, {"2", UINT32_MAX}};
	struct pattern_pool *pool;
	struct pattern_error error;
	struct pattern_compiled *plain, *again, *mixed;
	struct pattern_set set;
	struct match_scratch scratch;
	assert_int_equal(pattern_pool_create(&pool), STATUS_OK);
	assert_int_equal(pattern_pool_get(pool, &plain, pattern, 2, &error), STATUS_OK);
	assert_int_equal(pattern_pool_get(pool, &again, pattern, 2, &error), STATUS_OK);
	assert_ptr_equal(plain, again);
	assert_int_equal(pattern_pool_compiled_count(pool), 0);
	pattern_set_build_view(&set, plain, NULL);
	assert_null(set.database);
	assert_int_equal(set.plain_count, 2);
	assert_int_equal(pattern_pool_get(pool, &mixed, pattern, 5, &error), STATUS_OK);
	assert_int_equal(pattern_pool_compiled_count(pool), 1);
	assert_int_equal(pattern_set_build_confirmed_count(mixed), 1);
	pattern_set_build_view(&set, mixed, NULL);
	pattern_set_fixture_init(&scratch);
	assert_int_equal(hs_alloc_scratch(set.database, &scratch.hyperscan), HS_SUCCESS);
	for (size_t i = 0; i < sizeof(takes) / sizeof(takes[0]); i++) {
		uint32_t id = UINT32_MAX;
		struct span number = span_of_text(takes[i].number);
		pattern_match_first(&id, &set, number, &scratch);
		assert_int_equal(id, takes[i].id);
		for (uint32_t p = 0; p < 5; p++)
			assert_int_equal(pattern_match_one(&set, p, number, &scratch), p == takes[i].id);
	}
	pattern_set_fixture_free_scratch(&scratch);
	pattern_pool_free(pool);
	pattern_set_build_release(plain);
	pattern_set_build_release(again);
	pattern_set_build_release(mixed);
}

/* The index is the list's, whoever refuses it. */
static void a_refusal_behind_plain_patterns_names_its_own(void **state)
{
	(void)state;
	const struct span pattern[] = {SPAN_LITERAL("^2"), SPAN_LITERAL("^3"), SPAN_LITERAL("4|5"), SPAN_LITERAL("(")};
	struct pattern_pool *pool;
	struct pattern_error error;
	struct pattern_compiled *compiled;
	assert_int_equal(pattern_pool_create(&pool), STATUS_OK);
	assert_int_equal(pattern_pool_get(pool, &compiled, pattern, 4, &error), STATUS_INVALID);
	assert_int_equal(error.index, 3);
	pattern_pool_free(pool);
}

static void equal_lists_are_compiled_once(void **state)
{
	(void)state;
	struct pattern_pool *pool;
	struct pattern_error error;
	struct pattern_compiled *kept[200], *again;
	char text[200][16]; /* not plain: `9+` */
	assert_int_equal(pattern_pool_create(&pool), STATUS_OK);
	for (int i = 0; i < 200; i++) {
		snprintf(text[i], sizeof(text[i]), "^%d9+", i);
		struct span pattern = span_of_text(text[i]);
		assert_int_equal(pattern_pool_get(pool, &kept[i], &pattern, 1, &error), STATUS_OK);
	}
	for (int i = 0; i < 200; i++) {
		struct span pattern = span_of_text(text[i]);
		assert_int_equal(pattern_pool_get(pool, &again, &pattern, 1, &error), STATUS_OK);
		assert_ptr_equal(again, kept[i]);
		pattern_set_build_release(again);
	}
	const struct span split[] = {SPAN_LITERAL("^1"), SPAN_LITERAL("9+")};
	assert_int_equal(pattern_pool_get(pool, &again, split, 2, &error), STATUS_OK);
	assert_ptr_not_equal(again, kept[1]);
	pattern_set_build_release(again);
	assert_int_equal(pattern_pool_compiled_count(pool), 201);
	pattern_pool_free(pool);
	for (int i = 0; i < 200; i++)
		pattern_set_build_release(kept[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_say_where),
		cmocka_unit_test(an_empty_set_matches_nothing),
		cmocka_unit_test(hyperscan_and_pcre2_agree),
		cmocka_unit_test(plain_patterns_have_no_database),
		cmocka_unit_test(a_refusal_behind_plain_patterns_names_its_own),
		cmocka_unit_test(equal_lists_are_compiled_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
