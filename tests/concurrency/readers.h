/*
 * readers.h - threads that hold tables as lcores do, for tests that change the tables meanwhile.
 *
 *   worker_begin_burst()    the lcores' own: one acquire load of the snapshot
 *   look()                  the test's: is all that the snapshot leads to as it was built?
 *   worker_end_burst()      one quiescent report
 */
#ifndef AMITY_TESTS_READERS_H
#define AMITY_TESTS_READERS_H

#include <pthread.h>

#include "worker.h"

#define READERS 3

/* Sanitizers slow everything down: counts of a test are divided by it. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define READERS_SLOWER 20
#else
#define READERS_SLOWER 1
#endif

/* Result: how much was wrong. Thread: the reader's. */
typedef uint64_t (*readers_look_fn)(const struct worker *worker);

struct reader {
	struct worker *worker;
	readers_look_fn look;
	const atomic_bool *stopping;
	pthread_t thread;
	atomic_ulong look_count; /* by the reader; read by readers_have_looked() */
	uint64_t wrong;		 /* by the reader; read after it ended */
};

struct readers {
	atomic_bool stopping;
	struct reader reader[READERS];
};

/* A data plane without lcores, ports and rings: what publish.h and the tables want. */
struct dataplane *readers_make_dataplane(uint32_t worker_count);
void readers_free_dataplane(struct dataplane *dataplane);

/* A snapshot with a clock must have been published. */
void readers_start(struct readers *readers, struct dataplane *dataplane, readers_look_fn look);

/* Has every reader looked that often? The writers are quick and the cores few: no reader may miss it all. */
bool readers_have_looked(struct readers *readers, uint64_t count);

/* Result: how much all of them found wrong. */
uint64_t readers_stop(struct readers *readers);

#endif
