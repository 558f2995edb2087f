#include "checksum_words.h"

#include <immintrin.h>

static inline __m512i add_pairs(__m512i words)
{
	return _mm512_madd_epi16(_mm512_xor_si512(words, _mm512_set1_epi16(INT16_MIN)), _mm512_set1_epi16(1));
}

/* The last block may be empty; then it is not read. An odd byte is in it, with the zero beside it. */
uint64_t checksum_words_avx512(const char *at, uint32_t length)
{
	uint32_t left = length % CHECKSUM_WIDE_BYTES;
	const char *end = at + length - left;
	__m512i sums = add_pairs(_mm512_maskz_loadu_epi8((UINT64_C(1) << left) - 1, end));

	do {
		sums = _mm512_add_epi32(sums, add_pairs(_mm512_loadu_si512(at)));
		at += CHECKSUM_WIDE_BYTES;
	} while (at != end);
	uint64_t pairs = (length / CHECKSUM_WIDE_BYTES + 1) * (CHECKSUM_WIDE_BYTES / 4);
	return (uint64_t)_mm512_reduce_add_epi32(sums) + (pairs << 16);
}
