/*
 * bench_state_kept.h - a router's state with one document in force, kept from one run of a bench to the next: its tables'
 * Hyperscan compiled once is loaded by later runs.
 *
 * In /var/tmp/amity-bench-UID, a directory for each document, library and CPU; it may be removed at any time.
 */
#ifndef AMITY_BENCH_STATE_KEPT_H
#define AMITY_BENCH_STATE_KEPT_H

#include "span.h"

/*
 * Makes it if it is not there, which takes as long as the compile of all patterns: 150 s for 10,000 companies; says so
 * on stderr. Result: its directory, with provision.db and patterns.db; valid until the next call.
 */
const char *bench_state_kept_obtain(struct span document);

#endif
