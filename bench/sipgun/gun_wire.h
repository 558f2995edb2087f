/*
 * gun_wire.h - what goes out: buffers, bursts, loss on purpose, and requests kept to be sent again.
 */
#ifndef AMITY_GUN_WIRE_H
#define AMITY_GUN_WIRE_H

#include "gun_port.h"

#define GUN_WIRE_BURST	    32
#define GUN_WIRE_ROOM_BYTES 2000 /* for a message and what gun_template_write() spoils behind it */

struct gun_wire_counts {
	uint64_t sent;	      /* SIP messages, those sent again and lost on purpose included; no garbage */
	uint64_t garbage;     /* packets */
	uint64_t lost;	      /* of `sent`: thrown away on purpose */
	uint64_t device_full; /* of `sent`: the device did not take them */
	uint64_t no_buffer;   /* not sent: no memory */
	uint64_t too_long;    /* not sent: longer than a frame */
	uint64_t not_kept;    /* requests that cannot be sent again for lack of memory */
};

struct gun_wire {
	struct rte_mempool *pool;
	uint32_t device_count;
	uint16_t port[GUN_SIDES];
	uint32_t queued[GUN_SIDES];
	struct rte_mbuf *queue[GUN_SIDES][GUN_WIRE_BURST];
	uint64_t loss_limit; /* of 32 random bits; 0: none */
	uint64_t random;
	uint32_t kept, kept_max;
	struct gun_wire_counts counts;
};

void gun_wire_init(struct gun_wire *wire, const struct gun_ports *ports, const struct gun_options *options);

/* The next random number (splitmix64). */
uint64_t gun_wire_random(uint64_t *state);

/* A number below `count`. */
static inline uint32_t gun_wire_random_below(uint64_t *state, uint32_t count)
{
	return (uint32_t)((gun_wire_random(state) >> 32) * count >> 32);
}

/* A buffer; the message goes to gun_wire_room(). Result: NULL, counted, when there is none. */
struct rte_mbuf *gun_wire_take(struct gun_wire *wire);

static inline char *gun_wire_room(struct rte_mbuf *packet)
{
	return rte_pktmbuf_mtod_offset(packet, char *, GUN_FRAME_HEADER_BYTES);
}

/* Writes the headers before the message. Result: false, counted, when it is empty or too long; the buffer is gone. */
bool gun_wire_finish(struct gun_wire *wire, struct rte_mbuf *packet, const struct gun_frame *frame, uint32_t bytes);

/* Sends a finished buffer on the side's device, with the next burst. The buffer is the device's. */
void gun_wire_send(struct gun_wire *wire, enum gun_side_name side, struct rte_mbuf *packet);

/* Packets that are no messages of the workload: neither lost on purpose nor counted as `sent`. */
void gun_wire_send_other(struct gun_wire *wire, enum gun_side_name side, struct rte_mbuf *packet);

/* Keeps a finished buffer to be sent again. Result: the same, or NULL, counted, when too many are kept. */
struct rte_mbuf *gun_wire_keep(struct gun_wire *wire, struct rte_mbuf *packet);
void gun_wire_send_again(struct gun_wire *wire, enum gun_side_name side, struct rte_mbuf *kept);

/* NULL is fine. */
void gun_wire_drop(struct gun_wire *wire, struct rte_mbuf *kept);

void gun_wire_flush(struct gun_wire *wire);

#endif
