/*
 * message_hold.h - a received message for who keeps it beyond its burst.
 */
#ifndef AMITY_MESSAGE_HOLD_H
#define AMITY_MESSAGE_HOLD_H

#include "worker.h"

/*
 * One more reference of packet->mbuf; of a copy when that is a frame of its port, which has only as many as are on the
 * way (af_xdp). When there is no buffer for the copy, the frame itself is held.
 *
 * Thread: lcore. Owner: the caller, of the reference. Result: where the message is; *text is inside it.
 */
struct rte_mbuf *message_hold(struct span *text, struct worker *worker, const struct packet *packet);

#endif
