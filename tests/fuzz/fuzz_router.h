/*
 * fuzz_router.h - the router that fuzz_burst sends to: its carriers and companies, who is registered, and keys that are
 * the same in every run.
 */
#ifndef AMITY_TESTS_FUZZ_ROUTER_H
#define AMITY_TESTS_FUZZ_ROUTER_H

#include "pipeline.h"

/* With tables so small that an input can fill them. To be stopped with pipeline_stop(). */
struct pipeline *fuzz_router_start(uint32_t worker_count);

#endif
