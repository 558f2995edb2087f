/*
 * bench_state_kept.h - a router's state with one document in force, kept from one run of a bench to the next: later
 * runs start as a router does that was stopped.
 *
 * In /var/tmp/amity-bench-UID, a directory for each document, library and CPU; it may be removed at any time.
 */
#ifndef AMITY_BENCH_STATE_KEPT_H
#define AMITY_BENCH_STATE_KEPT_H

#include "span.h"

/*
 * Makes it if it is not there, and says so on stderr: seconds for 10,000 companies, whose patterns are plain. Result:
 * its directory, with provision.db and patterns.db; valid until the next call.
 */
const char *bench_state_kept_obtain(struct span document);

#endif
