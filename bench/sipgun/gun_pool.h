/*
 * gun_pool.h - who calls, and what is dialled: the rows of --pool.
 *
 *   # users of a domain, and the numbers that they dial
 *   user acme.test alice alice-secret
 *   dial acme.test 3001
 *
 * Read once; the rows of a domain then stand side by side, with their hashes made.
 */
#ifndef AMITY_GUN_POOL_H
#define AMITY_GUN_POOL_H

#include "gun_digest.h"

struct gun_user {
	struct span name;
	struct span password;
	uint32_t domain;
	struct gun_digest_pair ha1;
};

struct gun_dial {
	struct span number;
	struct span uri; /* sip:NUMBER@DOMAIN */
	uint32_t domain;
	struct gun_digest_pair ha2; /* of INVITE */
};

struct gun_domain {
	struct span name;
	struct span uri; /* sip:DOMAIN */
	uint32_t first_user, user_count;
	uint32_t first_dial, dial_count;
	struct gun_digest_pair ha2; /* of REGISTER */
};

struct gun_pool {
	struct gun_user *user;
	struct gun_dial *dial;
	struct gun_domain *domain;
	uint32_t user_count, dial_count, domain_count;
	uint32_t *calling; /* domains with users and numbers */
	uint32_t calling_count;
	char *text; /* what the spans point into */
	char *uris;
};

#define GUN_POOL_ERROR_BYTES 512

/*
 * Reads `text`, the content of the file `name`. Result: false, with what is wrong and where in `error`; `pool` is then
 * empty.
 */
bool gun_pool_read(struct gun_pool *pool, const char *name, struct span text, char error[GUN_POOL_ERROR_BYTES]);

bool gun_pool_load(struct gun_pool *pool, const char *path, char error[GUN_POOL_ERROR_BYTES]);
void gun_pool_free(struct gun_pool *pool);

#endif
