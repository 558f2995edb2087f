/*
 * message_parse_ends.h - where the lines of the usual message end: see message_parse_wide.h.
 *
 *   Via: ... CRLF From: ... CRLF CRLF        a block is 64 bytes, and the two before them: an LF is right with a CR
 *             ^feeds          ^    ^         before it, and before that with a byte that is not white; it ends the
 *                                            empty line when that byte is an LF, too
 */
#ifndef AMITY_MESSAGE_PARSE_ENDS_H
#define AMITY_MESSAGE_PARSE_ENDS_H

#include "message_parse_wide.h"

#if defined(__AVX2__)

#define BEFORE_BLOCK 2 /* bytes that are read with it */

#if defined(__AVX512VBMI2__)
struct block {
	uint64_t feeds;
	__mmask64 alone; /* an LF without its CR, or what stands where the LF of a CR is missing */
	__mmask64 ends;	 /* an LF that ends the empty line, or a line that ends with white space */
};

static inline struct block read_block(const char *at)
{
	__mmask64 feeds = _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8('\n'));
	__mmask64 returns = _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at - 1), _mm512_set1_epi8('\r'));
	__mmask64 ends = _mm512_mask_cmple_epu8_mask(feeds, _mm512_loadu_si512(at - 2), _mm512_set1_epi8(' '));
	return (struct block){_cvtmask64_u64(feeds), _kxor_mask64(feeds, returns), ends};
}

static inline bool has_end(struct block block)
{
	return !_kortestz_mask64_u8(block.alone, block.ends);
}

/* Bit n: lines do not go on behind byte n. */
static inline uint64_t find_ends(struct block block)
{
	return block.alone | block.ends;
}

/* Up to BLOCK_LINES_MAX of them: stores of a whole block's lanes would nearly all be in two cache lines. */
static inline void write_feeds(uint16_t *feeds, uint64_t bits, size_t offset)
{
	static const uint8_t positions[SCAN_BLOCK_BYTES] __attribute__((aligned(SCAN_BLOCK_BYTES))) = {
		0,  1,	2,  3,	4,  5,	6,  7,	8,  9,	10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
		22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
		44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
	};
	__m512i packed = _mm512_maskz_compress_epi8(bits, _mm512_load_si512(positions));
	__m256i wide = _mm256_cvtepu8_epi16(_mm512_castsi512_si128(packed));
	_mm256_storeu_si256((__m256i *)feeds, _mm256_add_epi16(wide, _mm256_set1_epi16((short)offset)));
}
#else
struct block {
	uint64_t feeds;
	__m256i low, high; /* not zero: as the bits of find_ends() */
};

static inline __m256i read_ends(const char *at, __m256i feeds)
{
	__m256i alone = _mm256_xor_si256(feeds, equal(load(at - 1), '\r'));
	return _mm256_or_si256(alone, _mm256_and_si256(feeds, white_or_control(load(at - 2))));
}

static inline struct block read_block(const char *at)
{
	__m256i low = equal(load(at), '\n'), high = equal(load(at + LOAD_BYTES), '\n');
	return (struct block){(uint64_t)mask_of(high) << 32 | mask_of(low), read_ends(at, low),
			      read_ends(at + LOAD_BYTES, high)};
}

static inline bool has_end(struct block block)
{
	__m256i both = _mm256_or_si256(block.low, block.high);
	return !_mm256_testz_si256(both, both);
}

/*
 * Bit n: lines do not go on behind byte n. It is an LF without its CR, or stands where the LF of a CR is missing; or it
 * is an LF that ends the empty line, or a line that ends with white space.
 */
static inline uint64_t find_ends(struct block block)
{
	return (uint64_t)mask_of(block.high) << 32 | mask_of(block.low);
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

/* Adds the lines of the block with an end, at `offset` of the bytes. Result: false when they are not usual. */
static inline bool end_lines(struct usual *usual, uint16_t *next, uint64_t feeds, uint64_t ends, size_t offset)
{
	uint64_t to_end = _blsmsk_u64(ends);
	const char *end = usual->bytes + offset + _tzcnt_u64(ends);

	if (end[0] != '\n' || end[-1] != '\r' || end[-2] != '\n')
		return false;
	write_feeds(next, feeds & to_end, offset);
	uint32_t count = (uint32_t)__builtin_popcountll(feeds & to_end);
	usual->line_count = (uint32_t)(next - usual->feeds) + count - 1;
	return count <= BLOCK_LINES_MAX && usual->line_count > 1 && usual->line_count <= LINES_MAX;
}

/*
 * Finds all lines to the empty one, which is feeds[line_count]. The first bytes are looked at by take_start_line()
 * only: blocks begin behind them. Result: false when the lines are not usual.
 */
static inline bool find_lines(struct usual *usual, struct span bytes)
{
	size_t offset = BEFORE_BLOCK, last = bytes.length - SCAN_BLOCK_BYTES;
	uint16_t *next = usual->feeds;

	for (; offset <= last; offset += SCAN_BLOCK_BYTES) {
		struct block block = read_block(bytes.at + offset);
		if (has_end(block))
			return end_lines(usual, next, block.feeds, find_ends(block), offset);
		write_feeds(next, block.feeds, offset);
		uint32_t count = (uint32_t)__builtin_popcountll(block.feeds);
		next += count;
		if (count > BLOCK_LINES_MAX || next > usual->feeds + LINES_MAX)
			return false;
	}
	if (offset == bytes.length)
		return false;
	/* The last, short block is read so that it ends with the bytes, what was seen already shifted out. */
	struct block block = read_block(bytes.at + last);
	uint64_t ends = find_ends(block) >> (offset - last);
	return ends && end_lines(usual, next, block.feeds >> (offset - last), ends, offset);
}

#endif

#endif
