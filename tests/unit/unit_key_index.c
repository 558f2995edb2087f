#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "key_index.h"
#include "random_source.h"

#define SLOTS_MAX 100
#define STEPS	  40000

/* The naive model: the bits under which a slot was entered. */
struct model {
	bool is_entered[SLOTS_MAX];
	uint32_t bits[SLOTS_MAX];
	uint32_t entered_count;
};

struct rig {
	struct random_source random;
	struct key_index index;
	struct model model;
	uint32_t count;	 /* of slots */
	uint32_t crowds; /* so many lines are the home of all keys: the fewer, the more are full */
	void *memory;
};

static void rig_open(struct rig *rig, uint32_t count, uint32_t crowds)
{
	memset(&rig->model, 0, sizeof(rig->model));
	rig->count = count;
	rig->crowds = crowds;
	rig->memory = aligned_alloc(64, key_index_bytes(count));
	assert_non_null(rig->memory);
	key_index_init(&rig->index, rig->memory, count);
}

/* The last line of all is a crowded one: it goes on with the first. Some keys are alike to the last bit. */
static uint32_t draw_bits(struct rig *rig)
{
	uint32_t crowd = random_source_below(&rig->random, rig->crowds);
	return UINT32_MAX - crowd * (UINT32_MAX / rig->crowds) - random_source_below(&rig->random, 3);
}

static uint32_t count_found(const struct rig *rig, uint32_t bits, uint32_t slot)
{
	struct key_search search = key_index_search(&rig->index, bits);
	uint32_t count = 0, found;

	while ((found = key_index_next(&rig->index, bits, &search)) != KEY_INDEX_NONE) {
		assert_true(found < rig->count && rig->model.is_entered[found] && rig->model.bits[found] == bits);
		count += found == slot;
	}
	return count;
}

/* Every slot is found once under its bits, and nothing is there beside them. */
static void assert_as_modelled(const struct rig *rig)
{
	uint32_t used = 0;

	for (uint32_t slot = 0; slot < rig->count; slot++)
		if (rig->model.is_entered[slot])
			assert_int_equal(count_found(rig, rig->model.bits[slot], slot), 1);
	for (uint32_t i = 0; i < rig->index.line_count; i++)
		used += KEY_LINE_ENTRIES - (uint32_t)__builtin_popcount(key_line_free(&rig->index.line[i]));
	assert_int_equal(used, rig->model.entered_count);
}

static void enter(struct rig *rig, uint32_t slot, uint32_t bits)
{
	rig->model.is_entered[slot] = true;
	rig->model.bits[slot] = bits;
	rig->model.entered_count++;
}

static void forget(struct rig *rig, uint32_t slot)
{
	rig->model.is_entered[slot] = false;
	rig->model.entered_count--;
}

static void step(struct rig *rig)
{
	uint32_t slot = random_source_below(&rig->random, rig->count);
	uint32_t other = random_source_below(&rig->random, rig->count);
	uint32_t bits = draw_bits(rig);

	if (!rig->model.is_entered[slot]) {
		key_index_add(&rig->index, bits, slot);
		enter(rig, slot, bits);
		return;
	}
	bits = rig->model.bits[slot];
	forget(rig, slot);
	if (rig->model.is_entered[other] || other == slot) {
		key_index_remove(&rig->index, bits, slot);
		return;
	}
	key_index_replace(&rig->index, bits, slot, other);
	enter(rig, other, bits);
}

static void random_use_as_the_model_says(void **state)
{
	static const struct {
		uint32_t count, crowds;
	} rows[] = {{1, 1}, {2, 1}, {7, 2}, {16, 3}, {61, 1}, {SLOTS_MAX, 5}, {SLOTS_MAX, 64}};
	struct rig rig = {.random = random_source_of(1)};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig_open(&rig, rows[i].count, rows[i].crowds);
		for (uint32_t steps = 0; steps < STEPS / rows[i].count; steps++) {
			step(&rig);
			assert_as_modelled(&rig);
		}
		free(rig.memory);
	}
}

/* Every slot has an entry, and who is not there is still not found. */
static void it_holds_all_slots(void **state)
{
	struct rig rig = {.random = random_source_of(2)};

	(void)state;
	for (uint32_t count = 1; count <= SLOTS_MAX; count += 11) {
		rig_open(&rig, count, 7);
		assert_int_equal(rig.index.line_count * sizeof(struct key_line), key_index_bytes(count));
		assert_true(rig.index.line_count * KEY_LINE_ENTRIES > count + count / 2);
		for (uint32_t slot = 0; slot < count; slot++) {
			uint32_t bits = draw_bits(&rig);
			key_index_add(&rig.index, bits, slot);
			enter(&rig, slot, bits);
		}
		assert_as_modelled(&rig);
		assert_int_equal(count_found(&rig, 12345, 0), 0);
		free(rig.memory);
	}
}

/* The homes of random bits are in their order, all of them inside, and none likelier than another. */
static void homes_are_spread(void **state)
{
	struct rig rig;
	uint32_t homes[256] = {0}, before = 0;

	(void)state;
	rig_open(&rig, SLOTS_MAX, 1);
	for (uint64_t bits = 0; bits <= UINT32_MAX; bits += UINT32_MAX / 30000) {
		uint32_t home = key_index_home(&rig.index, (uint32_t)bits);
		assert_in_range(home, before, rig.index.line_count - 1);
		homes[home]++;
		before = home;
	}
	for (uint32_t i = 0; i < rig.index.line_count; i++)
		assert_in_range(homes[i], 30000 / rig.index.line_count - 2, 30000 / rig.index.line_count + 2);
	free(rig.memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_use_as_the_model_says),
		cmocka_unit_test(it_holds_all_slots),
		cmocka_unit_test(homes_are_spread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
