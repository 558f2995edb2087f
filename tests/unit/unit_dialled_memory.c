/* The calls that were dialled last: each once, newest first, never more than there is room for. */
#include <stdlib.h>

#include "cmocka_all.h"
#include "dialled_memory.h"
#include "random_source.h"

#define CALLS_MAX 7

static void add(struct call_record *record, enum call_text_kind kind, const char *text)
{
	record->part[kind] = (struct call_text){.offset = record->text_length, .length = (uint8_t)strlen(text)};
	memcpy(record->text + record->text_length, text, strlen(text));
	record->text_length = (uint16_t)(record->text_length + strlen(text));
}

static struct call_record record_of(enum call_party kind, const char *company, const char *caller, const char *number,
				    const char *shown)
{
	struct call_record record = {.caller_kind = (uint8_t)kind};

	add(&record, CALL_TEXT_CALL_ID, "some-id");
	add(&record, CALL_TEXT_DIALLED, number);
	add(&record, CALL_TEXT_CALLER_NUMBER, shown);
	add(&record, CALL_TEXT_CALLER, caller);
	add(&record, CALL_TEXT_COMPANY, company);
	add(&record, CALL_TEXT_TARGET, "whoever");
	return record;
}

static struct dialled_memory *memory_with(const struct call_record *records, size_t count)
{
	struct dialled_memory *memory;

	assert_int_equal(dialled_memory_create(&memory, CALLS_MAX), STATUS_OK);
	for (size_t i = 0; i < count; i++)
		dialled_memory_take(memory, &records[i]);
	return memory;
}

static void assert_call(const struct dialled_call *call, const char *company, const char *caller, const char *number,
			const char *identity)
{
	const char *const wanted[] = {company, caller, number, identity};

	for (int i = 0; i < DIALLED_TEXT_COUNT; i++) {
		struct span text = dialled_memory_text(call, (enum dialled_text)i);
		if (!span_equals(text, span_of_text(wanted[i])))
			fail_msg("text %d is " SPAN_FORMAT ", not %s", i, SPAN_ARGUMENTS(text), wanted[i]);
	}
}

static void what_is_needed_to_dial_again_is_kept(void **state)
{
	const struct call_record records[] = {
		record_of(CALL_PARTY_USER, "acme", "alice", "2001", "101"),
		record_of(CALL_PARTY_FRIEND, "acme", "pbx", "2001", "pbx"),
		record_of(CALL_PARTY_FRIEND, "acme", "pbx", "2001", "+34944000001"),
		record_of(CALL_PARTY_CARRIER, "acme", "telco", "944000000", "+34911111111"),
	};
	struct dialled_call calls[CALLS_MAX];
	struct dialled_memory *memory = memory_with(records, 4);

	(void)state;
	assert_int_equal(dialled_memory_copy(calls, memory, CALLS_MAX), 4);
	/* A user's number and a friend's name say nothing new; whose DDI the carrier called is the directory's. */
	assert_call(&calls[3], "acme", "alice", "2001", "");
	assert_call(&calls[2], "acme", "pbx", "2001", "");
	assert_call(&calls[1], "acme", "pbx", "2001", "+34944000001");
	assert_call(&calls[0], "", "telco", "944000000", "+34911111111");
	assert_int_equal(calls[0].caller_kind, CALL_PARTY_CARRIER);
	dialled_memory_free(memory);
}

static void what_cannot_be_dialled_again_is_passed_over(void **state)
{
	struct call_record records[4] = {
		record_of(CALL_PARTY_NONE, "acme", "alice", "2001", "101"),
		record_of(CALL_PARTY_USER, "acme", "alice", "", "101"),
		record_of(CALL_PARTY_USER, "acme", "", "2001", "101"),
		record_of(CALL_PARTY_USER, "acme", "alice", "2001", "101"),
	};

	(void)state;
	records[3].part[CALL_TEXT_COMPANY].cut = true;
	struct dialled_memory *memory = memory_with(records, 4);
	assert_int_equal(dialled_memory_count(memory), 0);
	/* That a text of the target was cut is none of its business. */
	records[3].part[CALL_TEXT_COMPANY].cut = false;
	records[3].part[CALL_TEXT_TARGET].cut = true;
	dialled_memory_take(memory, &records[3]);
	assert_int_equal(dialled_memory_count(memory), 1);
	dialled_memory_free(memory);
}

static void hidden_callers_are_others(void **state)
{
	struct call_record records[2] = {
		record_of(CALL_PARTY_USER, "acme", "alice", "2001", "101"),
		record_of(CALL_PARTY_USER, "acme", "alice", "2001", "101"),
	};
	struct dialled_call calls[CALLS_MAX];

	(void)state;
	records[1].flags = CALL_ANONYMOUS | CALL_EMERGENCY;
	struct dialled_memory *memory = memory_with(records, 2);
	assert_int_equal(dialled_memory_copy(calls, memory, CALLS_MAX), 2);
	assert_true(calls[0].anonymous && !calls[1].anonymous);
	dialled_memory_free(memory);
}

/* Against a list that is searched and moved by hand. */
static void the_newest_are_kept_each_once(void **state)
{
	struct dialled_memory *memory = memory_with(NULL, 0);
	struct dialled_call calls[CALLS_MAX];
	struct random_source random = random_source_of(7);
	int model[CALLS_MAX];
	uint32_t count = 0;

	(void)state;
	for (int turn = 0; turn < 5000; turn++) {
		char number[16], first[16];
		int dialled = (int)random_source_below(&random, turn % 1000 < 500 ? 9 : 40);
		snprintf(number, sizeof(number), "%d", dialled);
		const struct call_record record = record_of(CALL_PARTY_USER, "acme", "alice", number, "101");
		dialled_memory_take(memory, &record);
		uint32_t at = 0;
		while (at < count && model[at] != dialled)
			at++;
		count += at == count && count < CALLS_MAX;
		at = at < CALLS_MAX ? at : CALLS_MAX - 1;
		memmove(model + 1, model, at * sizeof(model[0]));
		model[0] = dialled;
		assert_int_equal(dialled_memory_count(memory), count);
		assert_int_equal(dialled_memory_copy(calls, memory, CALLS_MAX), count);
		for (uint32_t i = 0; i < count; i++) {
			snprintf(first, sizeof(first), "%d", model[i]);
			assert_call(&calls[i], "acme", "alice", first, "");
		}
	}
	assert_int_equal(dialled_memory_copy(calls, memory, 3), 3);
	dialled_memory_free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_needed_to_dial_again_is_kept),
		cmocka_unit_test(what_cannot_be_dialled_again_is_passed_over),
		cmocka_unit_test(hidden_callers_are_others),
		cmocka_unit_test(the_newest_are_kept_each_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
