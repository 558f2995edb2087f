/*
 * message_parse_ends.h - where the lines of the usual message end: see message_parse_wide.h.
 *
 *   Via: ... CRLF From: ... CRLF CRLF        a block is 64 bytes, and the byte before them: an LF is right with a CR
 *             ^feeds          ^    ^         before it, and ends the empty line with another one two bytes before it
 */
#ifndef AMITY_MESSAGE_PARSE_ENDS_H
#define AMITY_MESSAGE_PARSE_ENDS_H

#include "message_parse_wide.h"

#if defined(__AVX2__)

#if defined(__AVX512VBMI2__)
struct block {
	uint64_t feeds;
	uint64_t alone; /* bit n: byte n is an LF without its CR, or stands where the LF of a CR is missing */
};

/* The blocks so far have one of these bits. */
struct strays {
	uint64_t bits;
};

static inline struct block read_block(const char *at)
{
	uint64_t feeds = _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8('\n'));
	uint64_t returns = _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at - 1), _mm512_set1_epi8('\r'));
	return (struct block){feeds, feeds ^ returns};
}

static inline uint64_t find_alone(struct block block)
{
	return block.alone;
}

static inline void note_alone(struct strays *strays, struct block block)
{
	strays->bits |= block.alone;
}

static inline bool has_strays(struct strays strays)
{
	return strays.bits != 0;
}

/* Up to 32 of them: with more, a line has no CR. */
static inline void write_feeds(uint16_t *feeds, uint64_t bits, size_t offset)
{
	static const uint8_t positions[SCAN_BLOCK_BYTES] __attribute__((aligned(SCAN_BLOCK_BYTES))) = {
		0,  1,	2,  3,	4,  5,	6,  7,	8,  9,	10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
		22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
		44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
	};
	__m512i packed = _mm512_maskz_compress_epi8(bits, _mm512_load_si512(positions));
	__m512i wide = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(packed));
	_mm512_storeu_si512(feeds, _mm512_add_epi16(wide, _mm512_set1_epi16((short)offset)));
}
#else
struct block {
	uint64_t feeds;
	__m256i low, high; /* not zero: as the bits of find_alone() */
};

/* Not zero anywhere: the blocks so far have one of these bytes. */
struct strays {
	__m256i bytes;
};

static inline struct block read_block(const char *at)
{
	__m256i low = equal(load(at), '\n'), high = equal(load(at + LOAD_BYTES), '\n');
	return (struct block){(uint64_t)mask_of(high) << 32 | mask_of(low),
			      _mm256_xor_si256(low, equal(load(at - 1), '\r')),
			      _mm256_xor_si256(high, equal(load(at + LOAD_BYTES - 1), '\r'))};
}

/* Bit n: byte n is an LF without its CR, or stands where the LF of a CR is missing. */
static inline uint64_t find_alone(struct block block)
{
	return (uint64_t)mask_of(block.high) << 32 | mask_of(block.low);
}

static inline void note_alone(struct strays *strays, struct block block)
{
	strays->bytes = _mm256_or_si256(strays->bytes, _mm256_or_si256(block.low, block.high));
}

static inline bool has_strays(struct strays strays)
{
	return mask_of(strays.bytes) != 0;
}

/* Three are written whatever there is: that is nearly always enough, and a branch for each is dear. */
static inline void write_feeds(uint16_t *feeds, uint64_t bits, size_t offset)
{
	for (uint32_t i = 0; i < 3; i++, bits = _blsr_u64(bits))
		feeds[i] = (uint16_t)(offset + _tzcnt_u64(bits));
	for (uint32_t i = 3; bits != 0; i++, bits = _blsr_u64(bits))
		feeds[i] = (uint16_t)(offset + _tzcnt_u64(bits));
}
#endif

/* Adds the lines of the block with the empty one. Result: false when they are not usual. */
static inline bool end_lines(struct usual *usual, uint16_t *next, uint64_t feeds, uint64_t alone, uint64_t empty,
			     size_t offset)
{
	uint64_t to_end = _blsmsk_u64(empty);

	if (alone & to_end)
		return false;
	write_feeds(next, feeds & to_end, offset);
	usual->line_count = (uint32_t)(next - usual->feeds) + (uint32_t)__builtin_popcountll(feeds & to_end) - 1;
	return usual->line_count > 1 && usual->line_count <= LINES_MAX;
}

/*
 * Finds all lines to the empty one, which is feeds[line_count]. The first byte is looked at by take_start_line() only:
 * blocks begin behind it. Result: false when the lines are not usual.
 */
static inline bool find_lines(struct usual *usual, struct span bytes)
{
	struct strays strays = {0};
	size_t offset = 1, last = bytes.length - SCAN_BLOCK_BYTES;
	uint16_t *next = usual->feeds;
	uint64_t before =
		1ull << 62; /* the feeds of the last block; at first as if a line had ended before the bytes */

	for (; offset <= last; offset += SCAN_BLOCK_BYTES) {
		struct block block = read_block(bytes.at + offset);
		uint64_t empty = block.feeds & (block.feeds << 2 | before >> 62);
		if (empty)
			return !has_strays(strays) &&
			       end_lines(usual, next, block.feeds, find_alone(block), empty, offset);
		note_alone(&strays, block);
		write_feeds(next, block.feeds, offset);
		next += __builtin_popcountll(block.feeds);
		before = block.feeds;
		if (next > usual->feeds + LINES_MAX)
			return false;
	}
	if (has_strays(strays) || offset == bytes.length)
		return false;
	/* The last, short block is read so that it ends with the bytes, what was seen already shifted out. */
	struct block block = read_block(bytes.at + last);
	uint64_t feeds = block.feeds >> (offset - last), empty = feeds & (feeds << 2 | before >> 62);
	return empty && end_lines(usual, next, feeds, find_alone(block) >> (offset - last), empty, offset);
}

#endif

#endif
