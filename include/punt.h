/*
 * punt.h - what lcores hand to the control thread, and what comes back.
 *
 * Both ways an mbuf travels through a ring; its payload is the bare SIP message (no link, IP or UDP header), its
 * private area a struct punt. Owner: who dequeues frees.
 */
#ifndef AMITY_PUNT_H
#define AMITY_PUNT_H

#include "ban_table.h"
#include "reason.h"

enum punt_kind {
	PUNT_REGISTER,	  /* verified REGISTER; aor_key and company_id name the endpoint */
	PUNT_KERNEL_SEND, /* an outgoing message whose next hop's MAC is unknown; the kernel resolves it */
	PUNT_PING_ANSWER, /* a response to a ping of the registrar */
	PUNT_SEND,	  /* control -> lcore: send to `peer` */
};

struct punt {
	uint8_t kind;		  /* enum punt_kind */
	bool is_unreachable;	  /* to an lcore: no message, but what an ICMP error quotes; it was going to `peer` */
	uint16_t interface;	  /* index of wire->interface that it came in by, or should leave by */
	struct net_address peer;  /* source of a received message, destination of an outgoing one */
	struct net_address local; /* our address and port */
	uint8_t aor_key[AOR_KEY_BYTES];
	uint64_t company_id;
	uint16_t endpoint_name_offset; /* in the payload: digest user name */
	uint16_t endpoint_name_length;
};

/* A wrong password or unknown name (R2); copied by value through a ring of elements. */
struct auth_failure {
	struct ban_key key;
};
_Static_assert(sizeof(struct auth_failure) == 32, "element of an rte_ring_elem: a multiple of four bytes");

#endif
