/*
 * transaction_table.h - the transactions of one lcore (RFC 3261 16, 17; RFC 6026): memory, names, and who is forgotten
 * first.
 *
 *   transaction[i]   server transaction: the request as it came in, and what we answered
 *        |
 *        +-- branch  client transactions, one for each place that the request was sent to, linked by `next`.
 *                    branch[i] belongs to transaction[i]: the first one. Others come from the spare ones behind.
 *
 * The branch parameter of our Via names the branch (dataplane/sip/branch_name.h), so that a response is one array
 * access and one comparison. Server transactions are found by `key`, merged requests by `merge_key` (RFC 3261 8.2.2.2).
 *
 * A transaction that has sent its final response and has no branch that could still change anything "lingers": it only
 * absorbs what comes late. When the table (or its share of mbufs) is full, the one that has lingered longest gives way;
 * when none lingers, the table is full and new requests are refused with 503.
 */
#ifndef AMITY_TRANSACTION_TABLE_H
#define AMITY_TRANSACTION_TABLE_H

#include "free_slots.h"
#include "key_index.h"
#include "transaction.h"

#define TRANSACTION_GIVE_WAY_MAX   64			    /* forgotten for one new request: an lcore must not stall */
#define TRANSACTION_MERGE_LOOK_MAX TRANSACTION_BRANCHES_MAX /* requests alike that are looked at */

struct transaction_table {
	/* By setup. */
	struct transaction *transaction; /* [count] */
	struct branch *branch;		 /* [branch_count]: count + spare */
	struct key_index keys;		 /* slots in `transaction` */
	struct key_index merge_keys;	 /* likewise: the newest with each */
	uint32_t count, branch_count;
	uint32_t mbufs_max;		    /* that transactions may keep */
	uint32_t size_max[KEPT_SIZE_COUNT]; /* of these by enum kept_size; few messages are larger than a frame */

	/* By the table. */
	struct timer_wheel *wheel;
	struct free_slots free_transactions;
	uint32_t free_branch;	 /* of the spare ones */
	uint32_t oldest, newest; /* lingering */
	uint32_t used_count, lingering_count, spare_used_count;
	uint32_t mbufs_kept; /* may exceed mbufs_max: add looks at it, and transaction_table_is_short() */
	uint32_t size_kept[KEPT_SIZE_COUNT]; /* of these by enum kept_size: who keeps asks first */
	uint64_t gave_way_count;	     /* lingering ones forgotten early */
};

/* Bytes of the four arrays, each rounded up to cache lines, for the memory plan. Thread: any. */
uint64_t transaction_table_bytes(uint32_t count);

/*
 * `count`: 1 or more. `memory`: transaction_table_bytes(count) zeroed bytes, on a cache line. Spare branches: a quarter
 * of count, at least 64. The share of mbufs: `mbufs_max`, all of them small ones until size_max says otherwise.
 *
 * Thread: setup.
 */
void transaction_table_init(struct transaction_table *table, void *memory, uint32_t count, uint32_t mbufs_max,
			    struct timer_wheel *wheel);

/* Result: NULL when there is none. Thread: the owner, as all below. Cost: a line of the index and the transaction's. */
struct transaction *transaction_table_find(const struct transaction_table *table,
					   const uint8_t key[TRANSACTION_KEY_BYTES]);

/*
 * Ask for the cache lines that a search will look at, so that the misses of a burst overlap: where a key is looked up,
 * and the transaction that has it; the branch in a slot and the transaction that it belongs to unless it is a spare
 * one, or what a response takes of these; then what it reads and gives back of what these keep. `slot` may be of no
 * branch.
 */
void transaction_table_prefetch_key(const struct transaction_table *table, const uint8_t key[TRANSACTION_KEY_BYTES]);
void transaction_table_prefetch_merged(const struct transaction_table *table, uint64_t merge_key);
void transaction_table_prefetch_found(const struct transaction_table *table, const uint8_t key[TRANSACTION_KEY_BYTES]);
void transaction_table_prefetch_branch(const struct transaction_table *table, uint32_t slot);
void transaction_table_prefetch_response(const struct transaction_table *table, uint32_t slot);
void transaction_table_prefetch_kept(const struct transaction_table *table, uint32_t slot);

/* Likewise what the end of a transaction touches beside itself. Its own lines have come; `slot` may be of another
 * branch. */
void transaction_table_prefetch_end(const struct transaction_table *table, uint32_t slot);

/*
 * A transaction with that merge key that has not ended: no final response was sent, or a 2xx and it is
 * not TRANSACTION_ENDED yet. (After any other the same request may come again on purpose, from a proxy that tries one
 * target after the other.) The newest first; behind TRANSACTION_MERGE_LOOK_MAX of them nothing is found.
 */
struct transaction *transaction_table_find_merged(const struct transaction_table *table, uint64_t merge_key);

/*
 * A new transaction: TRANSACTION_PROCEEDING, zeroed but for its links, key and merge key entered, without branches.
 * `key` is not there yet. Takes the place of the one that lingers longest when there is no free one; others give way,
 * the longest lingering first, while fewer than `mbufs` of the share are left. What pointed to one that lingers may
 * point to another one afterwards.
 *
 * Result: NULL: full, also after TRANSACTION_GIVE_WAY_MAX have given way. Cost: 150 ns with its branch and both timers,
 * from memory; 350 ns when one gives way.
 */
struct transaction *transaction_table_add(struct transaction_table *table, const uint8_t key[TRANSACTION_KEY_BYTES],
					  uint64_t merge_key, uint32_t mbufs);

/* Is the share of mbufs used up? What is not needed for a transaction to end well is not kept then. */
bool transaction_table_is_short(const struct transaction_table *table);

/* May `mbufs` more of that size be kept? Small ones always: of these, lingering transactions give theirs back. */
bool transaction_table_has_room_for(const struct transaction_table *table, enum kept_size size, uint32_t mbufs);

/*
 * A new branch at the end of the transaction's list: BRANCH_CALLING, generation counted on, else zeroed; counted in
 * branch_count. (What is pending is the stages' to count.) Result: NULL: no spare one, or TRANSACTION_BRANCHES_MAX
 * reached.
 */
struct branch *transaction_table_add_branch(struct transaction_table *table, struct transaction *transaction);

/*
 * Stops all timers, gives all mbufs back, forgets it: TRANSACTION_FREE and BRANCH_FREE, found by no key. Cost: 200 ns
 * from memory, beside the mbufs.
 */
void transaction_table_remove(struct transaction_table *table, struct transaction *transaction);

/* Removes all: their mbufs are back. */
void transaction_table_clear(struct transaction_table *table);

/* From now on it may give way. Does nothing when it lingers already. */
void transaction_table_linger(struct transaction_table *table, struct transaction *transaction);

/*
 * Until it lingers again it does not give way: for who points to it for the rest of a burst. Does nothing when it does
 * not linger.
 */
void transaction_table_hold(struct transaction_table *table, struct transaction *transaction);

/*
 * Keeps a message: one reference of `mbuf` becomes ours, what was kept there before is given back. `text` is inside the
 * mbuf's buffer. mbuf NULL: only gives back. Each kept message counts one in mbufs_kept, also of a shared mbuf.
 */
void transaction_table_keep(struct transaction_table *table, struct kept_message *kept, struct rte_mbuf *mbuf,
			    struct span text);

/* Most of what may be kept is not. */
static inline void transaction_table_give_back(struct transaction_table *table, struct kept_message *kept)
{
	if (kept->mbuf)
		transaction_table_keep(table, kept, NULL, (struct span){0});
}

static inline uint32_t transaction_index(const struct transaction_table *table, const struct transaction *transaction)
{
	return (uint32_t)(transaction - table->transaction);
}

static inline uint32_t branch_index(const struct transaction_table *table, const struct branch *branch)
{
	return (uint32_t)(branch - table->branch);
}

static inline struct branch *transaction_first_branch(const struct transaction_table *table,
						      const struct transaction *transaction)
{
	return transaction->first_branch == TRANSACTION_NONE ? NULL : &table->branch[transaction->first_branch];
}

static inline struct branch *branch_next(const struct transaction_table *table, const struct branch *branch)
{
	return branch->next == TRANSACTION_NONE ? NULL : &table->branch[branch->next];
}

#endif
