/*
 * send.h - the way out of an lcore for a SIP message in an mbuf: framed and put on a port's transmit buffer, or, when
 * the next hop's MAC is not known yet or the message exceeds the MTU, handed to the control thread, which sends it
 * through the kernel.
 */
#ifndef AMITY_SEND_H
#define AMITY_SEND_H

#include "worker.h"

/* An empty mbuf for a message. Result: NULL when the pool is empty. Owner: the caller. */
struct rte_mbuf *send_begin(struct worker *worker);

/* Why a message of that length cannot be framed here (PUNTED_UNRESOLVED_NEIGHBOUR, PUNTED_OVER_MTU); REASON_NONE: it
 * can. */
enum reason send_needs_kernel(const struct wire_hop *hop, enum wire_result result, uint32_t length);

/* Frames `message` and puts it on the transmit buffer of the hop's port. Owner: takes the mbuf. */
void send_frame(struct worker *worker, struct rte_mbuf *message, const struct wire_hop *hop,
		const struct net_address *destination);

/* Hands `message` to the control thread. Owner: takes the mbuf when it succeeds. Result: false when the ring is full.
 */
bool send_through_kernel(struct worker *worker, struct rte_mbuf *message, const struct wire_hop *hop,
			 const struct net_address *destination);

/*
 * Finds the way back to who came in at `entry` and takes one of the two above; what finds none is freed and counted.
 * Owner: takes the mbuf.
 */
void send_message(struct worker *worker, struct rte_mbuf *message, const struct net_address *destination,
		  const struct net_entry *entry);

/* Gives all transmit buffers to their ports. */
void send_flush(struct worker *worker);

#endif
