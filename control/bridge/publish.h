/*
 * publish.h - the one place that exchanges what the lcores look at, and frees what they no longer can.
 *
 *   publish_x(new part)     build a snapshot: new part + the other parts as they are
 *                           exchange dataplane->snapshot (release)
 *                           start a grace period (rte_rcu_qsbr), put the old snapshot and the old part on the retire
 * list timer, now and then     grace period over? release them. Never waits.
 *
 * A part belongs to the publisher from the successful call on; its release function is called once, on the control
 * thread, when the part was replaced and no worker can hold it, or by publisher_free(). NULL: somebody else owns it and
 * outlives the publisher.
 *
 * Thread: control, for every function here.
 */
#ifndef AMITY_PUBLISH_H
#define AMITY_PUBLISH_H

#include "dataplane.h"

struct event_base;
struct publisher;

typedef void (*publish_release_fn)(const void *part);

/* Publishes a first, empty snapshot (generation 1). `event_base` NULL: nothing polls, call publish_poll(). */
AMITY_CHECKED enum status publisher_create(struct publisher **publisher, struct dataplane *dataplane,
					   struct event_base *event_base);

/* After the workers ended: releases everything, live or retired. NULL is allowed. */
void publisher_free(struct publisher *publisher);

/* Result of each: STATUS_OK, or STATUS_NO_MEMORY (nothing changed, the part is still the caller's). */
AMITY_CHECKED enum status publish_directory(struct publisher *publisher, const struct directory *directory,
					    publish_release_fn release);
AMITY_CHECKED enum status publish_wire(struct publisher *publisher, const struct wire *wire,
				       publish_release_fn release);
AMITY_CHECKED enum status publish_keys(struct publisher *publisher, const struct secret_keys *keys,
				       publish_release_fn release);
AMITY_CHECKED enum status publish_location(struct publisher *publisher, const struct location *location,
					   publish_release_fn release);
AMITY_CHECKED enum status publish_bans(struct publisher *publisher, const struct ban_table *bans,
				       publish_release_fn release);

struct publish_clock {
	uint64_t unix_base_s;
	uint64_t tsc_base;
	uint64_t tsc_hz;
};

AMITY_CHECKED enum status publish_clock(struct publisher *publisher, const struct publish_clock *clock);

/*
 * For tables that change in place (location, bans): calls release(part) when no worker that is running now can still
 * hold it. Result: STATUS_NO_MEMORY: not queued, the part is still the caller's.
 */
AMITY_CHECKED enum status publish_retire(struct publisher *publisher, const void *part, publish_release_fn release);

/* The live snapshot. Valid until control returns to the event loop. */
const struct snapshot *publish_current(const struct publisher *publisher);

/* The control thread's own scratch, large enough for every pattern set of the live directory; NULL before the first
 * directory. */
struct match_scratch *publish_control_scratch(const struct publisher *publisher);

/* Releases what no worker can hold; the timer does this by itself. Result: how many parts still wait. */
uint32_t publish_poll(struct publisher *publisher);

/* How many replaced snapshots and parts wait for workers. */
uint32_t publish_waiting(const struct publisher *publisher);

#endif
