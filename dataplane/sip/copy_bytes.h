/*
 * copy_bytes.h - memcpy() for a few bytes: what a message is put together of is mostly shorter than a call is long.
 *
 *   [................]                 16 to 32 bytes: the first 16 and the last 16, which may be the same ones in
 * part;
 *           [................]         likewise 8 and 4 for what is shorter
 */
#ifndef AMITY_COPY_BYTES_H
#define AMITY_COPY_BYTES_H

#include <stdint.h>
#include <string.h>

/* 64 to 128 bytes: four times sixteen from both ends. */
static inline void copy_bytes_of_lines(char *to, const char *from, uint32_t length)
{
	memcpy(to, from, 64);
	memcpy(to + length - 64, from + length - 64, 64);
}

static inline __attribute__((always_inline)) void copy_bytes_below_16(char *to, const char *from, uint32_t length)
{
	if (length >= 8) {
		memcpy(to, from, 8);
		memcpy(to + length - 8, from + length - 8, 8);
	} else if (length >= 4) {
		memcpy(to, from, 4);
		memcpy(to + length - 4, from + length - 4, 4);
	} else if (length > 0) {
		to[0] = from[0];
		to[length / 2] = from[length / 2];
		to[length - 1] = from[length - 1];
	}
}

/* Asks for the short ones first: they are the most. Thread: any.   Range: any length; the two places do not overlap. */
static inline void copy_bytes(char *to, const char *from, uint32_t length)
{
	if (length < 16) {
		copy_bytes_below_16(to, from, length);
	} else if (length <= 64) {
		if (length > 32) {
			memcpy(to + 16, from + 16, 16);
			memcpy(to + length - 32, from + length - 32, 16);
		}
		memcpy(to, from, 16);
		memcpy(to + length - 16, from + length - 16, 16);
	} else if (length <= 128) {
		copy_bytes_of_lines(to, from, length);
	} else {
		memcpy(to, from, length);
	}
}

#endif
