/*
 * ipv4_write.h - the one spelling of an IPv4 address, written and compared with. The other way round: ipv4_read.h.
 */
#ifndef AMITY_IPV4_WRITE_H
#define AMITY_IPV4_WRITE_H

#include "span.h"

#define IPV4_ROOM_BYTES 16 /* fifteen, and the point that ipv4_write() leaves behind them */

/* An octet with a point behind it. */
struct ipv4_octet {
	char text[4];
	uint32_t length;
};

extern const struct ipv4_octet ipv4_write_octets[256];

/* `text` has IPV4_ROOM_BYTES: four are written for each octet, and a point behind the last one. Thread: any. Result:
 * the length of the address. */
static inline uint32_t ipv4_write(char *text, const uint8_t octets[4])
{
	char *at = text;

	for (uint32_t i = 0; i < 4; i++) {
		memcpy(at, ipv4_write_octets[octets[i]].text, 4);
		at += ipv4_write_octets[octets[i]].length;
	}
	return (uint32_t)(at - text) - 1;
}

/* Is `text` the address, as we write it? Thread: any. */
static inline bool ipv4_write_equals(struct span text, const uint8_t octets[4])
{
	uint64_t own[IPV4_ROOM_BYTES / 8], head, tail, own_tail;
	char *written = (char *)own;
	uint32_t length = ipv4_write(written, octets);

	if (text.length != length)
		return false;
	if (length < 8)
		return memcmp(text.at, written, length) == 0;
	memcpy(&head, text.at, 8);
	memcpy(&tail, text.at + length - 8, 8);
	memcpy(&own_tail, written + length - 8, 8);
	return ((head ^ own[0]) | (tail ^ own_tail)) == 0;
}

#endif
