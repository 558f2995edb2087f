/*
 * verdict.h - the ends that a packet can have. Written once per packet, together with a reason (verdict_end in
 * packet.h).
 */
#ifndef AMITY_VERDICT_H
#define AMITY_VERDICT_H

enum verdict {
	VERDICT_NONE, /* still walking */
	VERDICT_FORWARD,
	VERDICT_ANSWER,
	VERDICT_PUNT,
	VERDICT_DROP,
	VERDICT_ABSORB, /* a fragment that became part of a datagram */
	VERDICT_COUNT
};

#endif
