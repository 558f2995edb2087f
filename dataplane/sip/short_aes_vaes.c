#include "short_aes_parts.h"

#include <immintrin.h>

#define GROUP_PARTS_BYTES (GROUP_BLOCKS * PART_BYTES)	   /* of the message, in the four blocks of a group */
#define FIRST_PARTS_BYTES (GROUP_PARTS_BYTES - PART_BYTES) /* of the first group, whose first block has the lengths */

struct mac_state {
	const __m128i *round;
	__m512i sum;	 /* four, which are added up at last */
	uint32_t number; /* of the next part */
};

static inline __m512i encrypt_group(__m512i blocks, const __m128i *round)
{
	blocks = _mm512_xor_si512(blocks, _mm512_broadcast_i32x4(round[0]));
	for (uint32_t r = 1; r < LAST_ROUND; r++)
		blocks = _mm512_aesenc_epi128(blocks, _mm512_broadcast_i32x4(round[r]));
	return _mm512_aesenclast_epi128(blocks, _mm512_broadcast_i32x4(round[LAST_ROUND]));
}

void short_aes_vaes_xor(uint8_t *out, struct span in, const struct short_aes *aes, const uint8_t iv[SHORT_AES_BYTES],
			uint8_t last)
{
	const __m128i *round = (const __m128i *)aes->round_key;
	const __m512i four = _mm512_setr_epi64(4, 0, 4, 0, 4, 0, 4, 0);
	__m128i first = with_last_byte(_mm_loadu_si128((const __m128i *)iv), last);
	__m512i counters = _mm512_add_epi64(_mm512_broadcast_i32x4(first), _mm512_setr_epi64(0, 0, 1, 0, 2, 0, 3, 0));

	for (uint32_t done = 0; done < in.length; done += SHORT_AES_GROUP_BYTES) {
		__m512i bytes = _mm512_loadu_si512(in.at + done);
		_mm512_storeu_si512(out + done, _mm512_xor_si512(bytes, encrypt_group(counters, round)));
		counters = _mm512_add_epi64(counters, four);
	}
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

static inline __m512i load_parts(const char *at, uint32_t bytes, __m512i places)
{
	return _mm512_permutexvar_epi8(places, _mm512_maskz_loadu_epi8(_bzhi_u64(UINT64_MAX, bytes), at));
}

/* Parts that begin behind the `bytes` that there are of the message are encrypted like the others, but not added. */
static inline void take_group(struct mac_state *mac, __m512i parts, uint32_t bytes)
{
	const __m512i begins = _mm512_setr_epi64(0, 0, 13, 13, 26, 26, 39, 39);
	const __m512i places =
		_mm512_setr_epi32(0, 0, 0, DOMAIN_PART << 24, 0, 0, 0, DOMAIN_PART << 24 | NUMBER_ONE, 0, 0, 0,
				  DOMAIN_PART << 24 | 2 * NUMBER_ONE, 0, 0, 0, DOMAIN_PART << 24 | 3 * NUMBER_ONE);
	__m512i number = _mm512_maskz_set1_epi32(0x8888, (int)mac->number * NUMBER_ONE);
	__m512i blocks = _mm512_or_si512(parts, _mm512_add_epi32(places, number));
	__mmask8 there = _mm512_cmplt_epu64_mask(begins, _mm512_set1_epi64(bytes));

	mac->sum = _mm512_mask_xor_epi64(mac->sum, there, mac->sum, encrypt_group(blocks, mac->round));
	mac->number += GROUP_BLOCKS;
}

static inline void take_text(struct mac_state *mac, struct span text)
{
	for (uint32_t done = 0; done < text.length; done += GROUP_PARTS_BYTES) {
		uint32_t left = text.length - done, bytes = left < GROUP_PARTS_BYTES ? left : GROUP_PARTS_BYTES;
		take_group(mac, load_parts(text.at + done, bytes, part_places()), bytes);
	}
}

static inline __m128i add_up(__m512i sums)
{
	__m256i two = _mm256_xor_si256(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1));

	return _mm_xor_si128(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
}

void short_aes_vaes_mac(uint8_t mac[SHORT_AES_BYTES], const struct short_aes *aes, struct span first,
			struct span second)
{
	struct mac_state state = {.round = (const __m128i *)aes->round_key, .sum = _mm512_setzero_si512()};
	__m512i lengths = _mm512_zextsi128_si512(_mm_setr_epi32((int)first.length, (int)second.length, 0, 0));
	uint32_t bytes = first.length < FIRST_PARTS_BYTES ? first.length : FIRST_PARTS_BYTES;

	take_group(&state, _mm512_or_si512(lengths, load_parts(first.at, bytes, first_places())), PART_BYTES + bytes);
	if (first.length > bytes)
		take_text(&state, span_make(first.at + bytes, first.length - bytes));
	state.number = 1 + (first.length + PART_BYTES - 1) / PART_BYTES;
	take_text(&state, second);
	finish_mac(mac, add_up(state.sum), state.round);
}
