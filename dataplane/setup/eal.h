/*
 * eal.h - starts DPDK's environment for a plan, once a process.
 */
#ifndef AMITY_EAL_H
#define AMITY_EAL_H

#include "setup.h"

/* Thread: the caller's becomes the main lcore. Result: ENVIRONMENT or INVALID with the reason in setup->error. */
enum status eal_start(struct setup *setup, const struct dataplane_plan *plan) AMITY_CHECKED;

#endif
