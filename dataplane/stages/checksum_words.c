#include "checksum_words.h"

#if defined(__x86_64__)
#include <emmintrin.h>

/* From its n-th byte on it keeps the last n bytes of a block. */
static const uint8_t keeps[2 * CHECKSUM_BYTES] = {[CHECKSUM_BYTES... 2 * CHECKSUM_BYTES - 1] = 0xff};

static __m128i load(const void *at)
{
	return _mm_loadu_si128((const __m128i *)at);
}

static __m128i add_words(__m128i sums, __m128i words)
{
	return _mm_add_epi32(sums, _mm_madd_epi16(_mm_xor_si128(words, _mm_set1_epi16(INT16_MIN)), _mm_set1_epi16(1)));
}

/* The last block begins among what was seen. */
uint64_t checksum_words(const char *at, uint32_t length)
{
	uint64_t odd_byte = checksum_odd_byte(at, length);
	const char *end = at + length / CHECKSUM_BYTES * CHECKSUM_BYTES;
	uint32_t left = length % CHECKSUM_BYTES & ~1u;
	__m128i even = _mm_setzero_si128(), odd = even;
	int32_t lane[4];

	for (; at != end; at += CHECKSUM_BYTES) {
		even = add_words(even, load(at));
		odd = add_words(odd, load(at + 16));
	}
	at += left;
	even = add_words(even, _mm_and_si128(load(at - 32), load(keeps + left)));
	odd = add_words(odd, _mm_and_si128(load(at - 16), load(keeps + left + 16)));
	_mm_storeu_si128((__m128i *)lane, _mm_add_epi32(even, odd));
	uint64_t pairs = (length / CHECKSUM_BYTES + 1) * (CHECKSUM_BYTES / 4);
	return (uint64_t)((int64_t)lane[0] + lane[1] + lane[2] + lane[3]) + (pairs << 16) + odd_byte;
}
#endif
