/*
 * gun_schedule.h - an open loop: when each call is due, evenly spaced, whatever comes back.
 *
 * A generator that waits for answers measures a router that sets its own pace; this one keeps its own. What is taken
 * late keeps the time at which it was due, from which latency counts.
 */
#ifndef AMITY_GUN_SCHEDULE_H
#define AMITY_GUN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define GUN_SCHEDULE_FRACTION_BITS 20

/* Times of the TSC; the next one counts from the start, with a fraction, so that no rounding adds up. */
struct gun_schedule {
	uint64_t start_tsc;
	uint64_t end_tsc; /* nothing is due from here on */
	uint64_t next;	  /* after the start, << GUN_SCHEDULE_FRACTION_BITS */
	uint64_t interval;
};

/* `rate_per_s` > 0. Thread: any. */
void gun_schedule_init(struct gun_schedule *schedule, uint64_t start_tsc, uint64_t end_tsc, double rate_per_s,
		       uint64_t cycles_per_s);

/* Result: true when something is due at `now_tsc`; *due_tsc is when it was. */
bool gun_schedule_take(uint64_t *due_tsc, struct gun_schedule *schedule, uint64_t now_tsc);

#endif
