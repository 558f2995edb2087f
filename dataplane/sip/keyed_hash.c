#include "keyed_hash.h"

#include <sodium.h>

_Static_assert(crypto_shorthash_siphashx24_BYTES == KEYED_HASH_BYTES, "SipHash-128");
_Static_assert(crypto_shorthash_siphashx24_KEYBYTES == KEYED_HASH_KEY_BYTES, "SipHash-128");

static void begin_block(struct keyed_hash *hash)
{
	memcpy(hash->block + 1, &hash->block_index, sizeof(hash->block_index));
	hash->length = 1 + sizeof(hash->block_index);
}

/* Bytes are little-endian here and on every node: amity runs on x86-64 and arm64 only. */
static void add_bytes(struct keyed_hash *hash, const void *bytes, uint32_t length)
{
	const uint8_t *at = bytes;

	while (length > KEYED_HASH_BLOCK_BYTES - hash->length) {
		uint32_t part = KEYED_HASH_BLOCK_BYTES - hash->length;
		uint8_t chain[KEYED_HASH_BYTES];
		memcpy(hash->block + hash->length, at, part);
		at += part;
		length -= part;
		crypto_shorthash_siphashx24(chain, hash->block, KEYED_HASH_BLOCK_BYTES, hash->key);
		hash->block_index++;
		begin_block(hash);
		memcpy(hash->block + hash->length, chain, sizeof(chain));
		hash->length += sizeof(chain);
	}
	if (length)
		memcpy(hash->block + hash->length, at, length);
	hash->length += length;
}

void keyed_hash_begin(struct keyed_hash *hash, const uint8_t key[KEYED_HASH_KEY_BYTES], uint8_t purpose)
{
	hash->key = key;
	hash->block_index = 0;
	hash->block[0] = purpose;
	begin_block(hash);
}

void keyed_hash_add(struct keyed_hash *hash, struct span field)
{
	char *at = (char *)hash->block + hash->length;

	if (sizeof(field.length) + field.length > KEYED_HASH_BLOCK_BYTES - hash->length) {
		add_bytes(hash, &field.length, sizeof(field.length));
		add_bytes(hash, field.at, field.length);
		return;
	}
	memcpy(at, &field.length, sizeof(field.length));
	if (field.length)
		memcpy(at + sizeof(field.length), field.at, field.length);
	hash->length += (uint32_t)sizeof(field.length) + field.length;
}

void keyed_hash_add_number(struct keyed_hash *hash, uint64_t number)
{
	add_bytes(hash, &number, sizeof(number));
}

void keyed_hash_finish(struct keyed_hash *hash, uint8_t mac[KEYED_HASH_BYTES])
{
	crypto_shorthash_siphashx24(mac, hash->block, hash->length, hash->key);
}
