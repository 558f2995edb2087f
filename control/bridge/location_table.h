/*
 * location_table.h - the one writer of the location table (include/location.h): replaces whole binding sets, retires
 * old ones.
 *
 * What was replaced waits on a list until every worker has reported a quiescent state; location_table_poll() frees it.
 */
#ifndef AMITY_LOCATION_TABLE_H
#define AMITY_LOCATION_TABLE_H

#include "dataplane.h"
#include "location.h"
#include "status.h"

struct location_table;

/* DPDK's memory that a table for so many takes, but for its sets, which are on the heap. Thread: any. */
uint64_t location_table_bytes(uint32_t endpoints_max);

/*
 * Thread: control, before lcores start.   Range: endpoints_max 1 to 2^28, all of them fit.
 * Result: STATUS_NO_MEMORY when DPDK's memory does not hold it (82 to 128 bytes an endpoint); *table untouched.
 */
AMITY_CHECKED enum status location_table_create(struct location_table **table, uint32_t endpoints_max,
						struct dataplane *dataplane);

/* Thread: control, after the lcores ended. NULL is fine. */
void location_table_free(struct location_table *table);

/* For publish_location(): the same pointer for the table's whole life. */
const struct location *location_table_location(const struct location_table *table);

/* The lcores' clock in `seconds` from now: binding.expires_tsc. */
uint64_t location_table_tsc_in(const struct location_table *table, uint32_t seconds);

/*
 * Replaces the set of `aor_key`: `set` names texts and bindings of the caller, which are copied.
 * `set` has count 1 to BINDINGS_PER_AOR_MAX and is sorted already. Thread: control.
 * Result: STATUS_LIMIT (full), STATUS_NO_MEMORY; then the old set stays.
 */
AMITY_CHECKED enum status location_table_put(struct location_table *table, const uint8_t aor_key[AOR_KEY_BYTES],
					     const struct binding_set *set);

/* The same in two steps, so that nothing can fail for want of memory once a registration was stored. Thread: control.
 */
AMITY_CHECKED enum status location_table_prepare(struct binding_set **prepared, struct location_table *table,
						 const struct binding_set *set);
/* Owner: takes `prepared` in any case. Result: STATUS_LIMIT; then the old set stays. */
AMITY_CHECKED enum status location_table_put_prepared(struct location_table *table,
						      const uint8_t aor_key[AOR_KEY_BYTES],
						      struct binding_set *prepared);
/* Instead of putting it. NULL is allowed. */
void location_table_drop_prepared(struct location_table *table, struct binding_set *prepared);

/* Result: false when there was none. Thread: control. */
bool location_table_remove(struct location_table *table, const uint8_t aor_key[AOR_KEY_BYTES]);

/* Frees what no worker can hold any more; never blocks. Call it from a timer. Thread: control. */
void location_table_poll(struct location_table *table);

struct location_table_fill {
	uint32_t endpoints;
	uint32_t endpoints_max;
	uint32_t retired;   /* replaced sets that wait for workers */
	uint64_t set_bytes; /* heap memory of the sets, waiting ones included */
};

struct location_table_fill location_table_fill(const struct location_table *table);

#endif
