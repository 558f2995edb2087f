#include "short_aes.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <tmmintrin.h>

#include "short_aes_parts.h"

/* Of both texts, for VAES. Of fewer it takes as long where they lie ready; a nonce, whose texts do not, took longer. */
#define WORTH_BYTES 104

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

static void xor_by_aes_ni(uint8_t *out, struct span in, const struct short_aes *aes, const uint8_t iv[SHORT_AES_BYTES],
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

static void make_mac_by_aes_ni(uint8_t mac[SHORT_AES_BYTES], const struct short_aes *aes, struct span first,
			       struct span second)
{
	struct mac_state state = {.round = (const __m128i *)aes->round_key,
				  .place = _mm_setr_epi32(0, 0, 0, DOMAIN_PART << 24),
				  .sum = _mm_setzero_si128()};

	take_part(&state, _mm_setr_epi32((int)first.length, (int)second.length, 0, 0));
	take_text(&state, first);
	take_text(&state, second);
	finish_mac(mac, state.sum, state.round);
}

/* Written by short_aes_select before the lcores start, read by all of them. */
static bool is_vaes_selected;

/* Not all compilers know VAES by name. What they say of AVX-512 is also that the system keeps its registers. */
static bool has_vaes(void)
{
	uint32_t eax, ebx, ecx, edx;

	return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("bmi2") &&
	       __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && ecx & bit_VAES;
}

bool short_aes_select(enum short_aes_variant variant)
{
	if (variant == SHORT_AES_VAES && !has_vaes())
		return false;
	is_vaes_selected = variant == SHORT_AES_VAES;
	return true;
}

enum short_aes_variant short_aes_selected(void)
{
	return is_vaes_selected ? SHORT_AES_VAES : SHORT_AES_NI;
}

void short_aes_xor(uint8_t *out, struct span in, const struct short_aes *aes, const uint8_t iv[SHORT_AES_BYTES],
		   uint8_t last)
{
	if (is_vaes_selected)
		short_aes_vaes_xor(out, in, aes, iv, last);
	else
		xor_by_aes_ni(out, in, aes, iv, last);
}

void short_aes_mac(uint8_t mac[SHORT_AES_BYTES], const struct short_aes *aes, struct span first, struct span second)
{
	if (is_vaes_selected && first.length + second.length >= WORTH_BYTES)
		short_aes_vaes_mac(mac, aes, first, second);
	else
		make_mac_by_aes_ni(mac, aes, first, second);
}

#else

bool short_aes_select(enum short_aes_variant variant)
{
	return variant == SHORT_AES_NI;
}

enum short_aes_variant short_aes_selected(void)
{
	return SHORT_AES_NI;
}

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

void short_aes_select_best(void)
{
	if (!short_aes_select(SHORT_AES_VAES))
		short_aes_select(SHORT_AES_NI);
}
