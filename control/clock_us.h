/*
 * clock_us.h - microseconds of a clock that nobody sets: how long something took.
 *
 * Thread: any but lcores.
 */
#ifndef AMITY_CLOCK_US_H
#define AMITY_CLOCK_US_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

#endif
