/* The free slots of a table against a plain stack of them. */
#include <stdlib.h>

#include "cmocka_all.h"
#include "free_slots.h"

#define SLOTS_MAX 9

static void as_a_stack_does(void **state)
{
	(void)state;
	for (uint32_t count = 0; count <= SLOTS_MAX; count++) {
		struct free_slots slots;
		uint32_t third_below[SLOTS_MAX], stack[SLOTS_MAX], depth = count, used[SLOTS_MAX], used_count = 0;

		free_slots_init(&slots, count);
		for (uint32_t i = 0; i < count; i++) {
			third_below[i] = free_slots_third_below(i, count);
			stack[count - 1 - i] = i;
		}
		for (uint32_t step = 0; step < 2000; step++) {
			for (uint32_t i = 0; i < FREE_SLOTS_KNOWN; i++)
				assert_int_equal(slots.top[i], i < depth ? stack[depth - 1 - i] : FREE_SLOTS_NONE);
			bool is_to_take = depth && (used_count == 0 || rand() % 2);
			if (is_to_take) {
				uint32_t slot = stack[--depth];
				free_slots_take(&slots, third_below[slot]);
				used[used_count++] = slot;
			} else if (used_count) {
				uint32_t at = (uint32_t)rand() % used_count, slot = used[at];
				used[at] = used[--used_count];
				third_below[slot] = free_slots_give(&slots, slot);
				stack[depth++] = slot;
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_a_stack_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
