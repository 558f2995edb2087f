/*
 * state_hash.h - names of things that an lcore keeps, as numbers: a keyed hash of a few texts, several times faster
 * than SipHash on texts as short as these.
 *
 * Two words at a time go through a 64 by 64 bit multiplication whose halves are folded together, with a secret on
 * either side; the lengths of all fields follow at the end, so that no two lists of fields look alike. Nobody can
 * choose texts that meet as long as nobody sees a hash: what goes out on the wire is never one of these (packet_name.h,
 * keyed_hash.h).
 *
 * All of it is here: a message is named a few times, and calls would cost more than what they do.
 */
#ifndef AMITY_STATE_HASH_H
#define AMITY_STATE_HASH_H

#include "span.h"

#define STATE_HASH_KEY_BYTES 16
#define STATE_HASH_FIELDS    8 /* texts of one hash */

/* Digits of pi: nothing up the sleeve. */
#define STATE_HASH_PI_1 0x243f6a8885a308d3u
#define STATE_HASH_PI_2 0x13198a2e03707344u
#define STATE_HASH_PI_3 0xa4093822299f31d0u
#define STATE_HASH_PI_4 0x082efa98ec4e6c89u

struct state_hash {
	uint64_t left, right; /* so far */
	uint64_t key[2];
	uint64_t lengths[2]; /* of the texts, 16 bits each */
};

static inline uint64_t state_hash_fold(uint64_t left, uint64_t right)
{
	__extension__ unsigned __int128 product = (unsigned __int128)left * right;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Two multiplications that do not wait for each other. */
static inline void state_hash_mix(struct state_hash *hash, uint64_t first, uint64_t second)
{
	hash->left = state_hash_fold(first ^ hash->key[0], second ^ hash->left);
	hash->right = state_hash_fold(first ^ hash->right, second ^ hash->key[1]);
}

static inline uint64_t state_hash_load(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline uint32_t state_hash_load_half(const char *at)
{
	uint32_t half;

	memcpy(&half, at, sizeof(half));
	return half;
}

/* The last 1 to 16 bytes; the words overlap, and the length tells how. */
static inline void state_hash_mix_rest(struct state_hash *hash, const char *at, uint32_t length)
{
	if (length >= 8)
		state_hash_mix(hash, state_hash_load(at), state_hash_load(at + length - 8));
	else if (length >= 4)
		state_hash_mix(hash, state_hash_load_half(at), state_hash_load_half(at + length - 4));
	else
		state_hash_mix(hash, (uint8_t)at[0] | (uint64_t)(uint8_t)at[length / 2] << 8, (uint8_t)at[length - 1]);
}

/* `purpose` keeps the uses of one key apart; each has its own list of fields. Thread: any, as all below. */
static inline void state_hash_begin(struct state_hash *hash, const uint8_t key[STATE_HASH_KEY_BYTES], uint8_t purpose)
{
	memcpy(hash->key, key, sizeof(hash->key));
	hash->left = state_hash_fold(hash->key[0] ^ STATE_HASH_PI_1, hash->key[1] ^ STATE_HASH_PI_2 ^ purpose);
	hash->right = state_hash_fold(hash->key[1] ^ STATE_HASH_PI_3, hash->key[0] ^ STATE_HASH_PI_4 ^ purpose);
	hash->lengths[0] = hash->lengths[1] = 0;
}

/* At most STATE_HASH_FIELDS texts of up to 65,535 bytes. Cost: 1 ns and 0.1 ns a byte. */
static inline void state_hash_add(struct state_hash *hash, struct span text)
{
	const char *at = text.at;
	uint32_t left = text.length;

	for (; left > 16; at += 16, left -= 16)
		state_hash_mix(hash, state_hash_load(at), state_hash_load(at + 8));
	if (left)
		state_hash_mix_rest(hash, at, left);
	hash->lengths[1] = hash->lengths[1] << 16 | hash->lengths[0] >> 48;
	hash->lengths[0] = hash->lengths[0] << 16 | text.length;
}

static inline void state_hash_add_numbers(struct state_hash *hash, uint64_t first, uint64_t second)
{
	state_hash_mix(hash, first, second);
}

static inline uint64_t state_hash_finish_left(struct state_hash *hash)
{
	state_hash_mix(hash, hash->lengths[0], hash->lengths[1]);
	return state_hash_fold(hash->left ^ STATE_HASH_PI_2, hash->right ^ hash->key[1]);
}

/* Every bit of it is as good as any other. */
static inline void state_hash_finish(const struct state_hash *hash, uint8_t name[16])
{
	struct state_hash last = *hash;
	uint64_t half[2];

	half[0] = state_hash_finish_left(&last);
	half[1] = state_hash_fold(last.right ^ STATE_HASH_PI_3, last.left ^ last.key[0]);
	memcpy(name, half, sizeof(half));
}

/* The same, shorter, and never 0. */
static inline uint64_t state_hash_finish_number(const struct state_hash *hash)
{
	struct state_hash last = *hash;
	uint64_t number = state_hash_finish_left(&last);

	return number ? number : 1;
}

#endif
