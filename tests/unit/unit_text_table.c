/* Texts that are kept once: against a naive model, and what is no longer held is gone. */
#include <stdlib.h>

#include <sodium.h>

#include "cmocka_all.h"
#include "random_source.h"
#include "text_table.h"

#define TEXTS 400

static struct text_table *table;

static int set_up(void **state)
{
	(void)state;
	return sodium_init() < 0 || text_table_create(&table) != STATUS_OK;
}

static int tear_down(void **state)
{
	(void)state;
	text_table_free(table);
	return 0;
}

static void one_text_is_kept_once(void **state)
{
	char text[] = "Phone 1.0";
	(void)state;
	uint32_t first = text_table_hold(table, span_of_text(text), 0);
	text[0] = 'X'; /* it was copied */
	assert_int_equal(text_table_hold(table, SPAN_LITERAL("Phone 1.0"), 0), first);
	uint32_t other = text_table_hold(table, SPAN_LITERAL("Phone 1.0"), 7);
	assert_int_not_equal(other, first);
	assert_int_equal(text_table_number(table, other), 7);
	assert_int_equal(text_table_count(table), 2);
	text_table_release(table, first);
	assert_span_equal(text_table_text(table, first), SPAN_LITERAL("Phone 1.0"));
	text_table_release(table, first);
	assert_int_equal(text_table_count(table), 1);
	assert_span_equal(text_table_text(table, other), SPAN_LITERAL("Phone 1.0"));
}

/* Both numbers change a hash in the same way. */
static void numbers_of_one_hash_are_two(void **state)
{
	(void)state;
	uint32_t first = text_table_hold(table, SPAN_LITERAL("Phone 1.0"), 0x100000001);
	uint32_t second = text_table_hold(table, SPAN_LITERAL("Phone 1.0"), 0x200000002);
	assert_int_not_equal(second, first);
	assert_true(text_table_number(table, first) == 0x100000001 && text_table_number(table, second) == 0x200000002);
}

static void nothing_is_entry_0(void **state)
{
	(void)state;
	assert_int_equal(text_table_hold(table, (struct span){0}, 0), 0);
	assert_int_equal(text_table_text(table, 0).length, 0);
	text_table_release(table, 0);
	text_table_release(table, TEXT_TABLE_NONE);
	assert_int_equal(text_table_hold(table, (struct span){0}, 0), 0);
	assert_int_equal(text_table_count(table), 0);
	/* With a number it is one of its own. */
	uint32_t numbered = text_table_hold(table, (struct span){0}, 5);
	assert_int_not_equal(numbered, 0);
	assert_int_equal(text_table_number(table, numbered), 5);
}

static void it_holds_what_a_model_holds(void **state)
{
	struct random_source random = random_source_of(3);
	static uint32_t references[TEXTS], index[TEXTS];
	(void)state;
	for (uint32_t turn = 0; turn < 20000; turn++) {
		char text[32];
		uint32_t i = random_source_below(&random, TEXTS), number = i % 3, present = 0;
		snprintf(text, sizeof(text), "agent %u", i / 3);
		/* By turns it fills and empties. */
		if (random_source_below(&random, 10) < (turn / 4000 % 2 ? 3 : 7)) {
			index[i] = text_table_hold(table, span_of_text(text), number);
			references[i]++;
		} else if (references[i]) {
			text_table_release(table, index[i]);
			references[i]--;
		}
		if (turn % 50)
			continue;
		for (uint32_t k = 0; k < TEXTS; k++) {
			snprintf(text, sizeof(text), "agent %u", k / 3);
			present += references[k] > 0;
			if (!references[k])
				continue;
			assert_span_equal(text_table_text(table, index[k]), span_of_text(text));
			assert_int_equal(text_table_number(table, index[k]), k % 3);
		}
		assert_int_equal(text_table_count(table), present);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_text_is_kept_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(numbers_of_one_hash_are_two, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_entry_0, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_holds_what_a_model_holds, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
