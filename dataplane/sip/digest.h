/*
 * digest.h - Digest authentication, the server's arithmetic (RFC 7616 3.4, RFC 8760, RFC 2069 for answers without qop).
 */
#ifndef AMITY_DIGEST_H
#define AMITY_DIGEST_H

#include "credentials_parse.h"
#include "digest_secret.h" /* digest_make_secret */

/*
 * One alone; those of a burst: digest_batch.h. True when `response` of the credentials is right for the secret and the
 * request's method. The algorithm is that of the credentials; qop auth or none. Compared in constant time.
 *
 * Thread: any.   Cost: about 480 ns (MD5), 340 ns (SHA-256); no allocation.
 */
bool digest_verify(const struct digest_secret *secret, const struct digest_credentials *credentials,
		   struct span method);

/* For digest_batch.c. Is there an answer that would be right: a known algorithm and qop, a response of its length? */
bool digest_is_possible(const struct digest_credentials *credentials);

/* For digest_batch.c. Of possible credentials: is `right`, lower-case hex, what they say? In constant time. */
bool digest_is_response(const struct digest_credentials *credentials, const char *right);

#endif
