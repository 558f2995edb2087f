#include "nonce.h"
#include "base64url_read.h"
#include "copy_bytes.h"
#include "keyed_hash.h"
#include "short_aes.h"
#include "text_write.h"

#define NONCE_GRACE_S 2 /* other nodes' clocks may be that much ahead */

/* key id and kind (1), the low half of unix time, big-endian (2), challenge (5), the first half of a MAC (8) */
#define TIME_AT	     1
#define CHALLENGE_AT 3
#define MAC_AT	     8
#define MAC_BYTES    8
#define RAW_BYTES    (MAC_AT + MAC_BYTES)
_Static_assert(RAW_BYTES == BASE64URL_BLOCK_BYTES && NONCE_TEXT_BYTES == BASE64URL_BLOCK_DIGITS,
	       "a nonce has one text: base64url_read_block() is strict");

/* The form of before: key id and kind (1), unix time (4), challenge (6), MAC (16). */
#define LONG_MAC_AT    11
#define LONG_RAW_BYTES (LONG_MAC_AT + KEYED_HASH_BYTES)

/* In the first byte: the MAC is of AES under the second half of the key; else SipHash under the first half. */
#define OF_AES 0x80
_Static_assert(OF_AES == SECRET_KEY_IDS, "ids leave the bit free");
_Static_assert(KEYED_HASH_BYTES == SHORT_AES_BYTES && 2 * KEYED_HASH_KEY_BYTES == SECRET_KEY_BYTES, "two halves");

/* Domains are shorter. */
#define AES_REALM_BYTES_MAX 256

/*
 * What the MAC is over, beside realm and Call-ID: of the form of before, what is in front of it. Now the whole time
 * stands there, so that a nonce whose half comes round again is none; and the other kind's bit, so that a MAC of one
 * form is none of the other.
 */
struct nonce_head {
	uint8_t kind; /* as the first byte says */
	uint32_t time_s;
	uint32_t length;
	uint8_t bytes[LONG_MAC_AT];
};

static void make_siphash(uint8_t mac[KEYED_HASH_BYTES], const uint8_t *key, const struct nonce_head *head,
			 const struct nonce_scope *scope)
{
	struct keyed_hash hash;

	keyed_hash_begin(&hash, key, 'n');
	keyed_hash_add(&hash, span_make((const char *)head->bytes, head->length));
	keyed_hash_add(&hash, scope->realm);
	keyed_hash_add(&hash, scope->call_id);
	keyed_hash_finish(&hash, mac);
}

/* Of the Call-ID, and of the head with the realm behind it. */
static void make_aes_mac(uint8_t mac[KEYED_HASH_BYTES], const struct rotating_key *keys, const uint8_t *key,
			 const struct nonce_head *head, const struct nonce_scope *scope)
{
	struct short_aes room;
	char joined[LONG_MAC_AT + AES_REALM_BYTES_MAX];

	memcpy(joined, head->bytes, LONG_MAC_AT);
	copy_bytes(joined + head->length, scope->realm.at, scope->realm.length);
	short_aes_mac(mac, short_aes_find(&room, keys, key), scope->call_id,
		      span_make(joined, head->length + scope->realm.length));
}

static bool is_for_aes(const struct nonce_scope *scope)
{
	return short_aes_is_available() && scope->realm.length <= AES_REALM_BYTES_MAX;
}

/* Result: false when this node, or this realm, has no MAC of that kind. */
static bool make_mac(uint8_t mac[KEYED_HASH_BYTES], const struct rotating_key *keys, const uint8_t *key,
		     const struct nonce_head *head, const struct nonce_scope *scope)
{
	if (!(head->kind & OF_AES)) {
		make_siphash(mac, key, head, scope);
		return true;
	}
	if (!is_for_aes(scope))
		return false;
	make_aes_mac(mac, keys, key, head, scope);
	return true;
}

static void make_head(struct nonce_head *head, const uint8_t raw[RAW_BYTES], uint32_t time_s)
{
	uint32_t time_be = __builtin_bswap32(time_s);

	head->kind = raw[0];
	head->time_s = time_s;
	head->length = 1 + sizeof(time_be) + MAC_AT - CHALLENGE_AT;
	head->bytes[0] = raw[0] ^ OF_AES;
	memcpy(head->bytes + 1, &time_be, sizeof(time_be));
	memcpy(head->bytes + 1 + sizeof(time_be), raw + CHALLENGE_AT, MAC_AT - CHALLENGE_AT);
}

void nonce_issue(char text[NONCE_TEXT_BYTES], const struct rotating_key *keys, uint32_t now_s,
		 const struct nonce_scope *scope, uint64_t challenge)
{
	uint8_t kind = is_for_aes(scope) ? OF_AES : 0, mac[KEYED_HASH_BYTES];
	uint8_t raw[RAW_BYTES] = {(uint8_t)(keys->id[0] % SECRET_KEY_IDS) | kind, (uint8_t)(now_s >> 8),
				  (uint8_t)now_s};
	struct text_writer writer = text_write_begin(text, NONCE_TEXT_BYTES);
	struct nonce_head head;

	memcpy(raw + CHALLENGE_AT, &challenge, MAC_AT - CHALLENGE_AT);
	make_head(&head, raw, now_s);
	make_mac(mac, keys, keys->key[0], &head, scope);
	memcpy(raw + MAC_AT, mac, MAC_BYTES);
	text_write_base64url(&writer, raw, RAW_BYTES);
}

static uint32_t load_be16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

/* The last time with this low half that is not beyond the grace. */
static void read_head(struct nonce_head *head, const uint8_t raw[RAW_BYTES], uint32_t now_s)
{
	uint32_t latest_s = now_s + NONCE_GRACE_S;

	make_head(head, raw, latest_s - (uint16_t)(latest_s - load_be16(raw + TIME_AT)));
}

static void read_long_head(struct nonce_head *head, const uint8_t raw[LONG_RAW_BYTES])
{
	head->kind = raw[0];
	head->time_s = load_be16(raw + 1) << 16 | load_be16(raw + 3);
	head->length = LONG_MAC_AT;
	memcpy(head->bytes, raw, LONG_MAC_AT);
}

/* In constant time. */
static bool is_same(const uint8_t mac[KEYED_HASH_BYTES], const uint8_t raw[LONG_RAW_BYTES], bool is_long)
{
	uint64_t right, given;

	if (is_long)
		return keyed_hash_is_same(mac, raw + LONG_MAC_AT);
	memcpy(&right, mac, sizeof(right));
	memcpy(&given, raw + MAC_AT, sizeof(given));
	return right == given;
}

bool nonce_verify(uint32_t *issued_s, struct span text, const struct rotating_key *keys, uint32_t now_s,
		  const struct nonce_scope *scope)
{
	uint8_t raw[LONG_RAW_BYTES], mac[KEYED_HASH_BYTES];
	bool is_long = text.length != NONCE_TEXT_BYTES;
	struct nonce_head head;

	if (!is_long && base64url_read_block(raw, text.at))
		read_head(&head, raw, now_s);
	else if (is_long && base64url_read(raw, sizeof(raw), text) == LONG_RAW_BYTES)
		read_long_head(&head, raw);
	else
		return false;

	int64_t age_s = (int64_t)now_s - head.time_s;
	if (age_s > NONCE_LIFE_S || age_s < -NONCE_GRACE_S)
		return false;

	const uint8_t *key = secret_keys_find(keys, head.kind % SECRET_KEY_IDS);
	if (!key || !make_mac(mac, keys, key, &head, scope) || !is_same(mac, raw, is_long))
		return false;
	*issued_s = head.time_s;
	return true;
}
