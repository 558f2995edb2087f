/*
 * bench_bindings.h - a location table with many bindings, as the registrar would have left it.
 */
#ifndef AMITY_BENCH_BINDINGS_H
#define AMITY_BENCH_BINDINGS_H

#include "pipeline.h"

/*
 * `count` addresses of record with one binding each, spread over the companies of bench_traffic_provisioning(): first
 * each company's alice, then others. They do not expire. Thread: control, while no lcore runs.
 */
void bench_bindings_fill(struct pipeline *pipeline, uint32_t company_count, uint32_t count);

#endif
