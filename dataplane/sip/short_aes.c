#include "short_aes.h"

#if defined(__x86_64__)
#include <tmmintrin.h>
#include <wmmintrin.h>

#define GROUP_BLOCKS (SHORT_AES_GROUP_BYTES / SHORT_AES_BYTES)
#define LAST_ROUND   (SHORT_AES_ROUND_KEYS - 1)

/* Of a block that is a part of the message: 13 bytes, then its number, then DOMAIN_PART. */
#define PART_BYTES 13
#define NUMBER_ONE (1 << 8) /* in its last word */

/* The last byte of each block that the MAC encrypts; SHORT_AES_DOMAIN_COUNTER is that of the others. */
enum { DOMAIN_PART = 1, DOMAIN_SUM = 2 };

struct mac_state {
	const __m128i *round;
	__m128i place; /* number and domain of the next part */
	__m128i sum;
};

/* FIPS 197 5.2: each word is the one before it and the one four before it; `assist` has the first of them. */
static inline __m128i next_round_key(__m128i key, __m128i assist)
{
	key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
	key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
	return _mm_xor_si128(key, _mm_shuffle_epi32(assist, 0xff));
}

void short_aes_expand(struct short_aes *aes, const uint8_t key[SHORT_AES_BYTES])
{
	__m128i *round = (__m128i *)aes->round_key;

	round[0] = _mm_loadu_si128((const __m128i *)key);
	round[1] = next_round_key(round[0], _mm_aeskeygenassist_si128(round[0], 0x01));
	round[2] = next_round_key(round[1], _mm_aeskeygenassist_si128(round[1], 0x02));
	round[3] = next_round_key(round[2], _mm_aeskeygenassist_si128(round[2], 0x04));
	round[4] = next_round_key(round[3], _mm_aeskeygenassist_si128(round[3], 0x08));
	round[5] = next_round_key(round[4], _mm_aeskeygenassist_si128(round[4], 0x10));
	round[6] = next_round_key(round[5], _mm_aeskeygenassist_si128(round[5], 0x20));
	round[7] = next_round_key(round[6], _mm_aeskeygenassist_si128(round[6], 0x40));
	round[8] = next_round_key(round[7], _mm_aeskeygenassist_si128(round[7], 0x80));
	round[9] = next_round_key(round[8], _mm_aeskeygenassist_si128(round[8], 0x1b));
	round[10] = next_round_key(round[9], _mm_aeskeygenassist_si128(round[9], 0x36));
}

static inline __m128i with_last_byte(__m128i block, uint8_t last)
{
	const __m128i others = _mm_setr_epi32(-1, -1, -1, 0xffffff);

	return _mm_or_si128(_mm_and_si128(block, others), _mm_setr_epi32(0, 0, 0, (int)((uint32_t)last << 24)));
}

void short_aes_xor(uint8_t *out, struct span in, const struct short_aes *aes, const uint8_t iv[SHORT_AES_BYTES],
		   uint8_t last)
{
	const __m128i *round = (const __m128i *)aes->round_key, one = _mm_set_epi64x(0, 1);
	__m128i counter = with_last_byte(_mm_loadu_si128((const __m128i *)iv), last), block[GROUP_BLOCKS];

	for (uint32_t done = 0; done < in.length; done += SHORT_AES_GROUP_BYTES) {
		for (uint32_t i = 0; i < GROUP_BLOCKS; i++) {
			block[i] = _mm_xor_si128(counter, round[0]);
			counter = _mm_add_epi64(counter, one);
		}
		for (uint32_t r = 1; r < LAST_ROUND; r++)
			for (uint32_t i = 0; i < GROUP_BLOCKS; i++)
				block[i] = _mm_aesenc_si128(block[i], round[r]);
		for (uint32_t i = 0; i < GROUP_BLOCKS; i++) {
			const __m128i *from = (const __m128i *)(in.at + done) + i;
			block[i] = _mm_aesenclast_si128(block[i], round[LAST_ROUND]);
			block[i] = _mm_xor_si128(block[i], _mm_loadu_si128(from));
			_mm_storeu_si128((__m128i *)(out + done) + i, block[i]);
		}
	}
}

static inline __m128i encrypt(__m128i block, const __m128i *round)
{
	block = _mm_xor_si128(block, round[0]);
	for (uint32_t r = 1; r < LAST_ROUND; r++)
		block = _mm_aesenc_si128(block, round[r]);
	return _mm_aesenclast_si128(block, round[LAST_ROUND]);
}

/* Up to PART_BYTES of the message, zeros behind them; what is beyond is left out. */
static inline void take_part(struct mac_state *mac, __m128i bytes)
{
	const __m128i part = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0);
	__m128i block = _mm_or_si128(_mm_and_si128(bytes, part), mac->place);

	mac->place = _mm_add_epi32(mac->place, _mm_setr_epi32(0, 0, 0, NUMBER_ONE));
	mac->sum = _mm_xor_si128(mac->sum, encrypt(block, mac->round));
}

/* The last `left` bytes of a text, of less than a block, zeros behind them. */
static inline __m128i load_last(struct span text, uint32_t left)
{
	static const int8_t places[2 * SHORT_AES_BYTES] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
							   11, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1,
							   -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
	const char *end = text.at + text.length;

	if (text.length < SHORT_AES_BYTES) {
		uint8_t bytes[SHORT_AES_BYTES] = {0};
		memcpy(bytes, end - left, left);
		return _mm_loadu_si128((const __m128i *)bytes);
	}
	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(end - SHORT_AES_BYTES)),
				_mm_loadu_si128((const __m128i *)(places + SHORT_AES_BYTES - left)));
}

static inline void take_text(struct mac_state *mac, struct span text)
{
	const char *at = text.at;
	uint32_t left = text.length;

	for (; left >= SHORT_AES_BYTES; at += PART_BYTES, left -= PART_BYTES)
		take_part(mac, _mm_loadu_si128((const __m128i *)at));
	if (left == 0)
		return;
	__m128i last = load_last(text, left);
	take_part(mac, last);
	if (left > PART_BYTES)
		take_part(mac, _mm_srli_si128(last, PART_BYTES));
}

void short_aes_mac(uint8_t mac[SHORT_AES_BYTES], const struct short_aes *aes, struct span first, struct span second)
{
	struct mac_state state = {.round = (const __m128i *)aes->round_key,
				  .place = _mm_setr_epi32(0, 0, 0, DOMAIN_PART << 24),
				  .sum = _mm_setzero_si128()};

	take_part(&state, _mm_setr_epi32((int)first.length, (int)second.length, 0, 0));
	take_text(&state, first);
	take_text(&state, second);
	_mm_storeu_si128((__m128i *)mac, encrypt(with_last_byte(state.sum, DOMAIN_SUM), state.round));
}

#else

void short_aes_expand(struct short_aes *aes, const uint8_t key[SHORT_AES_BYTES])
{
	(void)aes, (void)key;
}

void short_aes_xor(uint8_t *out, struct span in, const struct short_aes *aes, const uint8_t iv[SHORT_AES_BYTES],
		   uint8_t last)
{
	(void)out, (void)in, (void)aes, (void)iv, (void)last;
}

void short_aes_mac(uint8_t mac[SHORT_AES_BYTES], const struct short_aes *aes, struct span first, struct span second)
{
	(void)mac, (void)aes, (void)first, (void)second;
}

#endif
