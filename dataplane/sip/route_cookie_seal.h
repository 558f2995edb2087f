/*
 * route_cookie_seal.h - the seal around the contents of a cookie: nobody without the key reads or makes one, and one of
 * another Call-ID does not open. What is inside is the business of route_cookie.c.
 *
 *   "." base64url of   key id + 128 (1)   synthetic IV (16)   ciphertext    what is made where the CPU has AES
 *   "." base64url of   key id (1)   synthetic IV (16)   ciphertext          made so before: the IV is of SipHash
 *       base64url of   key id and cipher (1)   nonce (12)   ciphertext   tag (16)    made without AES, and before
 *
 * The first form is SIV (Rogaway and Shrimpton 2006): the IV is the PRF of Call-ID and contents, a MAC of AES-128
 * (short_aes.h), and AES-128 in counter mode from there hides the contents, both under the second half of the
 * cookie key: their blocks are kept apart. It is deterministic, so that a retransmitted request gets the same bytes
 * (RFC 3261 16.11), needs no random source and no state, and no nonce can be wrong: equal IVs are equal cookies but for
 * a collision of the MAC.
 *
 * What an attacker gains:
 *   forging     each try opens with 2^-128; a cookie copied to another call or changed in a bit is such a try
 *   2^32 seen   any two sums of the MAC, of 120 bits, or any two IVs, by which 120 bits the counters begin, are equal
 *               with less than 2^-55, and only such a pair tells the difference of two contents; counters of twelve
 *               blocks each meet with less than 2^-52. 2^44 cookies under one key: less than 2^-28
 *   reading     equal contents of one call are seen to be equal: this is wanted (retransmission). Lengths are seen
 *
 * The second form is the same with SipHash-2-4-128 under the first half of the key as the PRF. Opened only: its
 * counters are blocks as they come, under the same second half, and meet those of the first form with less than 2^-60
 * for 2^32 cookies each. The halves of a cookie key have been keys of SipHash only before that form, with other
 * purposes in the first half; the second half hashed 16 secret bytes for the third form. Both are keys of their own in
 * 256 random bits.
 *
 * The third form is AES-256-GCM, opened only, and ChaCha20-Poly1305, made where sodium_init() found no AES. A node
 * without AES cannot open what one with it has made: do not mix both kinds in a cluster.
 */
#ifndef AMITY_ROUTE_COOKIE_SEAL_H
#define AMITY_ROUTE_COOKIE_SEAL_H

#include "secret_keys.h"
#include "text_write.h"

/* Room for four name-addrs of usual length; a dialog with longer ones is refused as TOO_LARGE. */
#define ROUTE_COOKIE_PLAIN_BYTES_MAX 1024
#define ROUTE_COOKIE_TEXT_BYTES_MAX  1440

/*
 * `plain` lies in a buffer of ROUTE_COOKIE_PLAIN_BYTES_MAX: whole blocks are read.
 *
 * Thread: any.   Cost: about 70 ns for 120 bytes.   Result: length of the text, -1: no room.
 */
int route_cookie_seal(struct text_writer *text, struct span plain, const struct rotating_key *keys,
		      struct span call_id);

/* Thread: any.   Cost: as sealing.   Result: length of the contents; -1: unknown key, changed, or of another Call-ID.
 */
int route_cookie_seal_open(char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX], struct span text, const struct rotating_key *keys,
			   struct span call_id);

#endif
