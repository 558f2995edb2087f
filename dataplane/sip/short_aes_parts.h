/*
 * short_aes_parts.h - for short_aes.c and short_aes_vaes.c: what of the MAC is not a matter of how many parts go side
 * by side.
 */
#ifndef AMITY_SHORT_AES_PARTS_H
#define AMITY_SHORT_AES_PARTS_H

#include <wmmintrin.h>

#include "short_aes.h"

#define GROUP_BLOCKS (SHORT_AES_GROUP_BYTES / SHORT_AES_BYTES)
#define LAST_ROUND   (SHORT_AES_ROUND_KEYS - 1)

/* Of a block that is a part of the message: 13 bytes, then its number, then DOMAIN_PART. */
#define PART_BYTES 13
#define NUMBER_ONE (1 << 8) /* in its last word */

/* The last byte of each block that the MAC encrypts; SHORT_AES_DOMAIN_COUNTER is that of the others. */
enum { DOMAIN_PART = 1, DOMAIN_SUM = 2 };

static inline __m128i encrypt(__m128i block, const __m128i *round)
{
	block = _mm_xor_si128(block, round[0]);
	for (uint32_t r = 1; r < LAST_ROUND; r++)
		block = _mm_aesenc_si128(block, round[r]);
	return _mm_aesenclast_si128(block, round[LAST_ROUND]);
}

static inline __m128i with_last_byte(__m128i block, uint8_t last)
{
	const __m128i others = _mm_setr_epi32(-1, -1, -1, 0xffffff);

	return _mm_or_si128(_mm_and_si128(block, others), _mm_setr_epi32(0, 0, 0, (int)((uint32_t)last << 24)));
}

/* What the sum of all parts encrypts to. */
static inline void finish_mac(uint8_t mac[SHORT_AES_BYTES], __m128i sum, const __m128i *round)
{
	_mm_storeu_si128((__m128i *)mac, encrypt(with_last_byte(sum, DOMAIN_SUM), round));
}

#endif
