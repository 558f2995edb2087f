#include "route_cookie_aes.h"

#if defined(__x86_64__)
#include <sodium.h>
#include <wmmintrin.h>

#define GROUP_BLOCKS (ROUTE_COOKIE_AES_GROUP_BYTES / ROUTE_COOKIE_AES_BYTES)
#define LAST_ROUND   (ROUTE_COOKIE_AES_ROUND_KEYS - 1)

/* FIPS 197 5.2: each word is the one before it and the one four before it; `assist` has the first of them. */
static inline __m128i next_round_key(__m128i key, __m128i assist)
{
	key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
	key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
	return _mm_xor_si128(key, _mm_shuffle_epi32(assist, 0xff));
}

bool route_cookie_aes_is_available(void)
{
	return crypto_aead_aes256gcm_is_available();
}

void route_cookie_aes_expand(struct route_cookie_aes *aes, const uint8_t key[ROUTE_COOKIE_AES_BYTES])
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

void route_cookie_aes_xor(uint8_t *out, const uint8_t *in, uint32_t length, const struct route_cookie_aes *aes,
			  const uint8_t iv[ROUTE_COOKIE_AES_BYTES])
{
	const __m128i *round = (const __m128i *)aes->round_key, one = _mm_set_epi64x(0, 1);
	__m128i counter = _mm_loadu_si128((const __m128i *)iv), block[GROUP_BLOCKS];

	for (uint32_t done = 0; done < length; done += ROUTE_COOKIE_AES_GROUP_BYTES) {
		for (uint32_t i = 0; i < GROUP_BLOCKS; i++) {
			block[i] = _mm_xor_si128(counter, round[0]);
			counter = _mm_add_epi64(counter, one);
		}
		for (uint32_t r = 1; r < LAST_ROUND; r++)
			for (uint32_t i = 0; i < GROUP_BLOCKS; i++)
				block[i] = _mm_aesenc_si128(block[i], round[r]);
		for (uint32_t i = 0; i < GROUP_BLOCKS; i++) {
			const __m128i *from = (const __m128i *)(in + done) + i;
			block[i] = _mm_aesenclast_si128(block[i], round[LAST_ROUND]);
			block[i] = _mm_xor_si128(block[i], _mm_loadu_si128(from));
			_mm_storeu_si128((__m128i *)(out + done) + i, block[i]);
		}
	}
}

#else

bool route_cookie_aes_is_available(void)
{
	return false;
}

void route_cookie_aes_expand(struct route_cookie_aes *aes, const uint8_t key[ROUTE_COOKIE_AES_BYTES])
{
	(void)aes, (void)key;
}

void route_cookie_aes_xor(uint8_t *out, const uint8_t *in, uint32_t length, const struct route_cookie_aes *aes,
			  const uint8_t iv[ROUTE_COOKIE_AES_BYTES])
{
	(void)out, (void)in, (void)length, (void)aes, (void)iv;
}

#endif
