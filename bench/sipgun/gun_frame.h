/*
 * gun_frame.h - UDP over IPv4 over Ethernet: the 42 bytes before a message.
 *
 * The UDP checksum stays 0, none (RFC 768). An IP header differs from the side's own by its length alone, so that its
 * checksum is one addition.
 */
#ifndef AMITY_GUN_FRAME_H
#define AMITY_GUN_FRAME_H

#include "span.h"

#include <netinet/in.h>

#define GUN_FRAME_HEADER_BYTES 42
#define GUN_FRAME_MESSAGE_MAX  1472 /* in one frame of an Ethernet */

struct gun_mac {
	uint8_t byte[6];
};

struct gun_frame_address {
	struct gun_mac mac;
	in_addr_t address_be;
	in_port_t port_be;
};

/* Headers of frames between two addresses, of an empty message. */
struct gun_frame {
	uint8_t header[GUN_FRAME_HEADER_BYTES];
	uint32_t checksum; /* of the IP header without its length, not folded */
};

void gun_frame_init(struct gun_frame *frame, const struct gun_frame_address *from, const struct gun_frame_address *to);

/* Writes the headers of a message of `message_bytes`. */
void gun_frame_write(uint8_t at[GUN_FRAME_HEADER_BYTES], const struct gun_frame *frame, uint32_t message_bytes);

/* What a received frame is. */
enum gun_frame_kind {
	GUN_FRAME_OTHER,
	GUN_FRAME_FRAGMENT, /* of an IP packet: sipgun puts none together */
	GUN_FRAME_ARP,
	GUN_FRAME_UDP,
};

struct gun_frame_received {
	struct gun_frame_address from, to;
	struct span message;
};

/* Result: `received` is filled for UDP only. */
enum gun_frame_kind gun_frame_read(struct gun_frame_received *received, struct span frame);

/* The same of an IP packet: Ethernet addresses stay as they are. */
enum gun_frame_kind gun_frame_read_ip(struct gun_frame_received *received, struct span packet);

#endif
