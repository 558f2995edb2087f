/*
 * stand_in.h - a router that answers as a router would and checks nothing: the other end of sipgun's own bench.
 *
 * It challenges, says 100, forwards between the two sides with its Via and Record-Route, and keeps no state.
 */
#ifndef AMITY_STAND_IN_H
#define AMITY_STAND_IN_H

#include "gun_run.h"

#include <rte_ring.h>

#define STAND_IN_DEVICE "net_ring_gun"

struct stand_in {
	struct rte_ring *to_router, *from_router;
	struct rte_mempool *pool;
	struct gun_frame to_side[GUN_SIDES];
	uint64_t handled; /* messages */
	uint64_t unread;
};

/* Makes the rings and sipgun's port, STAND_IN_DEVICE, on them. Result: false when DPDK refuses. */
bool stand_in_open(struct stand_in *router);

/* After gun_run_open(): where the sides are, and whose buffers it takes. */
void stand_in_join(struct stand_in *router, const struct gun_run *run);

/* Handles all that sipgun has sent. */
void stand_in_turn(struct stand_in *router);

void stand_in_close(struct stand_in *router);

#endif
