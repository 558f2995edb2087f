/*
 * route_cookie_vaes.h - for route_cookie.c and route_cookie_seal.c: the same bytes by AVX-512 and VAES, where
 * short_aes_selected() says so. From the contents to the digits nothing goes through memory: what is written in parts
 * and read as a whole waits until it was written.
 */
#ifndef AMITY_ROUTE_COOKIE_VAES_H
#define AMITY_ROUTE_COOKIE_VAES_H

#include "route_cookie.h"
#include "short_aes.h"

#define ROUTE_COOKIE_VAES_PERIOD_BYTES	192 /* of what is sealed, which three groups of AES and four of digits have */
#define ROUTE_COOKIE_VAES_PERIOD_DIGITS 256
#define ROUTE_COOKIE_VAES_TEXT_BYTES	63	 /* of each text that route_cookie_vaes_put_texts() takes */
#define ROUTE_COOKIE_VAES_PUT_BYTES	(3 + 64) /* of one of them, and behind it */

/*
 * Writes base64url of key id, synthetic IV and ciphertext; whole periods: what is behind the digits means nothing.
 * Reads nothing but both texts. Thread: any, as the next.
 */
void route_cookie_vaes_seal(char *digits, const struct short_aes *aes, uint8_t first_byte, struct span plain,
			    struct span call_id);

/*
 * As put_texts() of route_cookie.c. Reads nothing but the texts; writes up to ROUTE_COOKIE_VAES_PUT_BYTES from where
 * the last one begins. Result: behind them; NULL: one is absent, or longer than ROUTE_COOKIE_VAES_TEXT_BYTES.
 */
char *route_cookie_vaes_put_texts(char *at, const struct dialog_cookie *cookie);

#endif
