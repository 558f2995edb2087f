#include "idle.h"

#include <rte_cycles.h>
#include <rte_pause.h>

void idle_after_burst(struct idle *idle, const struct idle_policy *policy, uint32_t taken)
{
	if (taken) {
		idle->empty_polls = 0;
		idle->sleep_us = 0;
		return;
	}
	if (policy->spin_polls == UINT32_MAX || idle->empty_polls < policy->spin_polls) {
		idle->empty_polls++;
		rte_pause();
		return;
	}
	idle->sleep_us = idle->sleep_us ? RTE_MIN(idle->sleep_us * 2, policy->sleep_us_max) : 1;
	rte_delay_us_sleep(idle->sleep_us);
}
