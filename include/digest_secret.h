/*
 * digest_secret.h - what the router keeps of a password in its tables: HA1 in lower-case hex for each algorithm (RFC
 * 7616 3.4.2).
 */
#ifndef AMITY_DIGEST_SECRET_H
#define AMITY_DIGEST_SECRET_H

#include "span.h"

struct digest_secret {
	char ha1_md5[32];
	char ha1_sha256[64];
};

/* Defined in dataplane/sip/digest.c; control/build makes the secrets of endpoints with it. Thread: any. */
void digest_make_secret(struct digest_secret *secret, struct span username, struct span realm, struct span password);

#endif
