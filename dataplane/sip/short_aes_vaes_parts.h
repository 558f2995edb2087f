/*
 * short_aes_vaes_parts.h - for short_aes_vaes.c and route_cookie_vaes.c: AES-128 of four blocks in a register of
 * AVX-512. The round keys are loaded once for all that one call encrypts: there are registers for them.
 */
#ifndef AMITY_SHORT_AES_VAES_PARTS_H
#define AMITY_SHORT_AES_VAES_PARTS_H

#if defined(__VAES__) && defined(__AVX512VBMI__) /* what the files that include it are built for */
#include <immintrin.h>

#include "short_aes_parts.h"

#define GROUP_PARTS_BYTES (GROUP_BLOCKS * PART_BYTES)	   /* of the message, in the four blocks of a group */
#define FIRST_PARTS_BYTES (GROUP_PARTS_BYTES - PART_BYTES) /* of the first group, whose first block has the lengths */

/* Each key four times. */
struct wide_keys {
	__m512i round[SHORT_AES_ROUND_KEYS];
};

struct wide_mac {
	__m512i sum;	/* four, which are added up at last */
	__m512i places; /* numbers and domain of the next parts */
};

static inline __attribute__((always_inline)) struct wide_keys load_keys(const struct short_aes *aes)
{
	const __m128i *round = (const __m128i *)aes->round_key;
	struct wide_keys keys;

#pragma GCC unroll 11
	for (uint32_t r = 0; r < SHORT_AES_ROUND_KEYS; r++)
		keys.round[r] = _mm512_broadcast_i32x4(round[r]);
	return keys;
}

static inline __attribute__((always_inline)) __m512i encrypt_group(__m512i blocks, const struct wide_keys *keys)
{
	blocks = _mm512_xor_si512(blocks, keys->round[0]);
#pragma GCC unroll 11
	for (uint32_t r = 1; r < LAST_ROUND; r++)
		blocks = _mm512_aesenc_epi128(blocks, keys->round[r]);
	return _mm512_aesenclast_epi128(blocks, keys->round[LAST_ROUND]);
}

/* One block, by the same registers: to name a part of each would copy it first. */
static inline __attribute__((always_inline)) __m128i encrypt_one(__m128i block, const struct wide_keys *keys)
{
	return _mm512_castsi512_si128(encrypt_group(_mm512_castsi128_si512(block), keys));
}

static inline __m512i first_counters(__m128i iv, uint8_t last)
{
	return _mm512_add_epi64(_mm512_broadcast_i32x4(with_last_byte(iv, last)),
				_mm512_setr_epi64(0, 0, 1, 0, 2, 0, 3, 0));
}

static inline __m512i next_counters(__m512i counters)
{
	return _mm512_add_epi64(counters, _mm512_setr_epi64(4, 0, 4, 0, 4, 0, 4, 0));
}

/* Up to 64 bytes, zeros behind them; nothing else is read. */
static inline __m512i load_up_to(const char *at, uint32_t bytes)
{
	return _mm512_maskz_loadu_epi8(_bzhi_u64(UINT64_MAX, bytes), at);
}

/* Up to 52 bytes as four parts, or 39 as three behind an empty one, zeros behind them: the 64th is never loaded. */
static inline __m512i part_places(void)
{
	return _mm512_setr_epi32(0x03020100, 0x07060504, 0x0b0a0908, 0x3f3f3f0c, 0x100f0e0d, 0x14131211, 0x18171615,
				 0x3f3f3f19, 0x1d1c1b1a, 0x21201f1e, 0x25242322, 0x3f3f3f26, 0x2a292827, 0x2e2d2c2b,
				 0x3231302f, 0x3f3f3f33);
}

static inline __m512i first_places(void)
{
	return _mm512_setr_epi32(0x3f3f3f3f, 0x3f3f3f3f, 0x3f3f3f3f, 0x3f3f3f3f, 0x03020100, 0x07060504, 0x0b0a0908,
				 0x3f3f3f0c, 0x100f0e0d, 0x14131211, 0x18171615, 0x3f3f3f19, 0x1d1c1b1a, 0x21201f1e,
				 0x25242322, 0x3f3f3f26);
}

/* Of four parts, the first of which is `number`. */
static inline __m512i number_places(uint32_t number)
{
	const __m512i places =
		_mm512_setr_epi32(0, 0, 0, DOMAIN_PART << 24, 0, 0, 0, DOMAIN_PART << 24 | NUMBER_ONE, 0, 0, 0,
				  DOMAIN_PART << 24 | 2 * NUMBER_ONE, 0, 0, 0, DOMAIN_PART << 24 | 3 * NUMBER_ONE);

	return _mm512_add_epi32(places, _mm512_maskz_set1_epi32(0x8888, (int)number * NUMBER_ONE));
}

/* Parts that begin behind the `bytes` that there are of the message are encrypted like the others, but not added. */
static inline __attribute__((always_inline)) void take_group(struct wide_mac *mac, const struct wide_keys *keys,
							     __m512i parts, uint32_t bytes)
{
	const __m512i begins = _mm512_setr_epi64(0, 0, 13, 13, 26, 26, 39, 39);
	const __m512i four = _mm512_setr_epi32(0, 0, 0, 4 * NUMBER_ONE, 0, 0, 0, 4 * NUMBER_ONE, 0, 0, 0,
					       4 * NUMBER_ONE, 0, 0, 0, 4 * NUMBER_ONE);
	__mmask8 there = _mm512_cmplt_epu64_mask(begins, _mm512_set1_epi64(bytes));
	__m512i blocks = encrypt_group(_mm512_or_si512(parts, mac->places), keys);

	mac->sum = _mm512_mask_xor_epi64(mac->sum, there, mac->sum, blocks);
	mac->places = _mm512_add_epi32(mac->places, four);
}

static inline __attribute__((always_inline)) void take_text(struct wide_mac *mac, const struct wide_keys *keys,
							    struct span text)
{
	for (uint32_t done = 0; done < text.length; done += GROUP_PARTS_BYTES) {
		uint32_t left = text.length - done, bytes = left < GROUP_PARTS_BYTES ? left : GROUP_PARTS_BYTES;
		take_group(mac, keys, _mm512_permutexvar_epi8(part_places(), load_up_to(text.at + done, bytes)), bytes);
	}
}

static inline __m128i add_up(__m512i sums)
{
	__m256i two = _mm256_xor_si256(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1));

	return _mm_xor_si128(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
}

/* As short_aes_mac() says. */
static inline __attribute__((always_inline)) __m128i make_wide_mac(const struct wide_keys *keys, struct span first,
								   struct span second)
{
	struct wide_mac mac = {.sum = _mm512_setzero_si512(), .places = number_places(0)};
	__m512i lengths = _mm512_zextsi128_si512(_mm_setr_epi32((int)first.length, (int)second.length, 0, 0));
	uint32_t bytes = first.length < FIRST_PARTS_BYTES ? first.length : FIRST_PARTS_BYTES;
	__m512i begin = _mm512_permutexvar_epi8(first_places(), load_up_to(first.at, bytes));

	take_group(&mac, keys, _mm512_or_si512(lengths, begin), PART_BYTES + bytes);
	if (first.length > bytes)
		take_text(&mac, keys, span_make(first.at + bytes, first.length - bytes));
	mac.places = number_places(1 + (first.length + PART_BYTES - 1) / PART_BYTES);
	take_text(&mac, keys, second);
	return encrypt_one(with_last_byte(add_up(mac.sum), DOMAIN_SUM), keys);
}

#endif

#endif
