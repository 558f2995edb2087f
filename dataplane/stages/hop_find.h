/*
 * hop_find.h - the way to an address (wire.h), remembered as long as the snapshot is the same: most messages go to few
 * places, and routes and neighbours are searched once for each of them.
 */
#ifndef AMITY_HOP_FIND_H
#define AMITY_HOP_FIND_H

#include "wire.h"

#define HOP_FIND_WAYS 64

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
	const struct wire *wire; /* that it is about; another one may come to stand at its address, */
	uint64_t generation;	 /* so the snapshot's number tells too */
	uint64_t known;		 /* bit n: way[n] */
	struct hop_way way[HOP_FIND_WAYS];
};

/*
 * The way to `ip`, that back to who came in at `entry` when there is one (else NULL). What is found is valid until the
 * next call.
 *
 * Thread: lcore, within a burst. Cost: 5 ns when it is remembered.
 */
const struct hop_way *hop_find(struct worker *worker, const uint8_t ip[16], const struct net_entry *entry);

#endif
