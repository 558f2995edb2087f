#include "digest.h"
#include "text_write.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#include <openssl/md5.h>
#include <openssl/sha.h>

#define JOINED_BYTES 512 /* the usual input as a whole; a longer one is hashed piece by piece */

/*
 * The low-level hash functions: EVP fetches and allocates per digest, which an lcore must not. They are deprecated
 * since OpenSSL 3.0 without a replacement that keeps its state on the stack.
 */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#define HEX_BYTES_MAX 64
#define PIECES_MAX    6
_Static_assert(HEX_BYTES_MAX == 2 * SHA256_DIGEST_LENGTH, "the longest hash in hex");

static uint32_t hex_length(uint8_t algorithm)
{
	return algorithm == DIGEST_MD5 ? 2 * MD5_DIGEST_LENGTH : 2 * SHA256_DIGEST_LENGTH;
}

static void hash_joined_md5(uint8_t hash[MD5_DIGEST_LENGTH], const struct span *piece, uint32_t count)
{
	MD5_CTX context;

	MD5_Init(&context);
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			MD5_Update(&context, ":", 1);
		MD5_Update(&context, piece[i].at, piece[i].length);
	}
	MD5_Final(hash, &context);
}

static void hash_joined_sha256(uint8_t hash[SHA256_DIGEST_LENGTH], const struct span *piece, uint32_t count)
{
	SHA256_CTX context;

	SHA256_Init(&context);
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			SHA256_Update(&context, ":", 1);
		SHA256_Update(&context, piece[i].at, piece[i].length);
	}
	SHA256_Final(hash, &context);
}

/* Hash of the pieces with colons between them, in lower-case hex. */
static void hash_joined(char hex[HEX_BYTES_MAX], uint8_t algorithm, const struct span *piece, uint32_t count)
{
	char buffer[JOINED_BYTES];
	uint8_t hash[SHA256_DIGEST_LENGTH];
	struct text_writer writer = text_write_begin(hex, HEX_BYTES_MAX);
	struct text_writer joined = text_write_begin(buffer, sizeof(buffer));

	for (uint32_t i = 0; i < count; i++) {
		if (i)
			text_write_char(&joined, ':');
		text_write_span(&joined, piece[i]);
	}
	struct span whole = text_written(&joined);
	if (!joined.overflowed) {
		piece = &whole;
		count = 1;
	}
	if (algorithm == DIGEST_MD5)
		hash_joined_md5(hash, piece, count);
	else
		hash_joined_sha256(hash, piece, count);
	text_write_hex(&writer, hash, hex_length(algorithm) / 2);
}

void digest_make_secret(struct digest_secret *secret, struct span username, struct span realm, struct span password)
{
	const struct span piece[] = {username, realm, password};
	char hex[HEX_BYTES_MAX];

	hash_joined(hex, DIGEST_MD5, piece, 3);
	memcpy(secret->ha1_md5, hex, sizeof(secret->ha1_md5));
	hash_joined(hex, DIGEST_SHA256, piece, 3);
	memcpy(secret->ha1_sha256, hex, sizeof(secret->ha1_sha256));
}

static bool is_auth(struct span qop)
{
	return span_equals(qop, SPAN_LITERAL("auth")) || span_equals_nocase(qop, SPAN_LITERAL("auth"));
}

bool digest_is_possible(const struct digest_credentials *credentials)
{
	bool has_qop = credentials->qop.length > 0;

	if (credentials->algorithm >= DIGEST_UNKNOWN)
		return false;
	if (has_qop && (!is_auth(credentials->qop) || credentials->nc_text.length == 0))
		return false;
	return credentials->response.length == hex_length(credentials->algorithm);
}

#define COMPARED_BYTES 32 /* a half of the longer response */
_Static_assert(2 * MD5_DIGEST_LENGTH == COMPARED_BYTES && HEX_BYTES_MAX == 2 * COMPARED_BYTES, "both are whole ones");

/* Upper-case letters to lower case without a branch and without touching other bytes' classes. */
#if defined(__SSE2__)
static inline __m128i find_same_hex(const char *given, const char *right)
{
	__m128i text = _mm_loadu_si128((const __m128i *)given);
	__m128i letters = _mm_srli_epi16(_mm_and_si128(text, _mm_set1_epi8(0x40)), 1);
	__m128i lower = _mm_or_si128(text, letters);

	return _mm_cmpeq_epi8(lower, _mm_loadu_si128((const __m128i *)right));
}

static inline bool are_same_hex(const char *given, const char *right)
{
	__m128i same = _mm_and_si128(find_same_hex(given, right), find_same_hex(given + 16, right + 16));

	return _mm_movemask_epi8(same) == 0xffff;
}
#else
static inline bool are_same_hex(const char *given, const char *right)
{
	uint64_t given_word, right_word, other = 0;

	for (uint32_t i = 0; i < COMPARED_BYTES; i += sizeof(given_word)) {
		memcpy(&given_word, given + i, sizeof(given_word));
		memcpy(&right_word, right + i, sizeof(right_word));
		other |= (given_word | (given_word & 0x4040404040404040) >> 1) ^ right_word;
	}
	return other == 0;
}
#endif

bool digest_is_response(const struct digest_credentials *credentials, const char *right)
{
	uint32_t same = 1;

	for (uint32_t i = 0; i < credentials->response.length; i += COMPARED_BYTES)
		same &= are_same_hex(credentials->response.at + i, right + i);
	return same;
}

bool digest_verify(const struct digest_secret *secret, const struct digest_credentials *credentials, struct span method)
{
	uint8_t algorithm = credentials->algorithm;
	bool has_qop = credentials->qop.length > 0;
	char ha2_hex[HEX_BYTES_MAX], right[HEX_BYTES_MAX];

	if (!digest_is_possible(credentials))
		return false;

	uint32_t length = hex_length(algorithm);
	const struct span a2[] = {method, credentials->uri};
	hash_joined(ha2_hex, algorithm, a2, 2);

	struct span ha1 = span_make(algorithm == DIGEST_MD5 ? secret->ha1_md5 : secret->ha1_sha256, length);
	struct span ha2 = span_make(ha2_hex, length);
	const struct span with_qop[PIECES_MAX] = {
		ha1, credentials->nonce, credentials->nc_text, credentials->cnonce, credentials->qop, ha2};
	const struct span without_qop[] = {ha1, credentials->nonce, ha2};
	hash_joined(right, algorithm, has_qop ? with_qop : without_qop, has_qop ? PIECES_MAX : 3);
	return digest_is_response(credentials, right);
}
