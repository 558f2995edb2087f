/*
 * punt_reader.h - takes what lcores hand to the control thread and gives it to who wants it.
 *
 * Polled by an event timer: every 5 ms, sooner when there is much, down to 1 ms.
 */
#ifndef AMITY_PUNT_READER_H
#define AMITY_PUNT_READER_H

#include "dataplane.h"
#include "span.h"
#include "status.h"

struct event_base;
struct punt_reader;

/* Whom it calls; each may be NULL: then the message is dropped and counted. `payload` and `punt` end with the call. */
struct punt_handlers {
	void *registrar; /* argument of the two below */
	void (*take_register)(void *registrar, const struct punt *punt, struct span payload);
	void (*take_ping_answer)(void *registrar, const struct punt *punt, struct span payload);
	void *kernel_send; /* struct kernel_send */
	void (*send_by_kernel)(void *kernel_send, const struct punt *punt, struct span payload);
	void *guard; /* struct failure_guard */
	void (*take_failure)(void *guard, const struct ban_key *key);
};

struct punt_reader_counts {
	uint64_t registers, ping_answers, kernel_sends, failures;
	uint64_t unhandled; /* no handler, or a kind that lcores do not punt */
};

/* Starts polling on `base`. `dataplane` outlives it. Thread: control. */
AMITY_CHECKED enum status punt_reader_create(struct punt_reader **reader, struct dataplane *dataplane,
					     struct event_base *base, const struct punt_handlers *handlers);

/* Stops polling; what is left in the rings stays there. */
void punt_reader_free(struct punt_reader *reader);

/* One look at all rings, bounded. Result: items taken. The timer calls it; also for tests and for draining at the end.
 */
uint32_t punt_reader_poll(struct punt_reader *reader);

/* Microseconds until the next look, after one that took so many; `interval_us`: those until that. Thread: any. */
uint32_t punt_reader_interval(uint32_t interval_us, uint32_t taken);

struct punt_reader_counts punt_reader_counts(const struct punt_reader *reader);

#endif
