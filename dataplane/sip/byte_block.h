/*
 * byte_block.h - sixteen bytes of a text at once, and which of them are what: for texts that are short, where a loop
 * over bytes costs more than what is found.
 *
 * A block that would go beyond the end of the text is read so that it ends there, and moved: nothing outside of the
 * text is read, and zeros stand behind its end. On CPUs without SSSE3 there are no blocks; who uses them has another
 * way beside, which decides about all unusual texts too.
 */
#ifndef AMITY_BYTE_BLOCK_H
#define AMITY_BYTE_BLOCK_H

#include "lexis.h"
#include "short_text.h"

#define BYTE_BLOCK_BYTES 16

#if defined(__SSSE3__)
/* The block at `at`, which is not behind `end`; at least BYTE_BLOCK_BYTES of text stand before `end`. */
static inline __m128i byte_block_load(const char *at, const char *end)
{
	static const uint8_t moves[2 * BYTE_BLOCK_BYTES] = {0,	 1,   2,   3,	4,   5,	  6,   7,   8,	 9,   10,
							    11,	 12,  13,  14,	15,  128, 128, 128, 128, 128, 128,
							    128, 128, 128, 128, 128, 128, 128, 128, 128, 128};

	if (__builtin_expect(at <= end - BYTE_BLOCK_BYTES, true))
		return _mm_loadu_si128((const __m128i *)at);
	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(end - BYTE_BLOCK_BYTES)),
				_mm_loadu_si128((const __m128i *)(moves + (at - (end - BYTE_BLOCK_BYTES)))));
}

/* A whole text of less than a block. */
static inline __m128i byte_block_load_short(const char *at, uint32_t length)
{
	struct short_text text = short_text_read(at, length);

	return _mm_set_epi64x((long long)text.high, (long long)text.low);
}

/* Bit n: byte n is `byte`. */
static inline uint32_t byte_block_find(__m128i block, char byte)
{
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(byte)));
}

/* Bit n: byte n is one of two. */
static inline uint32_t byte_block_find_two(__m128i block, char one, char other)
{
	return (uint32_t)_mm_movemask_epi8(
		_mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8(one)), _mm_cmpeq_epi8(block, _mm_set1_epi8(other))));
}

/* Bit n: byte n is of the class, a single bit of enum lexis_class. One above 0x7f is said to be of none. */
static inline uint32_t byte_block_find_class(__m128i block, uint8_t class)
{
	const __m128i low_table = _mm_loadu_si128((const __m128i *)lexis_nibbles[__builtin_ctz(class)]);
	const __m128i high_table = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0);
	const __m128i nibble = _mm_set1_epi8(0x0f);
	__m128i low = _mm_shuffle_epi8(low_table, _mm_and_si128(block, nibble));
	__m128i high = _mm_shuffle_epi8(high_table, _mm_and_si128(_mm_srli_epi16(block, 4), nibble));

	return ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_and_si128(low, high), _mm_setzero_si128())) & 0xffff;
}
#endif

#endif
