/*
 * bench_scale_bindings.h - bindings of bench_scale: stored, restored as at a start, and what memory they take.
 */
#ifndef AMITY_BENCH_SCALE_BINDINGS_H
#define AMITY_BENCH_SCALE_BINDINGS_H

#include "bench_report.h"
#include "pipeline.h"

/* Into the location table of `pipeline`, which has room for `count`. Thread: control, while no lcore runs. */
void bench_scale_bindings_measure(struct bench_report *report, struct pipeline *pipeline, uint32_t count,
				  uint32_t company_count);

#endif
