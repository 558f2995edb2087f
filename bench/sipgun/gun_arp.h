/*
 * gun_arp.h - address resolution (RFC 826): sipgun asks for the router, and answers for its own addresses.
 */
#ifndef AMITY_GUN_ARP_H
#define AMITY_GUN_ARP_H

#include "gun_frame.h"

#define GUN_ARP_FRAME_BYTES 42

struct gun_arp {
	bool is_request;
	struct gun_frame_address from; /* ports unused */
	in_addr_t wanted_be;
};

/* Result: false when the frame is no ARP of IPv4 over Ethernet. */
bool gun_arp_read(struct gun_arp *arp, struct span frame);

/* A request for `wanted_be`, to all; an answer to `asker`, who wanted `from`. */
void gun_arp_write_request(uint8_t at[GUN_ARP_FRAME_BYTES], const struct gun_frame_address *from, in_addr_t wanted_be);
void gun_arp_write_answer(uint8_t at[GUN_ARP_FRAME_BYTES], const struct gun_frame_address *from,
			  const struct gun_frame_address *asker);

#endif
