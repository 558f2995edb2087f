/*
 * ipv4_write.h - the one spelling of an IPv4 address, written and compared with. The other way round: ipv4_read.h.
 */
#ifndef AMITY_IPV4_WRITE_H
#define AMITY_IPV4_WRITE_H

#include "short_text.h"
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

/*
 * Is `text` the address, as we write it? Thread: any. Compared in registers: what has just been written in parts can be
 * read as a whole only when all that was to be written before it has been.
 */
static inline bool ipv4_write_equals(struct span text, const uint8_t octets[4])
{
	__extension__ unsigned __int128 own = 0;
	uint32_t length = 0;

	for (uint32_t i = 0; i < 4; i++) {
		uint32_t octet;
		memcpy(&octet, ipv4_write_octets[octets[i]].text, sizeof(octet));
		own |= (unsigned __int128)octet << (8 * length);
		length += ipv4_write_octets[octets[i]].length;
	}
	length--;
	if (text.length != length)
		return false;
	struct short_text read = short_text_read(text.at, length);
	own &= ((unsigned __int128)1 << (8 * length)) - 1;
	return read.low == (uint64_t)own && read.high == (uint64_t)(own >> 64);
}

#endif
