/*
 * state_number.h - names as state_hash.h makes them, of 64 bits alone: one multiplication where there are two, for what
 * is a number and not a key of its own. What is said there about secrets and who may see them holds here.
 */
#ifndef AMITY_STATE_NUMBER_H
#define AMITY_STATE_NUMBER_H

#include "state_hash.h"

struct state_number {
	uint64_t value; /* so far */
	uint64_t key[2];
	uint64_t lengths[2]; /* of the texts, 16 bits each */
};

/* `purpose` keeps the uses of one key apart; each has its own list of fields. Thread: any, as all below. */
static inline void state_number_begin(struct state_number *number, const uint8_t key[STATE_HASH_KEY_BYTES],
				      uint8_t purpose)
{
	memcpy(number->key, key, sizeof(number->key));
	number->value = state_hash_fold(number->key[0] ^ STATE_HASH_PI_1, number->key[1] ^ STATE_HASH_PI_2 ^ purpose);
	number->lengths[0] = number->lengths[1] = 0;
}

static inline void state_number_add_numbers(struct state_number *number, uint64_t first, uint64_t second)
{
	number->value = state_hash_fold(first ^ number->key[0], second ^ number->value);
}

/* The last 1 to 16 bytes; the words overlap, and the length tells how. */
static inline void state_number_add_rest(struct state_number *number, const char *at, uint32_t length)
{
	if (length >= 8)
		state_number_add_numbers(number, state_hash_load(at), state_hash_load(at + length - 8));
	else if (length >= 4)
		state_number_add_numbers(number, state_hash_load_half(at), state_hash_load_half(at + length - 4));
	else
		state_number_add_numbers(number, (uint8_t)at[0] | (uint64_t)(uint8_t)at[length / 2] << 8,
					 (uint8_t)at[length - 1]);
}

/* At most STATE_HASH_FIELDS texts of up to 65,535 bytes. */
static inline void state_number_add(struct state_number *number, struct span text)
{
	const char *at = text.at;
	uint32_t left = text.length;

	for (; left > 16; at += 16, left -= 16)
		state_number_add_numbers(number, state_hash_load(at), state_hash_load(at + 8));
	if (left)
		state_number_add_rest(number, at, left);
	number->lengths[1] = number->lengths[1] << 16 | number->lengths[0] >> 48;
	number->lengths[0] = number->lengths[0] << 16 | text.length;
}

/* Every bit of it is as good as any other. Never 0. */
static inline uint64_t state_number_finish(const struct state_number *number)
{
	struct state_number last = *number;

	state_number_add_numbers(&last, last.lengths[0], last.lengths[1]);
	last.value = state_hash_fold(last.value ^ STATE_HASH_PI_3, last.key[1]);
	return last.value ? last.value : 1;
}

#endif
