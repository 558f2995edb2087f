/*
 * pools.h - the pools: small buffers for frames, a few large ones for messages that come or leave in fragments.
 */
#ifndef AMITY_POOLS_H
#define AMITY_POOLS_H

#include "setup.h"

enum status pools_create(struct setup *setup, const struct dataplane_plan *plan) AMITY_CHECKED;

/* Result: mbufs that are missing. */
uint32_t pools_free(struct setup *setup);

#endif
