/* Names of every length are found, in their slot or behind it, and near misses are not. */
#include <stdlib.h>

#include "cmocka_all.h"
#include "name_table_build.h"

#define LENGTH_MAX 70

static bool is_found(const struct name_table *table, const char *at, uint32_t length, bool fold, uint32_t expected)
{
	uint32_t value = UINT32_MAX;

	/* On the heap in its exact size, so that a sanitizer sees a read behind its end. */
	char *copy = malloc(length ? length : 1);
	assert_non_null(copy);
	memcpy(copy, at, length);
	bool found = name_table_find(&value, table, span_make(copy, length), fold);
	free(copy);
	assert_int_equal(value, found ? expected : UINT32_MAX);
	return found;
}

static void names_of_every_length(void **state)
{
	char text[LENGTH_MAX + 1], other[LENGTH_MAX + 1];
	struct arena arena = {0};
	struct name_table table;

	(void)state;
	for (uint32_t i = 0; i < LENGTH_MAX; i++)
		text[i] = (char)('a' + i % 26);
	for (int fold = 0; fold < 2; fold++) {
		assert_int_equal(name_table_build(&table, &arena, LENGTH_MAX + 1), STATUS_OK);
		assert_int_equal((uintptr_t)table.slot % 64, 0);
		for (uint32_t length = 0; length <= LENGTH_MAX; length++) {
			assert_false(is_found(&table, text, length, fold, 0));
			assert_true(name_table_build_add(&table, span_make(text, length), length, fold));
			assert_false(name_table_build_add(&table, span_make(text, length), length, fold));
		}
		for (uint32_t length = 0; length <= LENGTH_MAX; length++) {
			assert_true(is_found(&table, text, length, fold, length));
			for (uint32_t i = 0; i < length; i++) {
				memcpy(other, text, length);
				other[i] = (char)(other[i] - 'a' + 'A');
				assert_int_equal(is_found(&table, other, length, fold, length), fold);
				other[i] = '0';
				assert_false(is_found(&table, other, length, fold, 0));
			}
		}
	}
	arena_free(&arena);
}

/* Bytes that differ by the bit of case alone, and are no letters. */
static void folding_is_of_letters(void **state)
{
	struct arena arena = {0};
	struct name_table table;

	(void)state;
	assert_int_equal(name_table_build(&table, &arena, 2), STATUS_OK);
	assert_true(name_table_build_add(&table, SPAN_LITERAL("a[1"), 1, true));
	assert_false(is_found(&table, "a{1", 3, true, 0));
	assert_true(name_table_build_add(&table, SPAN_LITERAL("A{1"), 2, true));
	assert_true(is_found(&table, "a{1", 3, true, 2));
	assert_true(is_found(&table, "A[1", 3, true, 1));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_every_length),
		cmocka_unit_test(folding_is_of_letters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
