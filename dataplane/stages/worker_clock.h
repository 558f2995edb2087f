/*
 * worker_clock.h - unix time of the burst in milliseconds, for records.
 */
#ifndef AMITY_WORKER_CLOCK_H
#define AMITY_WORKER_CLOCK_H

#include "worker.h"

/* Thread: lcore, within a burst. Cost: two divisions. */
static inline uint64_t worker_clock_unix_ms(const struct worker *worker)
{
	const struct snapshot *snapshot = worker->snapshot;
	uint64_t passed_tsc = worker->now_tsc - snapshot->tsc_base;

	/* Seconds first: the product of the whole would pass 64 bits within months. */
	return (snapshot->unix_base_s + passed_tsc / snapshot->tsc_hz) * 1000 +
	       passed_tsc % snapshot->tsc_hz * 1000 / snapshot->tsc_hz;
}

#endif
