#include "cmocka_all.h"

#include <stdlib.h>

#include "call_table.h"
#include "limit_table.h"
#include "random_source.h"

#define COUNT	   37
#define WORKER	   5
#define OPERATIONS 20000
#define HANDLES	   (OPERATIONS + 1)

static _Alignas(64) struct call memory[COUNT];
static struct call_table table;

static int begin(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	call_table_init(&table, memory, COUNT, WORKER, 1000);
	return 0;
}

static void a_call_is_found_by_its_handle_until_it_is_removed(void **state)
{
	(void)state;
	struct call *call = call_table_add(&table);
	assert_non_null(call);
	uint64_t handle = call->record.handle;
	assert_int_not_equal(handle, CALL_NONE);
	assert_int_equal(call_handle_worker(handle), WORKER);
	assert_int_equal(call->record.state, CALL_TRYING);
	for (uint32_t i = 0; i < CALL_LIMIT_COUNT; i++)
		assert_int_equal(call->limit[i], LIMIT_NONE);
	assert_ptr_equal(call_table_find(&table, handle), call);
	call_table_remove(&table, call);
	assert_null(call_table_find(&table, handle));
	assert_null(call_table_find(&table, CALL_NONE));

	/* The next one in the slot is another. */
	assert_ptr_equal(call_table_add(&table), call);
	assert_null(call_table_find(&table, handle));
}

static void handles_of_elsewhere_name_none(void **state)
{
	static _Alignas(64) struct call other_memory[COUNT];
	struct call_table other;

	(void)state;
	memset(other_memory, 0, sizeof(other_memory));
	uint64_t handle = call_table_add(&table)->record.handle;
	call_table_init(&other, other_memory, COUNT, WORKER + 1, 1000); /* another lcore */
	call_table_add(&other);
	assert_null(call_table_find(&other, handle));
	call_table_init(&other, other_memory, COUNT, WORKER, 1000 + (UINT64_C(1) << 34)); /* another start */
	call_table_add(&other);
	assert_null(call_table_find(&other, handle));
	assert_null(call_table_find(&table, handle + COUNT)); /* a slot that there is not */
	assert_null(call_table_find(&table, UINT64_MAX));
}

static void no_handle_is_none_when_the_serial_number_wraps(void **state)
{
	(void)state;
	call_table_init(&table, memory, COUNT, 0, (UINT64_C(1) << CALL_SERIAL_BITS) - 2);
	uint64_t seen[4];
	for (uint32_t i = 0; i < 4; i++) {
		struct call *call = call_table_add(&table);
		assert_int_equal(call_handle_slot(call->record.handle), 0);
		seen[i] = call->record.handle;
		assert_int_not_equal(seen[i], CALL_NONE);
		for (uint32_t j = 0; j < i; j++)
			assert_int_not_equal(seen[i], seen[j]);
		call_table_remove(&table, call);
	}
}

static void a_timer_tells_its_call(void **state)
{
	static struct timer elsewhere;

	(void)state;
	assert_ptr_equal(call_table_of_timer(&table, &memory[0].timer), &memory[0]);
	assert_ptr_equal(call_table_of_timer(&table, &memory[COUNT - 1].timer), &memory[COUNT - 1]);
	assert_null(call_table_of_timer(&table, &elsewhere));
	assert_null(call_table_of_timer(&table, &(&memory[COUNT - 1] + 1)->timer));
}

/* The naive model: all handles ever given, and what became of them. */
struct model {
	uint64_t handle[HANDLES];
	uint8_t state[HANDLES]; /* CALL_ENDED: removed */
	uint32_t count;
};

static void check(const struct model *model)
{
	uint32_t states[CALL_ENDED + 1] = {0};

	for (uint32_t i = 0; i < model->count; i++)
		states[model->state[i]]++;
	for (uint32_t s = CALL_TRYING; s < CALL_ENDED; s++)
		assert_int_equal(table.state_count[s], states[s]);
	assert_int_equal(table.used_count, model->count - states[CALL_ENDED]);
}

static void random_operations_as_a_model_does(void **state)
{
	static struct model model;
	struct random_source random = random_source_of(1);

	(void)state;
	for (uint32_t i = 0; i < OPERATIONS; i++) {
		uint32_t live = table.used_count, pick = model.count ? random_source_below(&random, model.count) : 0;
		/* Recent ones more often: most old ones have ended. */
		if (model.count > COUNT && !random_source_once_in(&random, 4))
			pick = model.count - 1 - random_source_below(&random, COUNT);
		struct call *call = model.count ? call_table_find(&table, model.handle[pick]) : NULL;
		if (model.count)
			assert_int_equal(call != NULL, model.state[pick] != CALL_ENDED);
		if (call)
			assert_int_equal(call->record.state, model.state[pick]);

		if (!call || random_source_once_in(&random, 3)) {
			struct call *added = call_table_add(&table);
			assert_int_equal(added != NULL, live < COUNT);
			if (!added)
				continue;
			for (uint32_t j = 0; j < model.count && i % 64 == 0; j++)
				assert_int_not_equal(model.handle[j], added->record.handle);
			model.handle[model.count] = added->record.handle;
			model.state[model.count++] = CALL_TRYING;
		} else if (random_source_once_in(&random, 2)) {
			model.state[pick] = (uint8_t)(CALL_TRYING + random_source_below(&random, 3));
			call_table_set_state(&table, call, model.state[pick]);
		} else {
			call_table_remove(&table, call);
			model.state[pick] = CALL_ENDED;
		}
		if (i % 64 == 0)
			check(&model);
	}
	check(&model);
	assert_true(model.count > COUNT * 10);
}

static void a_full_table_says_so(void **state)
{
	(void)state;
	struct call *last = NULL;
	for (uint32_t i = 0; i < COUNT; i++)
		assert_non_null(last = call_table_add(&table));
	assert_null(call_table_add(&table));
	call_table_remove(&table, last);
	assert_ptr_equal(call_table_add(&table), last);
	assert_null(call_table_add(&table));
	assert_int_equal(call_table_bytes(COUNT), sizeof(memory));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_call_is_found_by_its_handle_until_it_is_removed, begin),
		cmocka_unit_test_setup(handles_of_elsewhere_name_none, begin),
		cmocka_unit_test_setup(no_handle_is_none_when_the_serial_number_wraps, begin),
		cmocka_unit_test_setup(a_timer_tells_its_call, begin),
		cmocka_unit_test_setup(random_operations_as_a_model_does, begin),
		cmocka_unit_test_setup(a_full_table_says_so, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
