#include "nonce.h"
#include "base64url_read.h"
#include "keyed_hash.h"
#include "text_write.h"

#include <sodium.h>

#define NONCE_GRACE_S 2 /* other nodes' clocks may be that much ahead */

/* key id (1), unix time big-endian (4), challenge (6), MAC (16) */
#define TIME_AT	     1
#define CHALLENGE_AT 5
#define MAC_AT	     11
#define RAW_BYTES    (MAC_AT + KEYED_HASH_BYTES)
_Static_assert(KEYED_HASH_BYTES == crypto_verify_16_BYTES, "compared in constant time");
_Static_assert(RAW_BYTES * 4 == NONCE_TEXT_BYTES * 3, "no unused bits: a nonce has one text");

static void make_mac(uint8_t mac[KEYED_HASH_BYTES], const uint8_t *key, const uint8_t raw[MAC_AT],
		     const struct nonce_scope *scope)
{
	struct keyed_hash hash;

	keyed_hash_begin(&hash, key, 'n');
	keyed_hash_add(&hash, span_make((const char *)raw, MAC_AT));
	keyed_hash_add(&hash, scope->realm);
	keyed_hash_add(&hash, scope->call_id);
	keyed_hash_finish(&hash, mac);
}

void nonce_issue(char text[NONCE_TEXT_BYTES], const struct rotating_key *keys, uint32_t now_s,
		 const struct nonce_scope *scope, uint64_t challenge)
{
	uint8_t raw[RAW_BYTES] = {keys->id[0], (uint8_t)(now_s >> 24), (uint8_t)(now_s >> 16), (uint8_t)(now_s >> 8),
				  (uint8_t)now_s};
	struct text_writer writer = text_write_begin(text, NONCE_TEXT_BYTES);

	memcpy(raw + CHALLENGE_AT, &challenge, MAC_AT - CHALLENGE_AT);
	make_mac(raw + MAC_AT, keys->key[0], raw, scope);
	text_write_base64url(&writer, raw, RAW_BYTES);
}

bool nonce_verify(uint32_t *issued_s, struct span text, const struct rotating_key *keys, uint32_t now_s,
		  const struct nonce_scope *scope)
{
	uint8_t raw[RAW_BYTES], mac[KEYED_HASH_BYTES];

	if (base64url_read(raw, sizeof(raw), text) != RAW_BYTES)
		return false;

	uint32_t time_s = (uint32_t)raw[TIME_AT] << 24 | (uint32_t)raw[TIME_AT + 1] << 16 |
			  (uint32_t)raw[TIME_AT + 2] << 8 | raw[TIME_AT + 3];
	int64_t age_s = (int64_t)now_s - time_s;
	if (age_s > NONCE_LIFE_S || age_s < -NONCE_GRACE_S)
		return false;

	const uint8_t *key = secret_keys_find(keys, raw[0]);
	if (!key)
		return false;
	make_mac(mac, key, raw, scope);
	if (crypto_verify_16(mac, raw + MAC_AT) != 0)
		return false;
	*issued_s = time_s;
	return true;
}
