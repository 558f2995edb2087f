/*
 * call_table.h - the calls of one lcore: memory and names. What happens to them is dataplane/stages/call_track.c's
 * business.
 *
 * A call is found by its handle (call.h) alone: one array access and one comparison. A free slot has the handle
 * CALL_NONE; the slot freed last is used first, while it is in cache.
 */
#ifndef AMITY_CALL_TABLE_H
#define AMITY_CALL_TABLE_H

#include "call.h"
#include "free_slots.h"
#include "timer_wheel.h"

#define CALL_DIALOGS_MAX 4 /* callees that answered one INVITE (forks, RFC 3261 13.2.2.4) and are told apart */

/* What a call may count for (R18): its part in the call. */
enum call_limit {
	CALL_LIMIT_COMPANY,	   /* external call of the caller's company */
	CALL_LIMIT_TARGET_COMPANY, /* external call to another company (R17, R33) */
	CALL_LIMIT_SOURCE_CARRIER,
	CALL_LIMIT_TARGET_CARRIER,
	CALL_LIMIT_TARGET, /* user or friend that is called */
	CALL_LIMIT_COUNT,
};

/* The first line of the cache is all that ringing takes, an answer the last one too. */
struct call {
	struct timer timer;	   /* the end of the call if no BYE comes */
	uint64_t longest_end_tick; /* by the longest duration; session timers end before it */
	struct call_record record;
	uint32_t limit[CALL_LIMIT_COUNT]; /* entries of the limit table that count it; LIMIT_NONE: none */
	uint32_t callee_tag_hash[CALL_DIALOGS_MAX];
	uint32_t third_free;	   /* of a free slot: free_slots.h */
	uint32_t audit;		   /* number of the last audit that need not ask for its transaction */
	uint8_t whole_text_length; /* the part of record.text that is not the target's */
	bool whole_text_is_cut;	   /* one of the texts in it did not fit */
	uint8_t dialog_count;	   /* callees that answered */
	uint8_t ended_dialogs;	   /* bit i: BYE of callee_tag_hash[i] */
};
_Static_assert(sizeof(struct call) <= 512, "bytes of a call");
_Static_assert(offsetof(struct call, record.company_id) == 64 && offsetof(struct call, limit) >= 448, "lines");

struct call_table {
	/* By setup. */
	struct call *call; /* [count] */
	uint32_t count;
	uint32_t worker; /* in the handles */

	/* By the table. */
	struct free_slots free_calls;
	uint32_t used_count;
	uint32_t state_count[CALL_ENDED + 1];
	uint64_t serial; /* of the next call */
	uint32_t audit;	 /* number of the last audit (stages/call_audit.c); it does not judge calls that began since */
};

/* For the memory plan. Thread: any. */
uint64_t call_table_bytes(uint32_t count);

/*
 * `memory`: call_table_bytes(count) zeroed bytes, on a cache line. `count` 1 to CALL_SLOTS_MAX. `first_serial` is
 * random: it tells the handles of this start of the router from others.   Thread: setup.
 */
void call_table_init(struct call_table *table, void *memory, uint32_t count, uint32_t worker, uint64_t first_serial);

/* A call in state TRYING, zeroed but for its handle, its limits (none) and what is behind its texts. Result: NULL:
 * full. Thread: the owner, as all below. */
struct call *call_table_add(struct call_table *table);

/* Result: NULL when there is no such call (any more). */
struct call *call_table_find(const struct call_table *table, uint64_t handle);

/* Asks for what every event of a call touches: its timer, its state, its dialogs, on two lines of the cache; `whole`:
 * for all of it, as its end does. `handle` may be of no call. */
void call_table_prefetch(const struct call_table *table, uint64_t handle, bool whole);

/* `state`: not FREE. */
void call_table_set_state(struct call_table *table, struct call *call, enum call_state state);

/* Its timer must be stopped. */
void call_table_remove(struct call_table *table, struct call *call);

/* The call whose timer it is; NULL: it is not one of this table's. Thread: any. */
static inline struct call *call_table_of_timer(const struct call_table *table, struct timer *timer)
{
	struct call *call = (struct call *)timer;

	return call >= table->call && call < table->call + table->count ? call : NULL;
}
_Static_assert(offsetof(struct call, timer) == 0, "a timer's address is its call's");

#endif
