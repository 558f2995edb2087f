#include "cmocka_all.h"

#include <stdlib.h>

#include "limit_table.h"
#include "random_source.h"

#define ENTRIES	   1024
#define NOW_S	   1000000u
#define KEYS	   400
#define HOLDS_MAX  2000
#define OPERATIONS 200000

static _Alignas(64) uint8_t memory[ENTRIES * (sizeof(struct limit_entry) + sizeof(uint32_t))];
static struct limit_table table;

static int begin(void **state)
{
	(void)state;
	assert_int_equal(limit_table_entries(0), ENTRIES);
	assert_int_equal(limit_table_bytes(ENTRIES), sizeof(memory));
	memset(memory, 0, sizeof(memory));
	limit_table_init(&table, memory, ENTRIES);
	return 0;
}

static void calls_are_counted_until_they_are_released(void **state)
{
	(void)state;
	uint64_t company = limit_table_key(LIMIT_COMPANY_CALLS, 7), carrier = limit_table_key(LIMIT_CARRIER_CALLS, 7);
	assert_int_equal(limit_table_read_calls(&table, company), 0);
	uint32_t first = limit_table_hold(&table, company, NOW_S);
	assert_int_not_equal(first, LIMIT_NONE);
	assert_int_equal(limit_table_hold(&table, company, NOW_S), first);
	uint32_t other = limit_table_hold(&table, carrier, NOW_S);
	assert_int_not_equal(other, first);
	assert_int_equal(limit_table_read_calls(&table, company), 2);
	assert_int_equal(limit_table_read_calls(&table, carrier), 1);
	assert_int_equal(table.held_count, 2);
	assert_true(limit_table_holds(&table, first, company));
	assert_false(limit_table_holds(&table, first, carrier));
	assert_false(limit_table_holds(&table, LIMIT_NONE, company));
	limit_table_release(&table, first);
	assert_int_equal(limit_table_read_calls(&table, company), 1);
	limit_table_release(&table, first);
	limit_table_release(&table, other);
	assert_int_equal(limit_table_read_calls(&table, company), 0);
	assert_int_equal(limit_table_read_calls(&table, carrier), 0);
	assert_int_equal(table.held_count, 0);
}

/* The entry says how often it was given to another key in bits that the key does without. */
static void an_entry_may_change_hands_for_ever(void **state)
{
	(void)state;
	uint64_t key[2] = {limit_table_key(LIMIT_COMPANY_CALLS, 1)};
	uint64_t name = 2;
	do
		key[1] = limit_table_key(LIMIT_COMPANY_CALLS, name++);
	while (((key[0] ^ key[1]) >> 32) % (ENTRIES / LIMIT_WAYS));
	uint32_t entry = limit_table_hold(&table, key[0], NOW_S);
	limit_table_release(&table, entry);
	for (uint32_t i = 1; i < 140000; i++) {
		uint64_t mine = key[i % 2], other = key[(i + 1) % 2];
		assert_int_equal(limit_table_hold(&table, mine, NOW_S), entry);
		assert_int_equal(limit_table_hold(&table, mine, NOW_S), entry);
		assert_int_equal(limit_table_read_calls(&table, mine), 2);
		assert_int_equal(limit_table_read_calls(&table, other), 0);
		assert_true(limit_table_holds(&table, entry, mine) && !limit_table_holds(&table, entry, other));
		limit_table_release(&table, entry);
		limit_table_release(&table, entry);
	}
}

/* A name whose product with the factor is the number, whatever the factor is: by its inverse, modulo 2^64. */
static void a_key_always_has_something_to_tell_it_by(void **state)
{
	(void)state;
	uint64_t factor = limit_table_key(0, 1), inverse = factor;
	for (uint32_t i = 0; i < 6; i++)
		inverse *= 2 - factor * inverse;
	for (uint64_t product = 0; product < 3; product++)
		assert_int_not_equal(limit_table_key(0, inverse * product) >> 16, 0);
	assert_int_equal(limit_table_key(0, inverse << 16), 1 << 16);
}

static void a_rate_is_of_its_second(void **state)
{
	(void)state;
	uint64_t key = limit_table_key(LIMIT_ENDPOINT_RATE, 9);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(limit_table_read_rate(&table, key, NOW_S), i);
		assert_true(limit_table_count_rate(&table, key, NOW_S));
	}
	assert_int_equal(limit_table_read_rate(&table, key, NOW_S + 1), 0);
	assert_true(limit_table_count_rate(&table, key, NOW_S + 1));
	assert_int_equal(limit_table_read_rate(&table, key, NOW_S + 1), 1);
	assert_int_equal(limit_table_read_rate(&table, key, NOW_S), 0);
	assert_int_equal(table.held_count, 0);
}

/* Keys of one set: the n-th that shares it with the first. */
static uint64_t key_of_set(enum limit_kind kind, uint32_t n)
{
	for (uint64_t name = 0;; name++) {
		uint64_t key = limit_table_key(kind, name);
		if ((key >> 32 & (table.set_count - 1)) == 3 && n-- == 0)
			return key;
	}
}

static void a_full_set_takes_nothing_and_loses_nothing(void **state)
{
	uint32_t entry[LIMIT_WAYS];

	(void)state;
	for (uint32_t i = 0; i < LIMIT_WAYS; i++)
		assert_int_not_equal(entry[i] = limit_table_hold(&table, key_of_set(LIMIT_COMPANY_CALLS, i), NOW_S),
				     LIMIT_NONE);
	assert_int_equal(limit_table_hold(&table, key_of_set(LIMIT_COMPANY_CALLS, LIMIT_WAYS), NOW_S), LIMIT_NONE);
	assert_false(limit_table_count_rate(&table, key_of_set(LIMIT_ENDPOINT_RATE, 0), NOW_S));
	for (uint32_t i = 0; i < LIMIT_WAYS; i++)
		assert_int_equal(limit_table_read_calls(&table, key_of_set(LIMIT_COMPANY_CALLS, i)), 1);
	limit_table_release(&table, entry[5]);
	assert_int_equal(limit_table_hold(&table, key_of_set(LIMIT_COMPANY_CALLS, LIMIT_WAYS), NOW_S), entry[5]);
	assert_int_equal(limit_table_read_calls(&table, key_of_set(LIMIT_COMPANY_CALLS, 5)), 0);
}

static void a_rate_gives_way_in_the_next_second_alone(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < LIMIT_WAYS; i++)
		assert_true(limit_table_count_rate(&table, key_of_set(LIMIT_ENDPOINT_RATE, i), NOW_S));
	uint64_t company = key_of_set(LIMIT_COMPANY_CALLS, 0);
	assert_int_equal(limit_table_hold(&table, company, NOW_S), LIMIT_NONE);
	assert_int_not_equal(limit_table_hold(&table, company, NOW_S + 1), LIMIT_NONE);
	assert_int_equal(limit_table_read_calls(&table, company), 1);
	/* What it began with in the entry of a rate is not the rate's. */
	for (uint32_t i = 0; i < LIMIT_WAYS; i++)
		assert_int_equal(limit_table_read_rate(&table, key_of_set(LIMIT_ENDPOINT_RATE, i), NOW_S), i != 0);
}

/* The naive model: a number a key. */
struct model {
	uint32_t calls[KEYS];
	uint32_t rate[KEYS], second[KEYS];
	struct {
		uint32_t entry, key;
	} hold[HOLDS_MAX];
	uint32_t hold_count;
};

static uint64_t key_of(uint32_t i)
{
	return limit_table_key((enum limit_kind)(LIMIT_COMPANY_CALLS + i % 3), i / 3);
}

static uint64_t rate_key_of(uint32_t i)
{
	return limit_table_key(LIMIT_ENDPOINT_RATE, i);
}

static void hold_one(struct model *model, uint32_t key, uint32_t now_s)
{
	if (model->hold_count == HOLDS_MAX)
		return;
	uint32_t entry = limit_table_hold(&table, key_of(key), now_s);
	if (entry == LIMIT_NONE) {
		assert_int_equal(model->calls[key], 0);
		return;
	}
	model->hold[model->hold_count].entry = entry;
	model->hold[model->hold_count++].key = key;
	model->calls[key]++;
}

static void release_one(struct model *model, uint32_t which)
{
	uint32_t key = model->hold[which].key;

	assert_true(limit_table_holds(&table, model->hold[which].entry, key_of(key)));
	limit_table_release(&table, model->hold[which].entry);
	model->calls[key]--;
	model->hold[which] = model->hold[--model->hold_count];
}

static void count_one(struct model *model, uint32_t key, uint32_t now_s)
{
	bool same_second = model->second[key] == now_s;

	if (!limit_table_count_rate(&table, rate_key_of(key), now_s)) {
		assert_false(same_second);
		return;
	}
	model->rate[key] = same_second ? model->rate[key] + 1 : 1;
	model->second[key] = now_s;
}

static void check(const struct model *model, uint32_t now_s)
{
	uint32_t held = 0;

	for (uint32_t key = 0; key < KEYS; key++) {
		assert_int_equal(limit_table_read_calls(&table, key_of(key)), model->calls[key]);
		held += model->calls[key] != 0;
		if (model->second[key] == now_s)
			assert_int_equal(limit_table_read_rate(&table, rate_key_of(key), now_s), model->rate[key]);
		else
			assert_int_equal(limit_table_read_rate(&table, rate_key_of(key), now_s), 0);
	}
	assert_int_equal(table.held_count, held);
}

static void random_operations_as_a_model_does(void **state)
{
	static struct model model;
	struct random_source random = random_source_of(2);
	uint32_t now_s = NOW_S;

	(void)state;
	for (uint32_t i = 0; i < OPERATIONS; i++) {
		uint32_t key = random_source_below(&random, KEYS);
		now_s += random_source_once_in(&random, 200);
		if (random_source_once_in(&random, 3))
			count_one(&model, key, now_s);
		else if (model.hold_count && random_source_below(&random, HOLDS_MAX) < model.hold_count * 2)
			release_one(&model, random_source_below(&random, model.hold_count));
		else
			hold_one(&model, key, now_s);
		if (i % 500 == 0)
			check(&model, now_s);
	}
	while (model.hold_count)
		release_one(&model, 0);
	check(&model, now_s);
}

static void sizes_follow_the_calls(void **state)
{
	(void)state;
	assert_int_equal(limit_table_entries(512), 1024);
	assert_int_equal(limit_table_entries(513), 2048);
	assert_int_equal(limit_table_entries(1u << 24), 1u << 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(calls_are_counted_until_they_are_released, begin),
		cmocka_unit_test_setup(an_entry_may_change_hands_for_ever, begin),
		cmocka_unit_test(a_key_always_has_something_to_tell_it_by),
		cmocka_unit_test_setup(a_rate_is_of_its_second, begin),
		cmocka_unit_test_setup(a_full_set_takes_nothing_and_loses_nothing, begin),
		cmocka_unit_test_setup(a_rate_gives_way_in_the_next_second_alone, begin),
		cmocka_unit_test_setup(random_operations_as_a_model_does, begin),
		cmocka_unit_test(sizes_follow_the_calls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
