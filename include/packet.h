/*
 * packet.h - one packet on its walk: the mbuf and what the stages have found out. Lives for one burst, in the lcore's own array.
 */
#ifndef AMITY_PACKET_H
#define AMITY_PACKET_H

#include "caller_identify.h"
#include "net_address.h"
#include "reason.h"
#include "route_decide.h"
#include "sip_message.h"
#include "verdict.h"

struct rte_mbuf;

struct packet {
	struct rte_mbuf *mbuf;   /* owned by the packet until its end */
	struct span bytes;       /* the SIP datagram inside it (or its unfolded copy) */
	struct net_address source;
	struct net_address local; /* our address and port that it came to */
	uint16_t interface;      /* index of snapshot->wire->interface */
	uint8_t verdict;         /* enum verdict; written once, by packet_end() */
	uint16_t reason;         /* enum reason */
	struct caller caller;
	struct sip_message message;
};

/* The end of a packet's walk. The first one wins: a stage never sees an ended packet. */
static inline void packet_end(struct packet *packet, enum verdict verdict, enum reason reason)
{
	packet->verdict = (uint8_t)verdict;
	packet->reason = (uint16_t)reason;
}

#endif
