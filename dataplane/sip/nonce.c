#include "nonce.h"
#include "base64url_read.h"
#include "copy_bytes.h"
#include "keyed_hash.h"
#include "short_aes.h"
#include "text_write.h"

#define NONCE_GRACE_S 2 /* other nodes' clocks may be that much ahead */

/* key id and kind (1), unix time big-endian (4), challenge (6), MAC (16) */
#define TIME_AT	     1
#define CHALLENGE_AT 5
#define MAC_AT	     11
#define RAW_BYTES    (MAC_AT + KEYED_HASH_BYTES)
_Static_assert(RAW_BYTES * 4 == NONCE_TEXT_BYTES * 3, "no unused bits: a nonce has one text");

/* In the first byte: the MAC is of AES under the second half of the key; else SipHash under the first half. */
#define OF_AES 0x80
_Static_assert(OF_AES == SECRET_KEY_IDS, "ids leave the bit free");
_Static_assert(KEYED_HASH_BYTES == SHORT_AES_BYTES && 2 * KEYED_HASH_KEY_BYTES == SECRET_KEY_BYTES, "two halves");

/* Domains are shorter. */
#define AES_REALM_BYTES_MAX 256

static void make_siphash(uint8_t mac[KEYED_HASH_BYTES], const uint8_t *key, const uint8_t raw[MAC_AT],
			 const struct nonce_scope *scope)
{
	struct keyed_hash hash;

	keyed_hash_begin(&hash, key, 'n');
	keyed_hash_add(&hash, span_make((const char *)raw, MAC_AT));
	keyed_hash_add(&hash, scope->realm);
	keyed_hash_add(&hash, scope->call_id);
	keyed_hash_finish(&hash, mac);
}

/* Of the Call-ID, and of what is in front of the MAC with the realm behind it. */
static void make_aes_mac(uint8_t mac[KEYED_HASH_BYTES], const struct rotating_key *keys, const uint8_t *key,
			 const uint8_t raw[MAC_AT], const struct nonce_scope *scope)
{
	struct short_aes room;
	char joined[MAC_AT + AES_REALM_BYTES_MAX];

	memcpy(joined, raw, MAC_AT);
	copy_bytes(joined + MAC_AT, scope->realm.at, scope->realm.length);
	short_aes_mac(mac, short_aes_find(&room, keys, key), scope->call_id,
		      span_make(joined, MAC_AT + scope->realm.length));
}

static bool is_for_aes(const struct nonce_scope *scope)
{
	return short_aes_is_available() && scope->realm.length <= AES_REALM_BYTES_MAX;
}

/* The kind is that of the first byte. Result: false when this node, or this realm, has none of that kind. */
static bool make_mac(uint8_t mac[KEYED_HASH_BYTES], const struct rotating_key *keys, const uint8_t *key,
		     const uint8_t raw[MAC_AT], const struct nonce_scope *scope)
{
	if (!(raw[0] & OF_AES)) {
		make_siphash(mac, key, raw, scope);
		return true;
	}
	if (!is_for_aes(scope))
		return false;
	make_aes_mac(mac, keys, key, raw, scope);
	return true;
}

void nonce_issue(char text[NONCE_TEXT_BYTES], const struct rotating_key *keys, uint32_t now_s,
		 const struct nonce_scope *scope, uint64_t challenge)
{
	uint8_t kind = is_for_aes(scope) ? OF_AES : 0;
	uint8_t raw[RAW_BYTES] = {(uint8_t)(keys->id[0] % SECRET_KEY_IDS) | kind, (uint8_t)(now_s >> 24),
				  (uint8_t)(now_s >> 16), (uint8_t)(now_s >> 8), (uint8_t)now_s};
	struct text_writer writer = text_write_begin(text, NONCE_TEXT_BYTES);

	memcpy(raw + CHALLENGE_AT, &challenge, MAC_AT - CHALLENGE_AT);
	make_mac(raw + MAC_AT, keys, keys->key[0], raw, scope);
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

	const uint8_t *key = secret_keys_find(keys, raw[0] % SECRET_KEY_IDS);
	if (!key || !make_mac(mac, keys, key, raw, scope) || !keyed_hash_is_same(mac, raw + MAC_AT))
		return false;
	*issued_s = time_s;
	return true;
}
