#include "md5_lanes.h"

#include <openssl/md5.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "lengths are written and hashes read as little-endian words"
#endif

/* Deprecated since OpenSSL 3.0 without a replacement that does not allocate (digest.c). */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static void hash_scalar(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count,
			bool has_begun)
{
	for (uint32_t i = 0; i < count; i++) {
		MD5_CTX context;
		uint32_t state[4];
		MD5_Init(&context);
		if (has_begun) {
			memcpy(state, hash[i], sizeof(state));
			context.A = state[0], context.B = state[1], context.C = state[2], context.D = state[3];
		}
		for (uint32_t block = 0; block < text[i].block_count; block++)
			MD5_Transform(&context,
				      (const unsigned char *)text[i].block + (size_t)block * MD5_LANES_BLOCK_BYTES);
		const uint32_t after[] = {context.A, context.B, context.C, context.D};
		memcpy(hash[i], after, sizeof(after));
	}
}

#define WORTH_COUNT 3 /* one or two texts are quicker alone, with OpenSSL, than in lanes */

struct variant {
	void (*hash)(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count,
		     bool has_begun);
	uint32_t lanes;
};

static const struct variant variants[] = {
	[MD5_LANES_SCALAR] = {hash_scalar, MD5_LANES},
#if defined(__x86_64__)
	[MD5_LANES_AVX2] = {md5_lanes_avx2_hash, 2 * MD5_LANES_FEW},
	[MD5_LANES_AVX512] = {md5_lanes_avx512_hash, MD5_LANES},
#endif
};

/* Written by md5_lanes_select before the lcores start, read by all of them. */
static struct variant selected = {hash_scalar, MD5_LANES};

static bool has_variant(enum md5_lanes_variant variant)
{
#if defined(__x86_64__)
	bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
	return variant == MD5_LANES_SCALAR || (variant == MD5_LANES_AVX2 && avx2) ||
	       (variant == MD5_LANES_AVX512 && avx2 && __builtin_cpu_supports("avx512vl"));
#else
	return variant == MD5_LANES_SCALAR;
#endif
}

bool md5_lanes_select(enum md5_lanes_variant variant)
{
	if (!has_variant(variant))
		return false;
	selected = variants[variant];
	return true;
}

enum md5_lanes_variant md5_lanes_select_best(void)
{
	enum md5_lanes_variant best = MD5_LANES_AVX512;

	while (!md5_lanes_select(best))
		best--;
	return best;
}

static void hash_all(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count, bool has_begun)
{
	for (uint32_t from = 0; from < count; from += selected.lanes) {
		uint32_t now = count - from < selected.lanes ? count - from : selected.lanes;
		if (now < WORTH_COUNT)
			hash_scalar(hash + from, text + from, now, has_begun);
		else
			selected.hash(hash + from, text + from, now, has_begun);
	}
}

void md5_lanes_hash(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count)
{
	hash_all(hash, text, count, false);
}

void md5_lanes_hash_on(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count)
{
	hash_all(hash, text, count, true);
}
