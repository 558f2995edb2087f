#include "gun_schedule.h"

#include <math.h>

void gun_schedule_init(struct gun_schedule *schedule, uint64_t start_tsc, uint64_t end_tsc, double rate_per_s,
		       uint64_t cycles_per_s)
{
	double interval = (double)cycles_per_s / rate_per_s * (double)(1u << GUN_SCHEDULE_FRACTION_BITS);

	*schedule = (struct gun_schedule){.start_tsc = start_tsc, .end_tsc = end_tsc};
	/* Rounded up: the first one behind the end is not drawn before it. */
	schedule->interval = (uint64_t)ceil(interval);
}

bool gun_schedule_take(uint64_t *due_tsc, struct gun_schedule *schedule, uint64_t now_tsc)
{
	uint64_t due = schedule->start_tsc + (schedule->next >> GUN_SCHEDULE_FRACTION_BITS);

	if (due > now_tsc || due >= schedule->end_tsc)
		return false;
	schedule->next += schedule->interval;
	*due_tsc = due;
	return true;
}
