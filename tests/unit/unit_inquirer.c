/* Asking lcores: everybody is answered once, what an lcore still has is kept for it. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>
#include <rte_ring.h>

#include "inquirer.h"
#include "registrar_rig.h"

#define WORKERS 2

static struct dataplane dataplane;
static struct event_base *base;
static struct inquirer *inquirer;
static uint64_t clock_ahead_ms; /* of the monotonic clock */

int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now);

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	int result = __real_clock_gettime(id, now);
	now->tv_sec += (time_t)(clock_ahead_ms / 1000);
	return result;
}

/* What somebody was told. */
struct told {
	uint32_t times, missing, first_missing, records;
	uint32_t sum; /* of what lcores answered */
	struct told *ask_again;
};

static void on_done(void *argument, const struct inquiry_answers *answers)
{
	struct told *told = argument;

	told->times++;
	told->missing = answers->missing;
	told->first_missing = answers->first_missing;
	for (uint32_t i = 0; i < WORKERS; i++) {
		const struct inquiry *answer = answers->answer[i];
		if (!answer)
			continue;
		told->sum += answer->counts.trying;
		for (uint32_t k = 0; k < answer->count; k++, told->records++)
			assert_int_equal(((const struct call_record *)answer->output)[k].handle, k + 1);
	}
	if (told->ask_again)
		assert_int_equal(
			inquirer_ask(inquirer, 0, &(struct inquiry){.kind = INQUIRY_COUNT}, on_done, told->ask_again),
			STATUS_OK);
}

/* What an lcore does. Result: false when it was not asked. */
static bool answer(uint32_t worker)
{
	void *waiting;
	if (rte_ring_dequeue(dataplane.inquiry[worker], &waiting) != 0)
		return false;
	struct inquiry *inquiry = waiting;
	inquiry->counts.trying = 10 + worker;
	for (; inquiry->kind == INQUIRY_CALLS && inquiry->count < inquiry->capacity; inquiry->count++)
		((struct call_record *)inquiry->output)[inquiry->count].handle = inquiry->count + 1;
	if (inquiry->call_id.length)
		assert_memory_equal(inquiry->call_id.at, "one@two", 7);
	atomic_store_explicit(&inquiry->done, true, memory_order_release);
	return true;
}

static int set_up(void **state)
{
	(void)state;
	if (!registrar_rig_start_eal())
		return -1;
	clock_ahead_ms = 0;
	dataplane.worker_count = WORKERS;
	for (uint32_t i = 0; i < WORKERS; i++)
		dataplane.inquiry[i] = rte_ring_create(i ? "inquiry_1" : "inquiry_0", 4, 0, 0);
	base = event_base_new();
	return inquirer_create(&inquirer, &dataplane, base);
}

static int tear_down(void **state)
{
	(void)state;
	inquirer_free(inquirer);
	event_base_free(base);
	for (uint32_t i = 0; i < WORKERS; i++)
		rte_ring_free(dataplane.inquiry[i]);
	return 0;
}

static void ask(uint32_t worker, const struct inquiry *question, struct told *told)
{
	assert_int_equal(inquirer_ask(inquirer, worker, question, on_done, told), STATUS_OK);
}

static void all_are_asked(void **state)
{
	struct told told = {0};

	(void)state;
	ask(INQUIRER_ALL, &(struct inquiry){.kind = INQUIRY_COUNT}, &told);
	assert_true(answer(1));
	assert_int_equal(inquirer_poll(inquirer), 1);
	assert_int_equal(told.times, 0);
	assert_true(answer(0));
	/* The timer looks by itself. */
	event_base_dispatch(base);
	assert_int_equal(told.times, 1);
	assert_int_equal(told.missing, 0);
	assert_int_equal(told.sum, 21);
	assert_int_equal(inquirer_poll(inquirer), 0);
}

static void one_is_asked_with_room(void **state)
{
	struct told told = {0};

	(void)state;
	ask(1, &(struct inquiry){.kind = INQUIRY_CALLS, .capacity = 5, .call_id = SPAN_LITERAL("one@two")}, &told);
	assert_false(answer(0));
	assert_true(answer(1));
	assert_int_equal(inquirer_poll(inquirer), 0);
	assert_int_equal(told.times, 1);
	assert_int_equal(told.records, 5);
	assert_int_equal(told.missing, 0);
}

static void who_is_told_may_ask_again(void **state)
{
	struct told second = {0}, first = {.ask_again = &second};

	(void)state;
	ask(0, &(struct inquiry){.kind = INQUIRY_COUNT}, &first);
	assert_true(answer(0));
	inquirer_poll(inquirer);
	assert_int_equal(first.times, 1);
	assert_true(answer(0));
	inquirer_poll(inquirer);
	assert_int_equal(first.times, 1);
	assert_int_equal(second.times, 1);
}

/* The lcore writes its answer when nobody waits any more: sanitizers see whether that is still its memory. */
static void a_silent_lcore_holds_up_nobody(void **state)
{
	struct told told = {0}, later = {0};

	(void)state;
	ask(INQUIRER_ALL, &(struct inquiry){.kind = INQUIRY_CALLS, .capacity = 3}, &told);
	assert_true(answer(0));
	clock_ahead_ms = INQUIRER_WAIT_MS - 1000;
	inquirer_poll(inquirer);
	assert_int_equal(told.times, 0);
	clock_ahead_ms = INQUIRER_WAIT_MS + 1000;
	assert_int_equal(inquirer_poll(inquirer), 0);
	assert_int_equal(told.times, 1);
	assert_int_equal(told.missing, 1);
	assert_int_equal(told.first_missing, 1);
	assert_int_equal(told.records, 3);
	assert_true(answer(1));
	ask(1, &(struct inquiry){.kind = INQUIRY_COUNT}, &later);
	assert_true(answer(1));
	event_base_dispatch(base);
	assert_int_equal(told.times, 1);
	assert_int_equal(later.times, 1);
}

static void a_full_ring_is_no_answer(void **state)
{
	struct told told[4] = {{0}};

	(void)state;
	for (int i = 0; i < 4; i++)
		ask(1, &(struct inquiry){.kind = INQUIRY_COUNT}, &told[i]);
	inquirer_poll(inquirer);
	/* A ring of 4 takes 3. */
	assert_int_equal(told[2].times, 0);
	assert_int_equal(told[3].times, 1);
	assert_int_equal(told[3].missing, 1);
	inquirer_finish(inquirer);
	assert_int_equal(told[2].missing, 1);
}

static void all_are_told_at_the_end(void **state)
{
	struct told told[2] = {{0}};

	(void)state;
	for (int i = 0; i < 2; i++)
		ask(INQUIRER_ALL, &(struct inquiry){.kind = INQUIRY_WHY, .capacity = 2}, &told[i]);
	assert_true(answer(1));
	inquirer_finish(inquirer);
	assert_int_equal(told[0].missing, 1);
	assert_int_equal(told[1].missing, 2);
	/* Those that an lcore has are its own until it ends: it may still write. */
	assert_true(answer(0));
	assert_true(answer(0));
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test_setup_teardown(all_are_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_is_asked_with_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_told_may_ask_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_silent_lcore_holds_up_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_ring_is_no_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_are_told_at_the_end, set_up, tear_down),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
