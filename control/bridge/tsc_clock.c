#include "tsc_clock.h"

#include <rte_cycles.h>
#include <time.h>

#define NANOSECONDS_A_SECOND 1000000000ull

void tsc_clock_read(struct publish_clock *clock)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	clock->tsc_hz = rte_get_tsc_hz();
	clock->unix_base_s = (uint64_t)now.tv_sec;
	/* The base is where the second began, so that lcores and the system change seconds together. */
	clock->tsc_base =
		rte_rdtsc() - (uint64_t)((double)now.tv_nsec / (double)NANOSECONDS_A_SECOND * (double)clock->tsc_hz);
}

uint64_t tsc_clock_now(void)
{
	return rte_rdtsc();
}

uint64_t tsc_clock_unix_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
