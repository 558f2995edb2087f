/*
 * location_set.h - makes the blocks that the location table holds (include/location.h).
 *
 * Who makes one may have room in it for its own: `fixed_bytes` behind the bindings, aligned to 8, and `text_bytes` at
 * the end. No lcore looks there.
 */
#ifndef AMITY_LOCATION_SET_H
#define AMITY_LOCATION_SET_H

#include "location.h"

#define LOCATION_CONTACT_BYTES_MAX 512
#define LOCATION_PATH_BYTES_MAX	   1024

/* One binding, with texts of the caller, which are copied. */
struct location_binding {
	struct span contact, path;
	struct net_address next_hop;
	struct net_address local;
	uint64_t expires_tsc;
	uint16_t interface, q;
	bool has_entry, behind_nat;
};

struct location_set_room {
	uint32_t fixed_bytes, text_bytes;
};

/*
 * `count` 0 to BINDINGS_PER_AOR_MAX, best first; with 0 it is no set for the table. Texts up to
 * LOCATION_CONTACT_BYTES_MAX and LOCATION_PATH_BYTES_MAX. Result: NULL without memory; else the caller's, to be put
 * into the table or freed by location_set_free(). The caller's room is not cleared.
 */
struct binding_set *location_set_make(const uint8_t key[AOR_KEY_BYTES], const struct location_binding *binding,
				      uint32_t count, struct location_set_room room);

/* One that is not in the table. NULL is fine. */
void location_set_free(struct binding_set *set);

/* The caller's room behind the bindings. */
static inline void *location_set_fixed(const struct binding_set *set)
{
	return (void *)(uintptr_t)&set->binding[set->count];
}

/* The caller's room at the end; `fixed_bytes` as it was made. */
char *location_set_text(const struct binding_set *set, uint32_t fixed_bytes);

#endif
