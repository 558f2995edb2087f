/*
 * worker_clock.h - unix time of the burst, from the TSC: once for all of its records.
 */
#ifndef AMITY_WORKER_CLOCK_H
#define AMITY_WORKER_CLOCK_H

#include "worker.h"

/* Sets now_s and now_ms by now_tsc and the snapshot. Thread: lcore, at the start of a burst. Cost: two divisions. */
static inline void worker_clock_set(struct worker *worker)
{
	const struct snapshot *snapshot = worker->snapshot;
	uint64_t passed_tsc = worker->now_tsc - snapshot->tsc_base;
	uint64_t unix_s = snapshot->unix_base_s + passed_tsc / snapshot->tsc_hz;

	worker->now_s = (uint32_t)unix_s;
	/* Seconds first: the product of the whole would pass 64 bits within months. */
	worker->now_ms = unix_s * 1000 + passed_tsc % snapshot->tsc_hz * 1000 / snapshot->tsc_hz;
}

#endif
