/*
 * idle.h - how an lcore behaves when there is nothing to do, or little.
 *
 * Nothing: it spins for a while, then sleeps, doubling up to the policy's limit. Little: it lets packets gather, as
 * network cards do before they interrupt. All stages' code has to come to the core for one packet as for thirty-two:
 * at half load a call costs a third less when bursts are fuller.
 *
 * Whoever would rather save the core than a millisecond (`idle: save`) sleeps between bursts. A wake-up costs more than
 * what one packet needs, so a sleep becomes longer while packets are fewer than it was worth waking up for, and shorter
 * when they are many.
 */
#ifndef AMITY_IDLE_H
#define AMITY_IDLE_H

#include "worker.h"

struct idle {
	const struct idle_policy *policy;
	uint64_t gather_tsc;
	uint32_t empty_polls;
	uint32_t sleep_us; /* the last sleep, and the next one when nothing speaks for another; 0: none */
};

/* `policy` must live as long. Thread: the lcore, as below. */
void idle_init(struct idle *idle, const struct idle_policy *policy);

/*
 * The only place where an lcore gives up its core. `burst_tsc`: when the burst began, which took `taken` packets.
 * Result: nanoseconds in which it kept the core while packets were let gather.
 */
uint64_t idle_after_burst(struct idle *idle, uint64_t burst_tsc, uint32_t taken);

#endif
