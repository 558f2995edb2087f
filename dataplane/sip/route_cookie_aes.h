/*
 * route_cookie_aes.h - AES-128 with the CPU's instructions, in counter mode and as a MAC, for short texts under a key
 * that changes rarely but is not kept expanded: expanding it has the latency of three blocks.
 *
 * The MAC is a protected counter sum (Bernstein 1999; LightMAC, ISO/IEC 29192-6, is one too): all parts of the message
 * are encrypted beside each other, each with its number, and what their sum encrypts to is the MAC.
 *
 *   sum = E(lengths of both texts, 0, 1) XOR E(13 bytes, 1, 1) XOR E(13 bytes, 2, 1) ...      number (2), domain (1)
 *   MAC = E(15 bytes of the sum, 2)
 *
 * Parts, sums, and counters whose last byte is ROUTE_COOKIE_AES_DOMAIN_COUNTER are never the same block, so that one
 * key does for all of them: as if each had a key of its own.
 */
#ifndef AMITY_ROUTE_COOKIE_AES_H
#define AMITY_ROUTE_COOKIE_AES_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"

#define ROUTE_COOKIE_AES_BYTES	     16 /* of a key and of a block */
#define ROUTE_COOKIE_AES_ROUND_KEYS  11
#define ROUTE_COOKIE_AES_GROUP_BYTES 64 /* four blocks are on their way together */

struct route_cookie_aes {
	_Alignas(16) uint8_t round_key[ROUTE_COOKIE_AES_ROUND_KEYS][ROUTE_COOKIE_AES_BYTES];
};

/* Did sodium_init() find a CPU with AES instructions, and is this built for it? The others are for such ones only. */
bool route_cookie_aes_is_available(void);

/* Thread: any, as the next. */
void route_cookie_aes_expand(struct route_cookie_aes *aes, const uint8_t key[ROUTE_COOKIE_AES_BYTES]);

/*
 * out = in XOR the encrypted counters iv, iv + 1, ...: the first eight bytes count, least first, and wrap.
 *
 * Reads and writes whole groups: both buffers go on to the next multiple of ROUTE_COOKIE_AES_GROUP_BYTES. They may be
 * the same.   Cost: about 15 ns for 128 bytes.
 */
void route_cookie_aes_xor(uint8_t *out, const uint8_t *in, uint32_t length, const struct route_cookie_aes *aes,
			  const uint8_t iv[ROUTE_COOKIE_AES_BYTES]);

#define ROUTE_COOKIE_AES_DOMAIN_COUNTER 3

/*
 * The MAC of two texts, together less than 800,000 bytes: parts are numbered to 65,535. Reads nothing else.
 *
 * Thread: any.   Cost: about 25 ns for 150 bytes.
 */
void route_cookie_aes_mac(uint8_t mac[ROUTE_COOKIE_AES_BYTES], const struct route_cookie_aes *aes, struct span first,
			  struct span second);

#endif
