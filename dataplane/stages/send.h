/*
 * send.h - the way out of an lcore for a SIP message in an mbuf: framed and put on a port's transmit buffer, or, when
 * the next hop's MAC is not known yet, handed to the control thread, which sends it through the kernel.
 */
#ifndef AMITY_SEND_H
#define AMITY_SEND_H

#include "worker.h"

/*
 * Takes the buffers that the messages of a burst will be written into when they are forwarded, and asks for as much of
 * them as such messages need: what messages keep for long makes the buffers go round, and these were used so long ago
 * that no cache has them. A message that is too long for it has none; nobody has one when there are too few.
 *
 * Thread: lcore. Owner: the packet; what is not taken has to be given back.
 */
void send_reserve_burst(struct worker *worker);

/* Again, shortly before it is written: since then others had the nearest cache, and lines come back in turn only. */
void send_prefetch_reserved_again(const struct worker *worker, const struct packet *packet);
void send_give_back_reserved(struct packet *packet);

/* Likewise for an answer of ours, when the packet's message is written: another buffer, some time before it is used. */
void send_reserve_answer(struct worker *worker, struct packet *packet);

/*
 * May the message be written over what came in? Its lines are in the cache, and no other buffer has to be found. Not
 * what a transaction keeps as it came: each request but ACK, and responses that are the best so far; and not what lies
 * in a buffer of which there are few (message_hold.h).
 */
bool send_may_overwrite(const struct worker *worker, const struct packet *packet);

/* Where it was received: `length` bytes from `start`, with as much before them as in any other. Owner: the caller. */
struct rte_mbuf *send_begin_received(struct packet *packet, const char *start, uint32_t length);

/*
 * An empty mbuf for a message. Most fit the small buffers, whose room is that of a frame; what does not is written
 * again into a large one.   Result: NULL when the pool is empty. Owner: the caller.
 */
struct rte_mbuf *send_begin(struct worker *worker);
struct rte_mbuf *send_begin_reserved(struct worker *worker, struct packet *packet); /* that, if there is one */
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
