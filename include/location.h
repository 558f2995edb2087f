/*
 * location.h - where endpoints are registered (R34, R35): address of record -> its bindings.
 *
 * A hash of chains, keyed by endpoint->aor_key: each bucket points to the first of its sets, each set to the next one.
 * A set is immutable but for that pointer. One writer (the control thread, control/bridge/location_table.c) replaces
 * whole sets, each with one store; readers hold a set until their quiescent report.
 *
 *   bucket[key & mask] -> set { next, key, binding[count] | what the control thread keeps | texts } -> next set -> NULL
 */
#ifndef AMITY_LOCATION_H
#define AMITY_LOCATION_H

#include <stdatomic.h>

#include "company.h"
#include "prefetch.h"

#define BINDINGS_PER_AOR_MAX 10 /* R34 */

/*
 * Its texts lie `text_offset` bytes behind its start: contact, path, then the addresses that are no IPv4, next hop
 * first. Read by the functions below.
 */
struct binding {
	uint64_t expires_tsc;
	uint8_t next_hop_ip[4], local_ip[4]; /* IPv4 */
	uint16_t next_hop_port, local_port;
	uint16_t interface; /* index of wire->interface; where the REGISTER came in */
	uint16_t q;	    /* 0-1000 */
	uint16_t text_offset;
	uint16_t contact_length, path_length;
	uint8_t transport; /* of the next hop */
	bool behind_nat : 1;
	bool has_entry : 1; /* the REGISTER came from the next hop, to local_ip and interface */
	bool next_hop_is_v6 : 1, local_is_v6 : 1;
};
_Static_assert(sizeof(struct binding) == 32, "half a cache line: a million of them are there");

struct binding_set {
	_Atomic(struct binding_set *) next; /* of the same bucket; by the writer, release; NULL: the last */
	uint8_t key[AOR_KEY_BYTES];
	struct binding_set *waiting; /* the writer's own, once the set is out of the table */
	uint32_t bytes;		     /* of the whole block */
	uint32_t count;		     /* 1 to BINDINGS_PER_AOR_MAX; best first: q, then newest */
	struct binding binding[];
};
_Static_assert(sizeof(struct binding_set) == 40, "with the first binding's expiry and next hop in one cache line");

/* Made and written by control/bridge/location_table.c alone. */
struct location {
	_Atomic(struct binding_set *) *bucket;
	uint32_t mask; /* buckets - 1: a power of two of them */
};

/* Keys are SipHash outputs under a secret key already: any of their bits are as good as any hash. */
static inline uint32_t location_bucket(const struct location *location, const uint8_t aor_key[AOR_KEY_BYTES])
{
	uint32_t bits;

	memcpy(&bits, aor_key, sizeof(bits));
	return bits & location->mask;
}

/* Asks for the bucket that location_find() begins with. Thread: any. */
static inline void location_prefetch(const struct location *location, const uint8_t aor_key[AOR_KEY_BYTES])
{
	prefetch_line((const void *)&location->bucket[location_bucket(location, aor_key)]);
}

/*
 * Thread: lcore (inside its burst) or control.   Cost: two cache lines that nobody has looked at lately, one more for
 * each other set in the bucket.
 * Result: NULL when the endpoint has no binding; the set may hold expired bindings (compare expires_tsc).
 */
const struct binding_set *location_find(const struct location *location, const uint8_t aor_key[AOR_KEY_BYTES]);

/* URI without brackets and header parameters. */
static inline struct span binding_contact(const struct binding *binding)
{
	return span_make((const char *)binding + binding->text_offset, binding->contact_length);
}

/* Value of the Path header lines joined by commas (RFC 3327); length 0: none. */
static inline struct span binding_path(const struct binding *binding)
{
	return span_make((const char *)binding + binding->text_offset + binding->contact_length, binding->path_length);
}

/* What lies behind the texts. */
static inline const char *binding_long_addresses(const struct binding *binding)
{
	return (const char *)binding + binding->text_offset + binding->contact_length + binding->path_length;
}

/* Source address when behind NAT (R35), else the contact's address. */
static inline struct net_address binding_next_hop(const struct binding *binding)
{
	struct net_address next_hop = {.port = binding->next_hop_port, .transport = binding->transport};

	if (binding->next_hop_is_v6)
		memcpy(next_hop.ip, binding_long_addresses(binding), sizeof(next_hop.ip));
	else
		net_address_set_v4(next_hop.ip, binding->next_hop_ip);
	return next_hop;
}

/* Our address that the REGISTER came to. */
static inline struct net_address binding_local(const struct binding *binding)
{
	struct net_address local = {.port = binding->local_port};

	if (binding->local_is_v6)
		memcpy(local.ip, binding_long_addresses(binding) + (binding->next_hop_is_v6 ? sizeof(local.ip) : 0),
		       sizeof(local.ip));
	else
		net_address_set_v4(local.ip, binding->local_ip);
	return local;
}

/* Where the REGISTER came in, when it came from the next hop; else an entry that is not known. */
static inline struct net_entry binding_entry(const struct binding *binding)
{
	struct net_address local = binding_local(binding);

	return binding->has_entry ? net_entry_make(&local, binding->interface) : (struct net_entry){.interface = 0};
}

#endif
