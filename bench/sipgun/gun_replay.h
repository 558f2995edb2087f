/*
 * gun_replay.h - UDP payloads of a capture, to be sent to the router in order.
 *
 * Classic pcap files of either byte order, Ethernet or raw IP, IPv4; what is no whole UDP datagram is left out.
 */
#ifndef AMITY_GUN_REPLAY_H
#define AMITY_GUN_REPLAY_H

#include "gun.h"

struct gun_replay {
	char *file; /* the whole capture, into which the payloads point */
	struct span *payload;
	uint32_t count;
	uint32_t left_out; /* packets that are no whole UDP datagram over IPv4, or longer than a frame */
};

#define GUN_REPLAY_ERROR_BYTES 512

/* Reads the capture in `bytes`, which the replay then points into. Result: false with `error`. */
bool gun_replay_read(struct gun_replay *replay, const char *name, struct span bytes,
		     char error[GUN_REPLAY_ERROR_BYTES]);
bool gun_replay_load(struct gun_replay *replay, const char *path, char error[GUN_REPLAY_ERROR_BYTES]);
void gun_replay_free(struct gun_replay *replay);

/* Sends the payload `index`, counted from the start of the file again at its end. */
void gun_replay_send(const struct gun_replay *replay, struct gun *gun, uint64_t index);

#endif
