/*
 * wire_frame.h - Ethernet frames from peers, written field by field: right ones, and wrong ones that the router's own
 * writer would not make.
 */
#ifndef AMITY_TESTS_WIRE_FRAME_H
#define AMITY_TESTS_WIRE_FRAME_H

#include <stdbool.h>

#include "span.h"

#define WIRE_FRAME_BYTES_MAX 2048
#define WIRE_UNTAGGED	     -1

struct wire_frame {
	bool v6;
	uint8_t source;	     /* last byte: 192.0.2.x, 2001:db8::x */
	uint8_t destination; /* 1: the router */
	int vlan;	     /* WIRE_UNTAGGED, or the tag's 16 bits */
	uint8_t protocol;    /* of IPv4, or the last next header of IPv6; 17: UDP */
	bool fragment, more; /* with IPv6: has a fragment header */
	uint32_t id, offset;
	bool header_checksum_wrong; /* IPv4 */
	struct span extensions;	    /* IPv6: headers before UDP or the fragment header; the first byte of each names */
	uint8_t first_header;	    /* of `extensions` */
};

/* A frame from host `source` to the router, untagged, whole. */
struct wire_frame wire_frame_make(bool v6, uint8_t source);

/* `part` is what IP carries. Result: the frame, in a buffer that the next call writes anew. */
struct span wire_frame_write(const struct wire_frame *frame, struct span part);

enum wire_checksum {
	WIRE_CHECKSUM_RIGHT,
	WIRE_CHECKSUM_WRONG,
	WIRE_CHECKSUM_UNFINISHED, /* the sum of the pseudo header, as a local kernel leaves it */
	WIRE_CHECKSUM_ZERO,
};

/* A UDP datagram to the router's port 5060 in `datagram`, which has room for payload.length + 8. Result: its length. */
struct span wire_frame_udp(char *datagram, const struct wire_frame *frame, struct span payload,
			   enum wire_checksum kind);

struct wire_icmp {
	uint8_t type, code;
	uint32_t rest; /* of its header */
	struct span quoted;
	bool checksum_wrong;
};

/* An ICMP or ICMPv6 error in `icmp`, which has room for quoted.length + 8. Result: its length. */
struct span wire_frame_icmp(char *icmp, const struct wire_frame *frame, const struct wire_icmp *error);

#endif
