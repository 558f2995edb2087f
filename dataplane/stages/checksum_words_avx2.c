#include "checksum_words.h"

#include <immintrin.h>

/* From its n-th byte on it keeps the last n bytes of a block. */
static const uint8_t keeps[2 * CHECKSUM_WIDE_BYTES] = {[CHECKSUM_WIDE_BYTES... 2 * CHECKSUM_WIDE_BYTES - 1] = 0xff};

static inline __m256i load(const void *at)
{
	return _mm256_loadu_si256((const __m256i *)at);
}

static inline __m256i add_pairs(__m256i words)
{
	return _mm256_madd_epi16(_mm256_xor_si256(words, _mm256_set1_epi16(INT16_MIN)), _mm256_set1_epi16(1));
}

/* Of a block. */
static inline __m256i add_words(__m256i first, __m256i second)
{
	return _mm256_add_epi32(add_pairs(first), add_pairs(second));
}

static inline int32_t add_lanes(__m256i sums)
{
	__m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
	__m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));

	return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

/* The last block begins among what will be seen. One length is odd, the next is not: no branch asks for it. */
uint64_t checksum_words_avx2(const char *at, uint32_t length)
{
	uint64_t odd_byte = (uint8_t)at[length - 1] & (0 - (uint64_t)(length % 2));
	uint32_t left = length % CHECKSUM_WIDE_BYTES & ~1u;
	const char *end = at + length - length % CHECKSUM_WIDE_BYTES, *last = end + left;
	__m256i sums = add_words(_mm256_and_si256(load(last - 64), load(keeps + left)),
				 _mm256_and_si256(load(last - 32), load(keeps + left + 32)));

	do {
		sums = _mm256_add_epi32(sums, add_words(load(at), load(at + 32)));
		at += CHECKSUM_WIDE_BYTES;
	} while (at != end);
	uint64_t pairs = (length / CHECKSUM_WIDE_BYTES + 1) * (CHECKSUM_WIDE_BYTES / 4);
	return (uint64_t)add_lanes(sums) + (pairs << 16) + odd_byte;
}
