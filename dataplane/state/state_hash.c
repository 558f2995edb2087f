#include "state_hash.h"

#include <string.h>

/* Digits of pi: nothing up the sleeve. */
#define PI_1 0x243f6a8885a308d3u
#define PI_2 0x13198a2e03707344u
#define PI_3 0xa4093822299f31d0u
#define PI_4 0x082efa98ec4e6c89u

static uint64_t fold(uint64_t left, uint64_t right)
{
	__extension__ unsigned __int128 product = (unsigned __int128)left * right;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load_word(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static uint32_t load_half(const char *at)
{
	uint32_t half;

	memcpy(&half, at, sizeof(half));
	return half;
}

/* Two multiplications that do not wait for each other. */
static void mix(struct state_hash *hash, uint64_t first, uint64_t second)
{
	hash->left = fold(first ^ hash->key[0], second ^ hash->left);
	hash->right = fold(first ^ hash->right, second ^ hash->key[1]);
}

void state_hash_begin(struct state_hash *hash, const uint8_t key[STATE_HASH_KEY_BYTES], uint8_t purpose)
{
	memcpy(hash->key, key, sizeof(hash->key));
	hash->left = fold(hash->key[0] ^ PI_1, hash->key[1] ^ PI_2 ^ purpose);
	hash->right = fold(hash->key[1] ^ PI_3, hash->key[0] ^ PI_4 ^ purpose);
	hash->lengths[0] = hash->lengths[1] = 0;
}

/* The last 1 to 16 bytes; the words overlap, and the length tells how. */
static void mix_rest(struct state_hash *hash, const char *at, uint32_t length)
{
	if (length >= 8)
		mix(hash, load_word(at), load_word(at + length - 8));
	else if (length >= 4)
		mix(hash, load_half(at), load_half(at + length - 4));
	else
		mix(hash, (uint8_t)at[0] | (uint64_t)(uint8_t)at[length / 2] << 8, (uint8_t)at[length - 1]);
}

void state_hash_add(struct state_hash *hash, struct span text)
{
	const char *at = text.at;
	uint32_t left = text.length;

	for (; left > 16; at += 16, left -= 16)
		mix(hash, load_word(at), load_word(at + 8));
	if (left)
		mix_rest(hash, at, left);
	hash->lengths[1] = hash->lengths[1] << 16 | hash->lengths[0] >> 48;
	hash->lengths[0] = hash->lengths[0] << 16 | text.length;
}

void state_hash_add_number(struct state_hash *hash, uint64_t number)
{
	mix(hash, number, PI_1);
}

static uint64_t finish_left(struct state_hash *hash)
{
	mix(hash, hash->lengths[0], hash->lengths[1]);
	return fold(hash->left ^ PI_2, hash->right ^ hash->key[1]);
}

void state_hash_finish(const struct state_hash *hash, uint8_t name[16])
{
	struct state_hash last = *hash;
	uint64_t half[2];

	half[0] = finish_left(&last);
	half[1] = fold(last.right ^ PI_3, last.left ^ last.key[0]);
	memcpy(name, half, sizeof(half));
}

uint64_t state_hash_finish_number(const struct state_hash *hash)
{
	struct state_hash last = *hash;
	uint64_t number = finish_left(&last);

	return number ? number : 1;
}
