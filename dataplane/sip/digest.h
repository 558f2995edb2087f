/*
 * digest.h - Digest authentication, the server's arithmetic (RFC 7616 3.4, RFC 8760, RFC 2069 for answers without qop).
 */
#ifndef AMITY_DIGEST_H
#define AMITY_DIGEST_H

#include "credentials_parse.h"
#include "digest_secret.h" /* digest_make_secret */

/*
 * True when `response` of the credentials is right for the secret and the request's method. The algorithm is that of
 * the credentials; qop auth or none. Compared in constant time.
 *
 * Thread: any.   Cost: about 480 ns (MD5), 340 ns (SHA-256); no allocation.
 */
bool digest_verify(const struct digest_secret *secret, const struct digest_credentials *credentials,
		   struct span method);

#endif
