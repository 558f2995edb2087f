/*
 * call_rig.h - workers without ports and lcores: tables of calls, limits and transactions, rings, and a clock that the
 * test moves.
 */
#ifndef AMITY_CALL_RIG_H
#define AMITY_CALL_RIG_H

#include "worker.h"

#define CALL_RIG_WORKERS      2
#define CALL_RIG_DURATION_S   3600
#define CALL_RIG_UNIX_S	      1800000000
#define CALL_RIG_RECORDS      1024
#define CALL_RIG_TICKS_A_TURN 200 /* less than what one call of timer_wheel_take_due() moves on over */

struct call_rig {
	struct dataplane dataplane;
	struct worker *worker[CALL_RIG_WORKERS];
	struct snapshot snapshot;
	struct secret_keys keys;
};

/* Fresh tables; DPDK is started with the first. `calls`, `transactions` and `decisions` of each worker. */
void call_rig_make(struct call_rig *rig, uint32_t calls, uint32_t transactions, uint32_t decisions);
void call_rig_free(struct call_rig *rig);

/* Time passes, in ticks of the wheel; calls whose timer is due expire, each at its tick. */
void call_rig_pass(struct call_rig *rig, uint64_t ticks);

/* The next record in the worker's ring. Result: false: none. */
bool call_rig_take(struct call_rig *rig, uint32_t worker, struct call_record *record);

#endif
