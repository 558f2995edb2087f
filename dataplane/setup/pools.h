/*
 * pools.h - the pools: small buffers for frames, a few large ones for messages that come or leave in fragments, a few
 * between these for such messages while they are kept.
 */
#ifndef AMITY_POOLS_H
#define AMITY_POOLS_H

#include "setup.h"

/* What so many buffers with that data room take of DPDK's memory. Thread: any. */
uint64_t pools_bytes(uint32_t count, uint32_t room_bytes);

enum status pools_create(struct setup *setup, const struct dataplane_plan *plan) AMITY_CHECKED;

/* Result: mbufs that are missing. */
uint32_t pools_free(struct setup *setup);

#endif
