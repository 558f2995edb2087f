#include "idle.h"

#include <rte_cycles.h>
#include <rte_pause.h>

/* DPDK's own are floating point. */
#define NANOSECONDS_PER_S  1000000000ull
#define MICROSECONDS_PER_S 1000000ull

/* The next burst is at least half as full as it can be: more would not make a packet much cheaper. */
#define GATHERED_ENOUGH (BURST_MAX / 2)

/* To wake up costs about as much as these. */
#define TOO_FEW (BURST_MAX / 8)

void idle_init(struct idle *idle, const struct idle_policy *policy)
{
	*idle = (struct idle){.policy = policy, .gather_tsc = policy->gather_us * policy->tsc_hz / MICROSECONDS_PER_S};
}

/* Result: TSC ticks that were waited; not those after the end. */
static uint64_t gather(const struct idle *idle, uint64_t burst_tsc)
{
	uint64_t start = rte_rdtsc(), end = burst_tsc + idle->gather_tsc;

	if (start >= end)
		return 0;
	while (rte_rdtsc() < end)
		rte_pause();
	return end - start;
}

static void rest(struct idle *idle)
{
	const struct idle_policy *policy = idle->policy;

	if (policy->spin_polls == UINT32_MAX || idle->empty_polls < policy->spin_polls) {
		idle->empty_polls++;
		rte_pause();
		return;
	}
	idle->sleep_us = idle->sleep_us ? RTE_MIN(idle->sleep_us * 2, policy->sleep_us_max) : 1;
	rte_delay_us_sleep(idle->sleep_us);
}

static void sleep_between(struct idle *idle, uint32_t taken)
{
	const struct idle_policy *policy = idle->policy;

	if (taken && policy->gather_us == 0)
		idle->sleep_us = 0;
	else if (taken < TOO_FEW)
		idle->sleep_us =
			RTE_MIN(RTE_MAX(idle->sleep_us * 2, RTE_MAX(policy->gather_us, 1u)), policy->sleep_us_max);
	else if (taken >= GATHERED_ENOUGH)
		idle->sleep_us /= 2;
	if (idle->sleep_us)
		rte_delay_us_sleep(idle->sleep_us);
}

uint64_t idle_after_burst(struct idle *idle, uint64_t burst_tsc, uint32_t taken)
{
	if (idle->policy->sleeps_between) {
		sleep_between(idle, taken);
		return 0;
	}
	if (taken == 0) {
		rest(idle);
		return 0;
	}
	idle->empty_polls = 0;
	idle->sleep_us = 0;
	return taken < GATHERED_ENOUGH ? gather(idle, burst_tsc) * NANOSECONDS_PER_S / idle->policy->tsc_hz : 0;
}
