/*
 * message_hold.h - a message for who keeps it beyond its burst, in a buffer as small as it can be.
 *
 * Most messages are held where they are. Copied are: frames of a port that has only as many as are on the way (af_xdp),
 * and what lies in a large buffer, of which there are few (setup.h): received in fragments, or written too long for a
 * frame.
 *
 * Thread: lcore.
 */
#ifndef AMITY_MESSAGE_HOLD_H
#define AMITY_MESSAGE_HOLD_H

#include "worker.h"

enum message_hold {
	MESSAGE_HOLD_REQUEST,  /* message_hold_has_room() was asked */
	MESSAGE_HOLD_RESPONSE, /* one can do without: only while more than half of the share of its size is free */
};

/* May `count` more messages of that length, in buffers as `mbuf` is one, be held? */
bool message_hold_has_room(const struct worker *worker, const struct rte_mbuf *mbuf, uint32_t bytes, uint32_t count);

/*
 * One more reference of `mbuf`, or of a copy of *text, which is inside it; where that copy is is *text then. When there
 * is no buffer for the copy, `mbuf` itself is held.
 *
 * Owner: the caller, of the reference. Result: NULL: not held; never for a request.
 */
struct rte_mbuf *message_hold(struct span *text, struct worker *worker, struct rte_mbuf *mbuf, enum message_hold what);

#endif
