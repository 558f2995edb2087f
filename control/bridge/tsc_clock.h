/*
 * tsc_clock.h - the lcores' clock, the TSC, tied to the system's: for the snapshot, and for comparing what lcores have
 * stamped.
 */
#ifndef AMITY_TSC_CLOCK_H
#define AMITY_TSC_CLOCK_H

#include "publish.h"

/* What the time is now on both clocks. Thread: any but lcores. */
void tsc_clock_read(struct publish_clock *clock);

/* Thread: any. */
uint64_t tsc_clock_now(void);

/* The system's clock, as call records have it. Thread: any. */
uint64_t tsc_clock_unix_ms(void);

#endif
