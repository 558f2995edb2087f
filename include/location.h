/*
 * location.h - where endpoints are registered (R34, R35): address of record -> its bindings.
 *
 * A lock-free rte_hash keyed by endpoint->aor_key; the value is an immutable set of bindings. One writer (the control
 * thread, control/bridge/location_table.c) replaces whole sets; readers hold one until their quiescent report.
 */
#ifndef AMITY_LOCATION_H
#define AMITY_LOCATION_H

#include "company.h"

#define BINDINGS_PER_AOR_MAX 10 /* R34 */

struct binding {
	struct span contact;	     /* URI without brackets and header parameters */
	struct span path;	     /* value of the Path header lines joined by commas (RFC 3327); length 0: none */
	struct net_address next_hop; /* source address when behind NAT (R35), else the contact's address */
	struct net_entry entry;	     /* where the REGISTER came in, when it came from next_hop */
	uint64_t expires_tsc;
	uint16_t q; /* 0-1000 */
	bool behind_nat;
};

struct binding_set {
	struct span aor;	  /* user@domain, compared after the hash */
	uint32_t count;		  /* 1 to BINDINGS_PER_AOR_MAX; best first: q, then newest */
	struct binding binding[]; /* texts follow in the same block */
};

struct rte_hash;

/* Made and written by control/bridge/location_table.c alone; entry: aor_key -> const struct binding_set *. */
struct location {
	struct rte_hash *hash;
};

/*
 * Thread: lcore (inside its burst) or control.   Cost: one rte_hash lookup.
 * Result: NULL when the endpoint has no binding; the set may hold expired bindings (compare expires_tsc).
 */
const struct binding_set *location_find(const struct location *location, const uint8_t aor_key[AOR_KEY_BYTES]);

#endif
