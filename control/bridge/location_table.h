/*
 * location_table.h - the one writer of the location table (include/location.h): replaces whole binding sets, retires
 * old ones.
 *
 * What was replaced waits on a list until every worker has reported a quiescent state; location_table_poll() frees it.
 */
#ifndef AMITY_LOCATION_TABLE_H
#define AMITY_LOCATION_TABLE_H

#include "dataplane.h"
#include "location_set.h"
#include "status.h"

struct location_table;

/* DPDK's memory that a table for so many takes, but for its sets, which are on the heap. Thread: any. */
uint64_t location_table_bytes(uint32_t endpoints_expected);

/*
 * With more endpoints than expected it still works, and takes longer to look through: its user has a limit of its own.
 * Thread: control, before lcores start.   Range: endpoints_expected 1 to 2^28.
 * Result: STATUS_NO_MEMORY when DPDK's memory does not hold it (8 to 16 bytes an endpoint); *table untouched.
 */
AMITY_CHECKED enum status location_table_create(struct location_table **table, uint32_t endpoints_expected,
						struct dataplane *dataplane);

/* Thread: control, after the lcores ended. NULL is fine. */
void location_table_free(struct location_table *table);

/* For publish_location(): the same pointer for the table's whole life. */
const struct location *location_table_location(const struct location_table *table);

/* The lcores' clock in `seconds` from now: binding.expires_tsc. */
uint64_t location_table_tsc_in(const struct location_table *table, uint32_t seconds);

/* What `key` has, for who made it: it may change what is behind the bindings. Result: NULL when there is nothing. */
struct binding_set *location_table_find(const struct location_table *table, const uint8_t key[AOR_KEY_BYTES]);

/* Asks for what location_table_find() looks at when location_prefetch() has brought the bucket. Thread: control. */
void location_table_prefetch_set(const struct location_table *table, const uint8_t key[AOR_KEY_BYTES]);

/*
 * Puts `set` (location_set.h) where set->key's was, which is retired. Owner: the table, from here on. Cannot fail.
 * A reader finds the old set or the new one. Thread: control.
 */
void location_table_put(struct location_table *table, struct binding_set *set);

/* Result: false when there was none. Thread: control. */
bool location_table_remove(struct location_table *table, const uint8_t key[AOR_KEY_BYTES]);

/* All sets; start with NULL. None may be put meanwhile, and only those removed whose next one was asked for. */
struct binding_set *location_table_next(const struct location_table *table, const struct binding_set *after);

/* Frees what no worker can hold any more; never blocks. Call it from a timer. Thread: control. */
void location_table_poll(struct location_table *table);

struct location_table_fill {
	uint32_t endpoints;
	uint32_t endpoints_expected;
	uint32_t retired;   /* replaced sets that wait for workers */
	uint64_t set_bytes; /* heap memory of the sets, waiting ones included */
};

struct location_table_fill location_table_fill(const struct location_table *table);

#endif
