/*
 * The calls that were dialled last: each once, newest first, never more than was promised, and few that are missing.
 */
#include <stdlib.h>

#include "cmocka_all.h"
#include "dialled_memory.h"
#include "random_source.h"

#define CALLS_MAX     7
#define BURST_MAX     70 /* more than two of its own */
#define AGES_PER_CALL (1u << 18)

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
	dialled_memory_take(memory, records, (uint32_t)count);
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
	dialled_memory_take(memory, &records[3], 1);
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

/* Also where all their texts, put together, are the same. Whose DDI a carrier called does not count. */
static void calls_that_differ_in_anything_are_others(void **state)
{
	const struct call_record records[] = {
		record_of(CALL_PARTY_USER, "acme", "a", "2001", ""),
		record_of(CALL_PARTY_FRIEND, "acme", "a", "2001", ""),
		record_of(CALL_PARTY_FRIEND, "acmea", "2", "001", ""),
		record_of(CALL_PARTY_FRIEND, "acme", "a", "200", "1"),
		record_of(CALL_PARTY_FRIEND, "acm", "ea", "2001", ""),
		record_of(CALL_PARTY_CARRIER, "acme", "a", "2001", ""),
		record_of(CALL_PARTY_CARRIER, "else", "a", "2001", ""),
	};
	struct dialled_memory *memory = memory_with(records, sizeof(records) / sizeof(records[0]));

	(void)state;
	assert_int_equal(dialled_memory_count(memory), sizeof(records) / sizeof(records[0]) - 1);
	dialled_memory_free(memory);
}

/* ---- order ---- */

static struct call_record record_of_number(uint32_t dialled)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", dialled);
	return record_of(CALL_PARTY_USER, "acme", "alice", number, "101");
}

static uint32_t number_of(const struct dialled_call *call)
{
	char number[16];
	struct span text = dialled_memory_text(call, DIALLED_NUMBER);

	assert_true(text.length > 0 && text.length < sizeof(number));
	memcpy(number, text.at, text.length);
	number[text.length] = '\0';
	return (uint32_t)strtoul(number, NULL, 10);
}

/* A list that is searched and moved by hand. */
struct model {
	uint32_t number[CALLS_MAX];
	uint32_t count;
};

static void model_take(struct model *model, uint32_t dialled)
{
	uint32_t at = 0;

	while (at < model->count && model->number[at] != dialled)
		at++;
	model->count += at == model->count && model->count < CALLS_MAX;
	at = at < CALLS_MAX ? at : CALLS_MAX - 1;
	memmove(model->number + 1, model->number, at * sizeof(model->number[0]));
	model->number[0] = dialled;
}

static void assert_as_model(const struct dialled_memory *memory, const struct model *model)
{
	struct dialled_call calls[CALLS_MAX + 1];

	assert_int_equal(dialled_memory_count(memory), model->count);
	assert_int_equal(dialled_memory_copy(calls, memory, CALLS_MAX + 1), model->count);
	for (uint32_t i = 0; i < model->count; i++)
		assert_int_equal(number_of(&calls[i]), model->number[i]);
}

/* Fewer than eight: none is ever missing. */
static void the_newest_are_kept_each_once(void **state)
{
	struct dialled_memory *memory = memory_with(NULL, 0);
	struct random_source random = random_source_of(7);
	struct call_record records[BURST_MAX];
	struct dialled_call calls[CALLS_MAX];
	struct model model = {0};

	(void)state;
	for (int turn = 0; turn < 5000; turn++) {
		uint32_t most = turn % 3 == 0 ? BURST_MAX : 3, count = random_source_below(&random, most + 1);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t dialled = random_source_below(&random, turn % 1000 < 500 ? 9 : 100);
			records[i] = record_of_number(dialled);
			model_take(&model, dialled);
		}
		dialled_memory_take(memory, records, count);
		assert_as_model(memory, &model);
	}
	assert_int_equal(dialled_memory_copy(calls, memory, 3), 3);
	assert_int_equal(number_of(&calls[2]), model.number[2]);
	dialled_memory_free(memory);
}

static void the_order_outlives_the_ages(void **state)
{
	struct dialled_memory *memory = memory_with(NULL, 0);
	struct call_record fill[BURST_MAX];
	struct random_source random = random_source_of(9);
	struct model model = {0};
	uint32_t taken = 0;

	(void)state;
	for (uint32_t i = 0; i < BURST_MAX; i++)
		fill[i] = record_of_number(1);
	for (; taken < CALLS_MAX * AGES_PER_CALL - 2 * BURST_MAX; taken += BURST_MAX)
		dialled_memory_take(memory, fill, BURST_MAX);
	model_take(&model, 1);
	for (uint32_t end = taken + 4 * BURST_MAX; taken < end; taken++) {
		uint32_t dialled = random_source_below(&random, 12);
		const struct call_record record = record_of_number(dialled);
		dialled_memory_take(memory, &record, 1);
		model_take(&model, dialled);
		assert_as_model(memory, &model);
	}
	dialled_memory_free(memory);
}

/* ---- how many are missing ---- */

#define MANY	      (4 * DIALLED_MEMORY_CALLS_MAX)
#define CERTAIN	      1000
#define MISSING_MOST  30 /* 5 are to be expected, with a deviation of 2.3 */
#define DIALLED_TWICE 20000

/* Each was dialled once, from 0 on; then the first DIALLED_TWICE again. 0: the newest. */
static uint32_t age_of(uint32_t number)
{
	return number < DIALLED_TWICE ? DIALLED_TWICE - 1 - number : DIALLED_TWICE + MANY - 1 - number;
}

static uint32_t assert_newest_first(const struct dialled_call *calls, uint32_t count)
{
	uint32_t missing = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t age = age_of(number_of(&calls[i]));
		assert_true(i == 0 || age > age_of(number_of(&calls[i - 1])));
		assert_true(i >= CERTAIN || age == i);
		missing = age < count ? count - 1 - i : missing;
	}
	return missing;
}

static void few_of_the_promised_are_missing(void **state)
{
	struct dialled_call *calls = calloc(DIALLED_MEMORY_CALLS_MAX, sizeof(*calls));
	struct dialled_memory *memory;

	(void)state;
	assert_non_null(calls);
	assert_int_equal(dialled_memory_create(&memory, DIALLED_MEMORY_CALLS_MAX), STATUS_OK);
	for (uint32_t i = 0; i < MANY + DIALLED_TWICE; i++) {
		const struct call_record record = record_of_number(i % MANY);
		dialled_memory_take(memory, &record, 1);
	}
	assert_int_equal(dialled_memory_count(memory), DIALLED_MEMORY_CALLS_MAX);
	assert_int_equal(dialled_memory_copy(calls, memory, UINT32_MAX), DIALLED_MEMORY_CALLS_MAX);
	assert_true(assert_newest_first(calls, DIALLED_MEMORY_CALLS_MAX) <= MISSING_MOST);
	dialled_memory_free(memory);
	free(calls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_needed_to_dial_again_is_kept),
		cmocka_unit_test(what_cannot_be_dialled_again_is_passed_over),
		cmocka_unit_test(hidden_callers_are_others),
		cmocka_unit_test(calls_that_differ_in_anything_are_others),
		cmocka_unit_test(the_newest_are_kept_each_once),
		cmocka_unit_test(the_order_outlives_the_ages),
		cmocka_unit_test(few_of_the_promised_are_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
