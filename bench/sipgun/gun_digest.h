/*
 * gun_digest.h - Digest authentication, the client's arithmetic (RFC 7616 3.4, RFC 8760; RFC 2069 without qop).
 *
 * HA1 of every user and HA2 of every number are made before the run, so that an answer costs one hash of about 170
 * bytes.
 */
#ifndef AMITY_GUN_DIGEST_H
#define AMITY_GUN_DIGEST_H

#include "credentials_parse.h" /* enum digest_algorithm */

#define GUN_DIGEST_HEX_MAX 64

struct gun_digest_challenge {
	struct span realm;
	struct span nonce;
	struct span opaque; /* length 0: none */
	bool has_qop;	    /* with auth among the choices */
	uint8_t algorithm;  /* enum digest_algorithm */
};

/* Both hashes of one text, in lower-case hex. */
struct gun_digest_pair {
	char md5[32];
	char sha256[64];
};

/* Reads the value of a WWW- or Proxy-Authenticate header. Result: false when it is no Digest that we can answer. */
bool gun_digest_read(struct gun_digest_challenge *challenge, struct span value);

/* Of user:realm:password and of method:uri. */
void gun_digest_make_ha1(struct gun_digest_pair *ha1, struct span user, struct span realm, struct span password);
void gun_digest_make_ha2(struct gun_digest_pair *ha2, struct span method, struct span uri);

struct gun_digest_count {
	char nc[8]; /* hex */
	char cnonce[8];
};

/* The response. Result: its hex digits, in `hex`. */
struct span gun_digest_answer(char hex[GUN_DIGEST_HEX_MAX], const struct gun_digest_challenge *challenge,
			      const struct gun_digest_pair *ha1, const struct gun_digest_pair *ha2,
			      const struct gun_digest_count *count);

#endif
