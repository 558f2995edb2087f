/*
 * hop_find.h - the way to an address (wire.h), remembered for the rest of the burst: most messages of a burst go to few
 * places, and routes and neighbours are searched once for each of them.
 */
#ifndef AMITY_HOP_FIND_H
#define AMITY_HOP_FIND_H

#include "wire.h"

#define HOP_FIND_WAYS 16

struct worker;

struct hop_way {
	uint8_t ip[16];
	struct net_entry entry; /* with has_entry */
	bool has_entry;
	uint8_t result;	   /* enum wire_result */
	uint16_t own_port; /* SIP port of ours at that address; 0: it is not ours */
	struct wire_hop hop;
};

struct hop_memory {
	const struct wire *wire; /* that it is about */
	uint32_t known;		 /* bit n: way[n]; none at the start of a burst */
	struct hop_way way[HOP_FIND_WAYS];
};

/*
 * The way to `ip`, that back to who came in at `entry` when there is one (else NULL). What is found is valid until the
 * next call.
 *
 * Thread: lcore, within a burst. Cost: 5 ns when it was asked for in this burst.
 */
const struct hop_way *hop_find(struct worker *worker, const uint8_t ip[16], const struct net_entry *entry);

#endif
