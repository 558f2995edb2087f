/*
 * nonce_window.h - which nonce-counts of a nonce were used (R2), per lcore.
 *
 * A set-associative table: one cache line pair a set, four nonces each, the oldest gives way. Within a nonce a sliding
 * window of 64 counts, so that requests that overtake each other on the way are no replay. A retransmission (same
 * transaction) is none either.
 */
#ifndef AMITY_NONCE_WINDOW_H
#define AMITY_NONCE_WINDOW_H

#include "span.h"

struct nonce_window_entry {
	uint64_t nonce_hash;	   /* 0: free */
	uint64_t used;		   /* bit i: count highest - i was used */
	uint64_t transaction_hash; /* of the use that had the highest count */
	uint32_t highest;
	uint32_t issued_s;
};
_Static_assert(sizeof(struct nonce_window_entry) == 32, "four entries in two cache lines");

#define NONCE_WINDOW_WAYS 4

struct nonce_window {
	struct nonce_window_entry *entry; /* memory of the caller: set_count * NONCE_WINDOW_WAYS, zeroed */
	uint32_t set_count;		  /* a power of two */
	uint64_t evicted;		  /* live nonces that gave way: the table is too small when this grows */
};

enum nonce_use {
	NONCE_USE_FRESH,
	NONCE_USE_RETRANSMISSION, /* the highest count again, by the same transaction */
	NONCE_USE_REPLAY,
};

/* What the window knows a nonce by. Any text will do: it need not be a nonce of ours. */
uint64_t nonce_window_name(struct span nonce);

/* Asks for the cache lines that nonce_window_use() will read. */
void nonce_window_prefetch(const struct nonce_window *window, uint64_t name);

/*
 * Notes that the nonce of that name was used with count `nc` by a verified request; nc is 0 for answers without qop:
 * such a nonce serves one transaction.
 *
 * Thread: the lcore that owns the window.   Cost: one set, no division.
 */
enum nonce_use nonce_window_use(struct nonce_window *window, uint64_t name, uint32_t nc, uint32_t issued_s,
				uint64_t transaction_hash, uint32_t now_s);

#endif
