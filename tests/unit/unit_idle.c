#include "cmocka_all.h"

#include <time.h>

#include <rte_cycles.h>

#include "idle.h"

#define GATHER_US 300
#define TSC_HZ	  1000000000ull /* as if: only the proportion of what is waited counts */
#define TRIES	  1000		/* whoever lost the core for so long has not waited */

static struct idle idle_of(uint32_t gather_us)
{
	static struct idle_policy policy;
	struct idle idle;

	policy = (struct idle_policy){.spin_polls = UINT32_MAX, .gather_us = gather_us, .tsc_hz = TSC_HZ};
	idle_init(&idle, &policy);
	return idle;
}

/* Result: was the next burst kept waiting? Until its time, then. */
static bool has_waited(struct idle *idle, uint32_t taken)
{
	uint64_t burst_tsc = rte_rdtsc();
	uint64_t waited_ns = idle_after_burst(idle, burst_tsc, taken);
	uint64_t passed_ns = rte_rdtsc() - burst_tsc;

	assert_true(waited_ns <= GATHER_US * 1000);
	assert_true(waited_ns == 0 || passed_ns >= GATHER_US * 1000);
	return waited_ns > 0;
}

static bool can_wait(struct idle *idle, uint32_t taken)
{
	for (uint32_t i = 0; i < TRIES; i++)
		if (has_waited(idle, taken))
			return true;
	return false;
}

static void after_few_packets_more_are_let_gather(void **state)
{
	struct idle idle = idle_of(GATHER_US);

	(void)state;
	assert_true(can_wait(&idle, 1));
	assert_true(can_wait(&idle, BURST_MAX / 2 - 1));
	assert_false(has_waited(&idle, BURST_MAX / 2));
	assert_false(has_waited(&idle, BURST_MAX));
	assert_false(has_waited(&idle, 0));
}

static void without_gathering_the_next_burst_follows_at_once(void **state)
{
	struct idle idle = idle_of(0);

	(void)state;
	assert_false(has_waited(&idle, 1));
}

/* A burst that took longer than that has let them gather. */
static void a_long_burst_is_not_followed_by_a_wait(void **state)
{
	struct idle idle = idle_of(GATHER_US);
	uint64_t long_ago = rte_rdtsc() - TSC_HZ;

	(void)state;
	assert_int_equal(idle_after_burst(&idle, long_ago, 1), 0);
}

static void empty_polls_are_followed_by_longer_and_longer_sleeps(void **state)
{
	const struct idle_policy policy = {.spin_polls = 2, .sleep_us_max = 3, .tsc_hz = TSC_HZ};
	const uint32_t sleeps_us[] = {0, 0, 1, 2, 3, 3};
	struct idle idle;

	(void)state;
	idle_init(&idle, &policy);
	for (uint32_t i = 0; i < RTE_DIM(sleeps_us); i++) {
		assert_int_equal(idle_after_burst(&idle, rte_rdtsc(), 0), 0);
		assert_int_equal(idle.sleep_us, sleeps_us[i]);
	}
	/* Whoever had something to do spins again first. */
	idle_after_burst(&idle, rte_rdtsc(), 1);
	assert_int_equal(idle_after_burst(&idle, rte_rdtsc(), 0), 0);
	assert_int_equal(idle.sleep_us, 0);
}

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void a_sleep_lets_enough_packets_come_and_not_too_many(void **state)
{
	enum { FEW = BURST_MAX / 8, MANY = BURST_MAX / 2 };
	const struct idle_policy policy = {
		.sleeps_between = true, .sleep_us_max = 20, .gather_us = 6, .tsc_hz = TSC_HZ};
	const struct {
		uint32_t taken, sleep_us;
	} bursts[] = {
		{MANY - 1, 0},							/* no reason to sleep so far */
		{0, 6},								/* nothing came: gather_us at first */
		{FEW, 6},							/* enough: as long as before */
		{FEW - 1, 12},							/* it was not worth waking up */
		{0, 20},							/* at most the limit */
		{MANY - 1, 20}, {MANY, 10},					/* many: sooner */
		{BURST_MAX, 5}, {BURST_MAX, 2}, {BURST_MAX, 1}, {BURST_MAX, 0}, /* and no sleep at all */
		{BURST_MAX, 0}, {1, 6},
	};
	struct idle idle;

	(void)state;
	idle_init(&idle, &policy);
	for (uint32_t i = 0; i < RTE_DIM(bursts); i++) {
		uint64_t begin_ns = clock_ns();
		assert_int_equal(idle_after_burst(&idle, rte_rdtsc(), bursts[i].taken), 0); /* the core is others' */
		assert_true(clock_ns() - begin_ns >= bursts[i].sleep_us * 1000);
		assert_int_equal(idle.sleep_us, bursts[i].sleep_us);
	}
}

static void without_gathering_it_sleeps_only_when_nothing_came(void **state)
{
	const struct idle_policy policy = {.sleeps_between = true, .sleep_us_max = 3, .tsc_hz = TSC_HZ};
	const struct {
		uint32_t taken, sleep_us;
	} bursts[] = {{0, 1}, {0, 2}, {0, 3}, {0, 3}, {1, 0}, {0, 1}, {BURST_MAX, 0}};
	struct idle idle;

	(void)state;
	idle_init(&idle, &policy);
	for (uint32_t i = 0; i < RTE_DIM(bursts); i++) {
		assert_int_equal(idle_after_burst(&idle, rte_rdtsc(), bursts[i].taken), 0);
		assert_int_equal(idle.sleep_us, bursts[i].sleep_us);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_few_packets_more_are_let_gather),
		cmocka_unit_test(without_gathering_the_next_burst_follows_at_once),
		cmocka_unit_test(a_long_burst_is_not_followed_by_a_wait),
		cmocka_unit_test(empty_polls_are_followed_by_longer_and_longer_sleeps),
		cmocka_unit_test(a_sleep_lets_enough_packets_come_and_not_too_many),
		cmocka_unit_test(without_gathering_it_sleeps_only_when_nothing_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
