/*
 * idle.h - how an lcore behaves when there is nothing to do: it spins for a while, then sleeps, doubling up to the
 * policy's limit.
 */
#ifndef AMITY_IDLE_H
#define AMITY_IDLE_H

#include "worker.h"

struct idle {
	uint32_t empty_polls;
	uint32_t sleep_us;
};

/* The only place where an lcore gives up its core. Thread: the lcore. */
void idle_after_burst(struct idle *idle, const struct idle_policy *policy, uint32_t taken);

#endif
