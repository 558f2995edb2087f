/*
 * state_hash.h - names of things that an lcore keeps, as numbers: a keyed hash of a few texts, several times faster
 * than SipHash on texts as short as these.
 *
 * Two words at a time go through a 64 by 64 bit multiplication whose halves are folded together, with a secret on
 * either side; the lengths of all fields follow at the end, so that no two lists of fields look alike. Nobody can
 * choose texts that meet as long as nobody sees a hash: what goes out on the wire is never one of these (packet_name.h,
 * keyed_hash.h).
 */
#ifndef AMITY_STATE_HASH_H
#define AMITY_STATE_HASH_H

#include "span.h"

#define STATE_HASH_KEY_BYTES 16
#define STATE_HASH_FIELDS    8 /* texts of one hash */

struct state_hash {
	uint64_t left, right; /* so far */
	uint64_t key[2];
	uint64_t lengths[2]; /* of the texts, 16 bits each */
};

/* `purpose` keeps the uses of one key apart; each has its own list of fields. Thread: any, as all below. */
void state_hash_begin(struct state_hash *hash, const uint8_t key[STATE_HASH_KEY_BYTES], uint8_t purpose);

/* At most STATE_HASH_FIELDS texts of up to 65,535 bytes. Cost: 2 ns and 0.1 ns a byte. */
void state_hash_add(struct state_hash *hash, struct span text);
void state_hash_add_number(struct state_hash *hash, uint64_t number);

/* Every bit of it is as good as any other. */
void state_hash_finish(const struct state_hash *hash, uint8_t name[16]);

/* The same, shorter, and never 0. */
uint64_t state_hash_finish_number(const struct state_hash *hash);

#endif
