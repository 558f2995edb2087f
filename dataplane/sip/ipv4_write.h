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

/* Two octets with a point behind each: at most eight bytes, the first is the lowest. */
static inline uint64_t ipv4_write_two(uint32_t *length, const uint8_t octets[2])
{
	const struct ipv4_octet *first = &ipv4_write_octets[octets[0]], *second = &ipv4_write_octets[octets[1]];
	uint32_t first_text, second_text;

	memcpy(&first_text, first->text, sizeof(first_text));
	memcpy(&second_text, second->text, sizeof(second_text));
	*length = first->length + second->length;
	return first_text | (uint64_t)second_text << (8 * first->length);
}

/*
 * Is `text` the address, as we write it? Thread: any. Compared in registers: what has just been written in parts can be
 * read as a whole only when all that was to be written before it has been.
 */
static inline bool ipv4_write_equals(struct span text, const uint8_t octets[4])
{
	uint32_t first_length, last_length;
	uint64_t first = ipv4_write_two(&first_length, octets), last = ipv4_write_two(&last_length, octets + 2);
	uint64_t read_first, read_last;

	last_length--; /* the point behind it */
	if (text.length != first_length + last_length)
		return false;
	if (text.length < sizeof(uint64_t)) { /* "1.1.1.1" */
		struct short_text read = short_text_read(text.at, text.length);
		read_first = read.low;
		read_last = read.low << 8;
	} else {
		memcpy(&read_first, text.at, sizeof(read_first));
		memcpy(&read_last, text.at + text.length - sizeof(read_last), sizeof(read_last));
	}
	/* What each has of the other goes out of the word. */
	return ((read_first ^ first) << (64 - 8 * first_length) |
		(read_last ^ last << (64 - 8 * last_length)) >> (64 - 8 * last_length)) == 0;
}

#endif
