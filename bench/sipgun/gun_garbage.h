/*
 * gun_garbage.h - packets that no router should mind: random bytes, cut and mutated messages, forged responses, unknown
 * domains.
 *
 * They come beside the workload as a share of all packets, from ports of their own, so that answers to them are told
 * apart.
 */
#ifndef AMITY_GUN_GARBAGE_H
#define AMITY_GUN_GARBAGE_H

#include "gun.h"

#define GUN_GARBAGE_PORT_FIRST 20000
#define GUN_GARBAGE_PORT_COUNT 4096

struct gun_garbage {
	struct gun_frame_address from;
	double per_message; /* packets for each message sent; 0: none */
	double owed;
	uint64_t messages_seen;
	uint64_t random;
};

void gun_garbage_init(struct gun_garbage *garbage, const struct gun_options *options, const struct gun_mac *mac);

/* Sends what is owed for the messages sent since the last time. */
void gun_garbage_send(struct gun_garbage *garbage, struct gun *gun);

/* Is that a port that garbage comes from? */
static inline bool gun_garbage_owns(uint16_t port)
{
	return port >= GUN_GARBAGE_PORT_FIRST && port < GUN_GARBAGE_PORT_FIRST + GUN_GARBAGE_PORT_COUNT;
}

#endif
