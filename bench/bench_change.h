/*
 * bench_change.h - changes one company of many, over and over: the real directory build (one new block, a new root),
 * publication and release.
 */
#ifndef AMITY_BENCH_CHANGE_H
#define AMITY_BENCH_CHANGE_H

#include "pipeline.h"

struct bench_change;

/* Reads the two documents between which it changes. Owner: the caller, bench_change_free(). */
struct bench_change *bench_change_create(struct pipeline *pipeline, uint32_t company_count);
void bench_change_free(struct bench_change *change);

/* One change: builds and publishes. Thread: control. */
void bench_change_once(struct bench_change *change);

#endif
