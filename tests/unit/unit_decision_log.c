#include "cmocka_all.h"

#include "decision_log.h"

#define COUNT 8

static struct decision memory[COUNT];
static struct decision_log decisions;

static int begin(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	decision_log_init(&decisions, memory, COUNT);
	return 0;
}

static void the_newest_take_the_place_of_the_oldest(void **state)
{
	(void)state;
	assert_null(decision_log_find(&decisions, 0));
	for (uint64_t i = 0; i < 3 * COUNT; i++) {
		decision_log_add(&decisions)->time_ms = i + 1;
		for (uint64_t number = 0; number < 3 * COUNT + 2; number++) {
			const struct decision *found = decision_log_find(&decisions, number);
			if (number > i || number + COUNT <= i)
				assert_null(found);
			else
				assert_int_equal(found->time_ms, number + 1);
		}
	}
}

static void an_entry_begins_empty(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < COUNT; i++)
		memset(decision_log_add(&decisions), 0xff, sizeof(struct decision));
	const struct decision *again = decision_log_add(&decisions);
	static const struct decision empty;
	assert_memory_equal(again, &empty, offsetof(struct decision, text));
}

static void texts_are_cut_at_their_room(void **state)
{
	static const uint32_t room[] = {DECISION_CALL_ID_BYTES, DECISION_NAME_BYTES, DECISION_NAME_BYTES,
					DECISION_NAME_BYTES};
	char text[DECISION_CALL_ID_BYTES + 10];

	(void)state;
	for (uint32_t length = 0; length <= sizeof(text); length++) {
		struct decision *decision = decision_log_add(&decisions);
		for (uint32_t kind = 0; kind < DECISION_TEXT_COUNT; kind++) {
			memset(text, 'a' + (int)kind, sizeof(text));
			decision_log_set_text(decision, (enum decision_text_kind)kind, span_make(text, length));
		}
		for (uint32_t kind = 0; kind < DECISION_TEXT_COUNT; kind++) {
			memset(text, 'a' + (int)kind, sizeof(text));
			assert_span_equal(decision_text(decision, (enum decision_text_kind)kind),
					  span_make(text, length < room[kind] ? length : room[kind]));
		}
	}
}

static void a_call_id_is_told_by_hash_and_beginning(void **state)
{
	struct span call_id = SPAN_LITERAL("0123456789-0123456789-0123456789-0123456789-0123456789-0123456789@host");

	(void)state;
	struct decision *decision = decision_log_add(&decisions);
	decision->call_id_hash = 77;
	decision_log_set_text(decision, DECISION_TEXT_CALL_ID, call_id);
	assert_true(decision_log_is_about(decision, call_id, 77));
	assert_false(decision_log_is_about(decision, call_id, 78));
	assert_false(decision_log_is_about(decision, SPAN_LITERAL("0123456789"), 77));
	assert_false(decision_log_is_about(decision,
					   SPAN_LITERAL("1123456789-0123456789-0123456789-0123456789-0123456789"), 77));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_newest_take_the_place_of_the_oldest, begin),
		cmocka_unit_test_setup(an_entry_begins_empty, begin),
		cmocka_unit_test_setup(texts_are_cut_at_their_room, begin),
		cmocka_unit_test_setup(a_call_id_is_told_by_hash_and_beginning, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
