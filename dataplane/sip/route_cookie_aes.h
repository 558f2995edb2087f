/*
 * route_cookie_aes.h - AES-128 in counter mode with the CPU's instructions, for short texts under a key that changes
 * rarely but is not kept expanded: expanding it has the latency of three blocks and runs beside the hash.
 */
#ifndef AMITY_ROUTE_COOKIE_AES_H
#define AMITY_ROUTE_COOKIE_AES_H

#include <stdbool.h>
#include <stdint.h>

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

#endif
