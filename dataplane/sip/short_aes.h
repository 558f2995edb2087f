/*
 * short_aes.h - AES-128 with the CPU's instructions, in counter mode and as a MAC, for short texts under a key
 * that changes rarely: cookies (route_cookie_seal.c) and nonces (nonce.c).
 *
 * The MAC is a protected counter sum (Bernstein 1999; LightMAC, ISO/IEC 29192-6, is one too): all parts of the message
 * are encrypted beside each other, each with its number, and what their sum encrypts to is the MAC.
 *
 *   sum = E(lengths of both texts, 0, 1) XOR E(13 bytes, 1, 1) XOR E(13 bytes, 2, 1) ...      number (2), domain (1)
 *   MAC = E(15 bytes of the sum, 2)
 *
 * Parts, sums, and counters whose last byte is SHORT_AES_DOMAIN_COUNTER are never the same block, so that one
 * key does for all of them: as if each had a key of its own.
 */
#ifndef AMITY_SHORT_AES_H
#define AMITY_SHORT_AES_H

#include <stdbool.h>
#include <stdint.h>

#include <sodium.h>

#include "secret_keys.h"
#include "span.h"

#define SHORT_AES_BYTES	      16 /* of a key and of a block */
#define SHORT_AES_ROUND_KEYS  11
#define SHORT_AES_GROUP_BYTES 64 /* four blocks are on their way together */

struct short_aes {
	_Alignas(16) uint8_t round_key[SHORT_AES_ROUND_KEYS][SHORT_AES_BYTES]; /* [0]: the key itself */
};
_Static_assert(sizeof(struct short_aes) == SECRET_KEY_ROUNDS_BYTES, "as it is kept with the key");

enum short_aes_variant {
	SHORT_AES_NI,
	SHORT_AES_VAES, /* four blocks in a register of AVX-512 (BW, VL, VBMI) */
	SHORT_AES_VARIANTS
};

/*
 * Chooses the variant of short_aes_xor() and short_aes_mac(), which write the same bytes in each. Without a call the
 * first one works.
 *
 * Thread: setup, before lcores start; tests.   Result: false when this CPU lacks it; the choice is then unchanged.
 */
bool short_aes_select(enum short_aes_variant variant);

/* Chooses the fastest variant of this CPU. Thread: setup, before lcores start. */
void short_aes_select_best(void);

/* The variant in use. Thread: any. */
enum short_aes_variant short_aes_selected(void);

/* Did sodium_init() find a CPU with AES instructions, and is this built for it? What follows is for such ones only. */
static inline bool short_aes_is_available(void)
{
#if defined(__x86_64__)
	return crypto_aead_aes256gcm_is_available();
#else
	return false;
#endif
}

/* Thread: any, as the next.   Cost: the latency of three blocks, and more instructions than most texts take. */
void short_aes_expand(struct short_aes *aes, const uint8_t key[SHORT_AES_BYTES]);

/*
 * Of the second half of `key`, which is one of `keys`: what secret_keys_make_ready() has made, else made now in *room.
 * A key that came since it was made ready is none that it was made of.
 */
static inline const struct short_aes *short_aes_find(struct short_aes *room, const struct rotating_key *keys,
						     const uint8_t *key)
{
	const uint8_t *half = key + SHORT_AES_BYTES, *ready = keys->rounds[key == keys->key[1]];

	if (memcmp(ready, half, SHORT_AES_BYTES) == 0)
		return (const struct short_aes *)ready;
	short_aes_expand(room, half);
	return room;
}

/*
 * out = in XOR the encrypted counters iv, iv + 1, ...: the first eight bytes count, least first, and wrap. `last`
 * stands in place of their last byte: writing it into `iv` first would have the whole block wait for that store.
 *
 * Reads and writes whole groups: both buffers go on to the next multiple of SHORT_AES_GROUP_BYTES. They may be
 * the same.   Cost: about 15 ns for 128 bytes.
 */
void short_aes_xor(uint8_t *out, struct span in, const struct short_aes *aes, const uint8_t iv[SHORT_AES_BYTES],
		   uint8_t last);

#define SHORT_AES_DOMAIN_COUNTER 3

/*
 * The MAC of two texts, together less than 800,000 bytes: parts are numbered to 65,535. Reads nothing else.
 *
 * Thread: any.   Cost: about 25 ns for 150 bytes.
 */
void short_aes_mac(uint8_t mac[SHORT_AES_BYTES], const struct short_aes *aes, struct span first, struct span second);

/* For short_aes.c: the same by VAES, built in a file of its own with its own compiler options; tests. */
void short_aes_vaes_xor(uint8_t *out, struct span in, const struct short_aes *aes, const uint8_t iv[SHORT_AES_BYTES],
			uint8_t last);
void short_aes_vaes_mac(uint8_t mac[SHORT_AES_BYTES], const struct short_aes *aes, struct span first,
			struct span second);

#endif
