/*
 * send.h - the way out of an lcore for a SIP message in an mbuf: framed and put on a port's transmit buffer, or, when
 * the next hop's MAC is not known yet, handed to the control thread, which sends it through the kernel.
 */
#ifndef AMITY_SEND_H
#define AMITY_SEND_H

#include "worker.h"

/*
 * The place-th buffer from now that send_begin() will give, from 0, is on its way to the cache, as much of it as a
 * message of that length takes when it is forwarded: what messages keep for long makes the buffers go round, and the
 * next one was used so long ago that no cache has it. In two halves, as a core has only so many lines on their way.
 * Nothing is done for a message that does not fit it.
 *
 * Thread: lcore, before the burst takes a buffer.
 */
void send_prefetch_front(const struct worker *worker, uint32_t place, uint32_t message_bytes);
void send_prefetch_rest(const struct worker *worker, uint32_t place, uint32_t message_bytes);

/*
 * An empty mbuf for a message. Most fit the small buffers, whose room is that of a frame; what does not is written
 * again into a large one.   Result: NULL when the pool is empty. Owner: the caller.
 */
struct rte_mbuf *send_begin(struct worker *worker);
struct rte_mbuf *send_begin_large(struct worker *worker);

/* A message that is there already. Result: NULL when there is no buffer. */
struct rte_mbuf *send_begin_copy(struct worker *worker, struct span text);

/*
 * Frames `message`, in fragments when it exceeds the MTU, and puts it on the transmit buffer of the hop's port. Owner:
 * takes the mbuf.
 */
void send_frame(struct worker *worker, struct rte_mbuf *message, const struct wire_hop *hop,
		const struct net_address *destination);

/* Hands `message` to the control thread. Owner: takes the mbuf when it succeeds. Result: false when the ring is full.
 */
bool send_through_kernel(struct worker *worker, struct rte_mbuf *message, const struct wire_hop *hop,
			 const struct net_address *destination);

/*
 * Finds the way to `destination`, that back to who came in at `entry` when there is one (else NULL), and takes one of
 * the two above; what finds none is freed and counted. Owner: takes the mbuf.
 */
void send_message(struct worker *worker, struct rte_mbuf *message, const struct net_address *destination,
		  const struct net_entry *entry);

/* The same with a copy of `text`: a message that is sent once more finds today's way, and no frame is written twice. */
void send_copy(struct worker *worker, struct span text, const struct net_address *destination,
	       const struct net_entry *entry);

/* Gives all transmit buffers to their ports. */
void send_flush(struct worker *worker);

#endif
