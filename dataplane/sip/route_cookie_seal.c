#include "route_cookie_seal.h"
#include "base64url_read.h"
#include "keyed_hash.h"
#include "route_cookie_vaes.h"

#include <sodium.h>

#define KEY_ID_BYTES 1

/* The first two forms. Text of the third one is base64url from its start on. */
#define SIV_MARK	  '.'
#define SIV_OF_AES	  0x80 /* in the first byte; else of SipHash */
#define SIV_BYTES	  KEYED_HASH_BYTES
#define SIV_CIPHERTEXT_AT (KEY_ID_BYTES + SIV_BYTES)
#define SIV_HASH_PURPOSE  'v'

/*
 * The third form: the cipher's key is derived from the cookie key and the Call-ID, so that a nonce can only meet those
 * of its own call; Call-ID is associated data too.
 */
#define CIPHER_CHACHA  0x80 /* in the first byte; else AES-256-GCM */
#define NONCE_BYTES    12
#define CIPHERTEXT_AT  (KEY_ID_BYTES + NONCE_BYTES)
#define TAG_BYTES      16
#define OVERHEAD_BYTES (CIPHERTEXT_AT + TAG_BYTES)
#define CALL_KEY_BYTES 32

#define RAW_BYTES_MAX (OVERHEAD_BYTES + ROUTE_COOKIE_PLAIN_BYTES_MAX) /* of both */

_Static_assert(crypto_aead_aes256gcm_NPUBBYTES == NONCE_BYTES && crypto_aead_aes256gcm_ABYTES == TAG_BYTES, "layout");
_Static_assert(crypto_aead_chacha20poly1305_ietf_NPUBBYTES == NONCE_BYTES, "layout");
_Static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == TAG_BYTES, "layout");
_Static_assert(2 * KEYED_HASH_BYTES == CALL_KEY_BYTES && 2 * KEYED_HASH_KEY_BYTES == SECRET_KEY_BYTES, "two halves");
_Static_assert(SIV_BYTES == SHORT_AES_BYTES && KEYED_HASH_KEY_BYTES == SHORT_AES_BYTES, "one block");
_Static_assert(ROUTE_COOKIE_PLAIN_BYTES_MAX % SHORT_AES_GROUP_BYTES == 0, "whole groups fit");
_Static_assert(SIV_CIPHERTEXT_AT <= OVERHEAD_BYTES && OVERHEAD_BYTES < RAW_BYTES_MAX, "both forms fit");
_Static_assert((RAW_BYTES_MAX * 8 + 5) / 6 < ROUTE_COOKIE_TEXT_BYTES_MAX, "a full cookie fits its text");

/* ------------------------------------------------------------ the first two forms */

static void hash_siv(uint8_t siv[SIV_BYTES], const uint8_t *secret, struct span plain, struct span call_id)
{
	struct keyed_hash hash;

	keyed_hash_begin(&hash, secret, SIV_HASH_PURPOSE);
	keyed_hash_add(&hash, call_id);
	keyed_hash_add(&hash, plain);
	keyed_hash_finish(&hash, siv);
}

/* Apart, so that what is usual stays short. */
static __attribute__((noinline)) void seal_siv_in_parts(struct text_writer *text, struct span plain,
							const struct short_aes *aes, uint8_t first_byte,
							struct span call_id)
{
	uint8_t raw[SIV_CIPHERTEXT_AT + ROUTE_COOKIE_PLAIN_BYTES_MAX], *siv = raw + KEY_ID_BYTES;

	raw[0] = first_byte;
	short_aes_mac(siv, aes, call_id, plain);
	short_aes_xor(raw + SIV_CIPHERTEXT_AT, plain, aes, siv, SHORT_AES_DOMAIN_COUNTER);
	text_write_char(text, SIV_MARK);
	text_write_base64url(text, raw, SIV_CIPHERTEXT_AT + plain.length);
}

static void seal_siv(struct text_writer *text, struct span plain, const struct rotating_key *keys, struct span call_id)
{
	struct short_aes room;
	const struct short_aes *aes = short_aes_find(&room, keys, keys->key[0]);
	uint8_t first_byte = (uint8_t)(keys->id[0] % SECRET_KEY_IDS) | SIV_OF_AES;
	uint32_t bytes = SIV_CIPHERTEXT_AT + plain.length;
	uint32_t periods = (bytes + ROUTE_COOKIE_VAES_PERIOD_BYTES - 1) / ROUTE_COOKIE_VAES_PERIOD_BYTES;

	if (short_aes_selected() != SHORT_AES_VAES ||
	    1 + periods * ROUTE_COOKIE_VAES_PERIOD_DIGITS > text->capacity - text->length) {
		seal_siv_in_parts(text, plain, aes, first_byte, call_id);
		return;
	}
	char *at = text->at + text->length;
	*at = SIV_MARK;
	route_cookie_vaes_seal(at + 1, aes, first_byte, plain, call_id);
	text->length += 1 + (bytes * 8 + 5) / 6;
}

static int unseal_siv(char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX], struct span text, const struct rotating_key *keys,
		      struct span call_id)
{
	uint8_t raw[SIV_CIPHERTEXT_AT + ROUTE_COOKIE_PLAIN_BYTES_MAX], siv[SIV_BYTES];
	int raw_length = base64url_read(raw, sizeof(raw), text);
	struct short_aes room;

	if (raw_length <= SIV_CIPHERTEXT_AT)
		return -1;

	uint8_t kind = raw[0] & SIV_OF_AES, *sealed_siv = raw + KEY_ID_BYTES;
	const uint8_t *secret = secret_keys_find(keys, raw[0] % SECRET_KEY_IDS);
	struct span opened = span_make(plain, (size_t)(raw_length - SIV_CIPHERTEXT_AT));
	if (!secret)
		return -1;
	const struct short_aes *aes = short_aes_find(&room, keys, secret);
	short_aes_xor((uint8_t *)plain, span_make((const char *)raw + SIV_CIPHERTEXT_AT, opened.length), aes,
		      sealed_siv, kind == SIV_OF_AES ? SHORT_AES_DOMAIN_COUNTER : sealed_siv[SIV_BYTES - 1]);
	if (kind == SIV_OF_AES)
		short_aes_mac(siv, aes, call_id, opened);
	else
		hash_siv(siv, secret, opened, call_id);
	return keyed_hash_is_same(siv, sealed_siv) ? (int)opened.length : -1;
}

/* ------------------------------------------------------------ the third form */

/* Its second half is made of the first, under the other half of the secret: the Call-ID is hashed once. */
static void make_call_key(uint8_t call_key[CALL_KEY_BYTES], const uint8_t *secret, uint8_t cipher, struct span call_id)
{
	struct keyed_hash hash;

	keyed_hash_begin(&hash, secret, 'k');
	keyed_hash_add_number(&hash, cipher);
	keyed_hash_add(&hash, call_id);
	keyed_hash_finish(&hash, call_key);
	crypto_shorthash_siphashx24(call_key + KEYED_HASH_BYTES, call_key, KEYED_HASH_BYTES,
				    secret + KEYED_HASH_KEY_BYTES);
}

/* The same contents get the same nonce, and thus the same bytes; anything else another one. */
static void make_cipher_nonce(uint8_t nonce[NONCE_BYTES], const uint8_t *secret, const uint8_t call_key[CALL_KEY_BYTES],
			      struct span plain)
{
	struct keyed_hash hash;
	uint8_t mac[KEYED_HASH_BYTES];

	keyed_hash_begin(&hash, secret, 's');
	keyed_hash_add(&hash, span_make((const char *)call_key, KEYED_HASH_BYTES)); /* stands for the Call-ID */
	keyed_hash_add(&hash, plain);
	keyed_hash_finish(&hash, mac);
	memcpy(nonce, mac, NONCE_BYTES);
}

static void seal_chacha(struct text_writer *text, struct span plain, const struct rotating_key *keys,
			struct span call_id)
{
	uint8_t raw[RAW_BYTES_MAX], call_key[CALL_KEY_BYTES];

	raw[0] = (uint8_t)(keys->id[0] % SECRET_KEY_IDS) | CIPHER_CHACHA;
	make_call_key(call_key, keys->key[0], CIPHER_CHACHA, call_id);
	make_cipher_nonce(raw + KEY_ID_BYTES, keys->key[0], call_key, plain);
	crypto_aead_chacha20poly1305_ietf_encrypt(raw + CIPHERTEXT_AT, NULL, (const uint8_t *)plain.at, plain.length,
						  (const uint8_t *)call_id.at, call_id.length, NULL, raw + KEY_ID_BYTES,
						  call_key);
	text_write_base64url(text, raw, OVERHEAD_BYTES + plain.length);
}

static int unseal_aead(char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX], struct span text, const struct rotating_key *keys,
		       struct span call_id)
{
	uint8_t raw[RAW_BYTES_MAX], call_key[CALL_KEY_BYTES], *opened = (uint8_t *)plain;
	const uint8_t *call = (const uint8_t *)call_id.at;
	int refused, raw_length = base64url_read(raw, sizeof(raw), text);

	if (raw_length <= OVERHEAD_BYTES)
		return -1;

	uint8_t cipher = raw[0] & CIPHER_CHACHA;
	unsigned long long sealed_length = (unsigned long long)(raw_length - CIPHERTEXT_AT);
	const uint8_t *secret = secret_keys_find(keys, raw[0] % SECRET_KEY_IDS);
	if (!secret || (cipher != CIPHER_CHACHA && !crypto_aead_aes256gcm_is_available()))
		return -1;

	make_call_key(call_key, secret, cipher, call_id);
	if (cipher == CIPHER_CHACHA)
		refused = crypto_aead_chacha20poly1305_ietf_decrypt(opened, NULL, NULL, raw + CIPHERTEXT_AT,
								    sealed_length, call, call_id.length,
								    raw + KEY_ID_BYTES, call_key);
	else
		refused = crypto_aead_aes256gcm_decrypt(opened, NULL, NULL, raw + CIPHERTEXT_AT, sealed_length, call,
							call_id.length, raw + KEY_ID_BYTES, call_key);
	return refused ? -1 : raw_length - OVERHEAD_BYTES;
}

/* ------------------------------------------------------------ promised functions */

int route_cookie_seal(struct text_writer *text, struct span plain, const struct rotating_key *keys, struct span call_id)
{
	if (short_aes_is_available())
		seal_siv(text, plain, keys, call_id);
	else
		seal_chacha(text, plain, keys, call_id);
	return text->overflowed ? -1 : (int)text->length;
}

int route_cookie_seal_open(char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX], struct span text, const struct rotating_key *keys,
			   struct span call_id)
{
	if (text.length && *text.at == SIV_MARK)
		return short_aes_is_available() ? unseal_siv(plain, span_skip(text, 1), keys, call_id) : -1;
	return unseal_aead(plain, text, keys, call_id);
}
