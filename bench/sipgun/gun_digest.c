#include "gun_digest.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

/* As dataplane/sip/digest.c: EVP fetches and allocates with each digest. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#define JOINED_BYTES_MAX 1024
#define PIECES_MAX	 6

static void write_hex(char *hex, const uint8_t *hash, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++) {
		hex[2 * i] = "0123456789abcdef"[hash[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
	}
}

/* Joins with colons; what does not fit is cut: such a digest is wrong, and the router says so. */
static uint32_t join(char joined[JOINED_BYTES_MAX], const struct span *piece, uint32_t count)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < count && used + 1 + piece[i].length <= JOINED_BYTES_MAX; i++) {
		if (i > 0)
			joined[used++] = ':';
		if (piece[i].length > 0)
			memcpy(joined + used, piece[i].at, piece[i].length);
		used += piece[i].length;
	}
	return used;
}

static void hash_md5(char hex[32], const struct span *piece, uint32_t count)
{
	char joined[JOINED_BYTES_MAX];
	uint8_t hash[MD5_DIGEST_LENGTH];

	MD5((const uint8_t *)joined, join(joined, piece, count), hash);
	write_hex(hex, hash, sizeof(hash));
}

static void hash_sha256(char hex[64], const struct span *piece, uint32_t count)
{
	char joined[JOINED_BYTES_MAX];
	uint8_t hash[SHA256_DIGEST_LENGTH];
	SHA256_CTX context;

	SHA256_Init(&context);
	SHA256_Update(&context, joined, join(joined, piece, count));
	SHA256_Final(hash, &context);
	write_hex(hex, hash, sizeof(hash));
}

static void hash_pair(struct gun_digest_pair *pair, const struct span *piece, uint32_t count)
{
	hash_md5(pair->md5, piece, count);
	hash_sha256(pair->sha256, piece, count);
}

void gun_digest_make_ha1(struct gun_digest_pair *ha1, struct span user, struct span realm, struct span password)
{
	hash_pair(ha1, (const struct span[]){user, realm, password}, 3);
}

void gun_digest_make_ha2(struct gun_digest_pair *ha2, struct span method, struct span uri)
{
	hash_pair(ha2, (const struct span[]){method, uri}, 2);
}

/* Takes `name=value` or `name="value"` and the comma behind it from the front. Result: false at the end. */
static bool take_parameter(struct span *name, struct span *value, struct span *rest)
{
	*rest = span_trim(*rest);
	const char *equals = rest->length ? memchr(rest->at, '=', rest->length) : NULL;
	if (equals == NULL)
		return false;
	*name = span_trim(span_make(rest->at, (size_t)(equals - rest->at)));
	*rest = span_trim(span_skip(*rest, (uint32_t)(equals - rest->at) + 1));
	bool is_quoted = rest->length > 0 && rest->at[0] == '"';
	if (is_quoted)
		*rest = span_skip(*rest, 1);
	const char *end = rest->length ? memchr(rest->at, is_quoted ? '"' : ',', rest->length) : NULL;
	if (is_quoted && end == NULL)
		return false;
	*value = end ? span_make(rest->at, (size_t)(end - rest->at)) : *rest;
	*rest = span_skip(*rest, value->length + is_quoted);
	if (!is_quoted)
		*value = span_trim(*value);
	const char *comma = rest->length ? memchr(rest->at, ',', rest->length) : NULL;
	*rest = comma ? span_skip(*rest, (uint32_t)(comma - rest->at) + 1) : (struct span){0};
	return true;
}

static uint8_t find_algorithm(struct span value)
{
	if (span_equals_nocase(value, SPAN_LITERAL("MD5")))
		return DIGEST_MD5;
	return span_equals_nocase(value, SPAN_LITERAL("SHA-256")) ? DIGEST_SHA256 : DIGEST_UNKNOWN;
}

/* qop-options: a list of words. */
static bool offers_auth(struct span list)
{
	while (list.length > 0) {
		const char *comma = memchr(list.at, ',', list.length);
		uint32_t length = comma ? (uint32_t)(comma - list.at) : list.length;
		if (span_equals_nocase(span_trim(span_make(list.at, length)), SPAN_LITERAL("auth")))
			return true;
		list = span_skip(list, length + 1);
	}
	return false;
}

bool gun_digest_read(struct gun_digest_challenge *challenge, struct span value)
{
	struct span name, text, rest = span_trim(value);
	bool has_other_qop = false;

	*challenge = (struct gun_digest_challenge){.algorithm = DIGEST_MD5};
	if (rest.length < 7 || !span_equals_nocase(span_make(rest.at, 7), SPAN_LITERAL("Digest ")))
		return false;
	rest = span_skip(rest, 7);
	while (take_parameter(&name, &text, &rest)) {
		if (span_equals_nocase(name, SPAN_LITERAL("realm")))
			challenge->realm = text;
		else if (span_equals_nocase(name, SPAN_LITERAL("nonce")))
			challenge->nonce = text;
		else if (span_equals_nocase(name, SPAN_LITERAL("opaque")))
			challenge->opaque = text;
		else if (span_equals_nocase(name, SPAN_LITERAL("algorithm")))
			challenge->algorithm = find_algorithm(text);
		else if (span_equals_nocase(name, SPAN_LITERAL("qop")))
			has_other_qop = !(challenge->has_qop = offers_auth(text));
	}
	return challenge->nonce.length > 0 && challenge->algorithm != DIGEST_UNKNOWN && !has_other_qop;
}

struct span gun_digest_answer(char hex[GUN_DIGEST_HEX_MAX], const struct gun_digest_challenge *challenge,
			      const struct gun_digest_pair *ha1, const struct gun_digest_pair *ha2,
			      const struct gun_digest_count *count)
{
	bool is_md5 = challenge->algorithm == DIGEST_MD5;
	struct span first = is_md5 ? span_make(ha1->md5, 32) : span_make(ha1->sha256, 64);
	struct span last = is_md5 ? span_make(ha2->md5, 32) : span_make(ha2->sha256, 64);
	struct span pieces[PIECES_MAX] = {first, challenge->nonce, last};
	uint32_t piece_count = 3;

	if (challenge->has_qop) {
		pieces[2] = span_make(count->nc, sizeof(count->nc));
		pieces[3] = span_make(count->cnonce, sizeof(count->cnonce));
		pieces[4] = SPAN_LITERAL("auth");
		pieces[5] = last;
		piece_count = 6;
	}
	if (is_md5)
		hash_md5(hex, pieces, piece_count);
	else
		hash_sha256(hex, pieces, piece_count);
	return span_make(hex, is_md5 ? 32 : 64);
}
