/*
 * limit_table.h - one lcore's share of what has a limit (R18): how many calls of it a company, carrier, user or friend
 * has now, and how many calls a friend began in this second.
 *
 *   set 0   | key count | key count | ... LIMIT_WAYS entries     a key belongs to one set, anywhere in it
 *   set 1   | ...                                                an entry is free when it counts nothing
 *
 * Every lcore writes its own table alone, without locked operations, and reads those of all: the sum is what the limit
 * is compared with. Nobody waits, and entries never move, so that readers need no lock. Two lcores that compare at the
 * same instant may both see room for the last call: a limit can be exceeded by at most the number of lcores less one.
 * What has no limit is not counted; a limit that is set while calls live counts the calls from then on.
 */
#ifndef AMITY_LIMIT_TABLE_H
#define AMITY_LIMIT_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LIMIT_WAYS 8	      /* of a set: two cache lines */
#define LIMIT_NONE UINT32_MAX /* no entry */

enum limit_kind {
	LIMIT_COMPANY_CALLS = 1,
	LIMIT_CARRIER_CALLS,
	LIMIT_ENDPOINT_CALLS, /* towards a user or friend */
	LIMIT_ENDPOINT_RATE,  /* from a friend, per second */
};

/* Written by the owner alone, read by all; limit_table.c says in which order. Zeroed: free. */
struct limit_entry {
	_Atomic uint64_t key;	/* high 48 bits; below them how often it was given away */
	_Atomic uint64_t count; /* low half: calls; high half: 0, or of a rate the second that they began in */
};
_Static_assert(sizeof(struct limit_entry) == 16, "four in a cache line");

struct limit_table {
	/* By setup. */
	struct limit_entry *entry; /* [set_count * LIMIT_WAYS] */
	uint32_t *audited;  /* [set_count * LIMIT_WAYS]: for call_audit.c, calls that it has seen to hold the entry */
	uint32_t set_count; /* a power of two */

	/* By the table. */
	uint32_t held_count; /* entries that count calls now */
};

/* Entries for so many calls: at least twice as many as there are calls, full sets only, a power of two. */
uint32_t limit_table_entries(uint32_t calls);

/* For the memory plan. Thread: any. */
uint64_t limit_table_bytes(uint32_t entries);

/* `memory`: limit_table_bytes(entries) zeroed bytes, on a cache line; `entries` from limit_table_entries(). Thread:
 * setup. */
void limit_table_init(struct limit_table *table, void *memory, uint32_t entries);

/* `name`: a keyed 64-bit hash of the thing, so that nobody chooses who shares a set with whom. Result: its high 48
 * bits are what counts, and never 0. */
uint64_t limit_table_key(enum limit_kind kind, uint64_t name);

/* Calls that this table counts for `key`. Thread: any lcore. Cost: one set, about 10 ns when in cache. */
uint32_t limit_table_read_calls(const struct limit_table *table, uint64_t key);

/*
 * Counts one more call. `now_s`: unix time, for what may be taken for it. Result: the entry, for limit_table_release();
 * LIMIT_NONE: no room in its set. Thread: owner.
 */
uint32_t limit_table_hold(struct limit_table *table, uint64_t key, uint32_t now_s);

/* One call less. `entry` holds at least one call. Thread: owner. */
void limit_table_release(struct limit_table *table, uint32_t entry);

/* Calls that `entry` counts; 0 of a rate. Thread: owner. */
uint32_t limit_table_calls_at(const struct limit_table *table, uint32_t entry);

/* Whether `entry` counts calls of `key`. LIMIT_NONE: no. Thread: owner. */
bool limit_table_holds(const struct limit_table *table, uint32_t entry, uint64_t key);

/* Calls that began in the second `now_s`. Thread: any lcore. */
uint32_t limit_table_read_rate(const struct limit_table *table, uint64_t key, uint32_t now_s);

/* One more. Result: false: no room in its set. Thread: owner. */
bool limit_table_count_rate(struct limit_table *table, uint64_t key, uint32_t now_s);

#endif
