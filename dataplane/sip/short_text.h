/*
 * short_text.h - a text of less than sixteen bytes in two registers, zeros behind its end. Nothing outside of it is
 * read.
 *
 * Not by way of a buffer that its parts are copied to: what was just written in parts can be read as a whole only when
 * all that the core was to write before has been written, the cold lines too.
 */
#ifndef AMITY_SHORT_TEXT_H
#define AMITY_SHORT_TEXT_H

#include <stdint.h>
#include <string.h>

#define SHORT_TEXT_BYTES_MAX 15

struct short_text {
	uint64_t low, high; /* the first byte is the lowest */
};

/* `length`: at most SHORT_TEXT_BYTES_MAX. Thread: any. */
static inline struct short_text short_text_read(const char *at, uint32_t length)
{
	struct short_text text = {0, 0};

	if (length >= 8) {
		uint64_t last;
		memcpy(&text.low, at, 8);
		memcpy(&last, at + length - 8, 8);
		/* In two steps: by 64 bits at once means nothing. */
		text.high = last >> 1 >> (8 * (16 - length) - 1);
	} else if (length >= 4) {
		uint32_t first, last;
		memcpy(&first, at, 4);
		memcpy(&last, at + length - 4, 4);
		text.low = first | (uint64_t)last << (8 * (length - 4));
	} else if (length > 0) {
		text.low = (uint64_t)(uint8_t)at[0] | (uint64_t)(uint8_t)at[length / 2] << (8 * (length / 2)) |
			   (uint64_t)(uint8_t)at[length - 1] << (8 * (length - 1));
	}
	return text;
}

#endif
