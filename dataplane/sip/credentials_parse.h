/*
 * credentials_parse.h - Digest credentials of Authorization and Proxy-Authorization (RFC 3261 22, 25.1; RFC 7616 3.4;
 * RFC 8760).
 */
#ifndef AMITY_CREDENTIALS_PARSE_H
#define AMITY_CREDENTIALS_PARSE_H

#include "sip_message.h"

enum digest_algorithm {
	DIGEST_MD5, /* also when no algorithm is given */
	DIGEST_SHA256,
	DIGEST_UNKNOWN,
};

#define CREDENTIALS_TEXTS 10

struct digest_credentials {
	union {
		struct {
			struct span username; /* quotes cut; backslash escapes kept as received */
			struct span realm;
			struct span nonce;
			struct span uri;
			struct span response;
			struct span cnonce;
			struct span qop;     /* length 0: none, RFC 2069 */
			struct span nc_text; /* eight hex digits as received */
			struct span opaque;
			struct span algorithm_text; /* length 0: none given */
		};
		struct span text[CREDENTIALS_TEXTS]; /* the same, in this order */
	};
	uint32_t nc;
	uint8_t algorithm; /* enum digest_algorithm */
};

enum credentials_result {
	CREDENTIALS_OK,
	CREDENTIALS_OTHER_SCHEME, /* not Digest, or an empty value: as none (R2) */
	CREDENTIALS_MALFORMED,	  /* Digest without username, realm, nonce, uri or response, or broken grammar */
};

/* Parses one header value. Thread: any. */
enum credentials_result credentials_parse(struct digest_credentials *credentials, struct span value);

#endif
