/*
 * fuzz_prefix.h - lines that a peer could only have from the router, put behind the start line of a fuzzed message:
 * credentials for a nonce of ours, our Route with its cookie, our Via with its branch. They are genuine for the
 * Call-ID, method and tags that the message has, so that what lies behind the seals is reached.
 */
#ifndef AMITY_TESTS_FUZZ_PREFIX_H
#define AMITY_TESTS_FUZZ_PREFIX_H

#include "secret_keys.h"
#include "span.h"

#define FUZZ_PREFIX_BYTES_MAX 4096
#define FUZZ_PREFIX_VARIANTS  6

enum fuzz_prefix {
	FUZZ_PREFIX_NONE,
	FUZZ_PREFIX_PROXY_AUTHORIZATION, /* variant: whose, how, and whether right */
	FUZZ_PREFIX_AUTHORIZATION,	 /* likewise */
	FUZZ_PREFIX_ROUTE_OF_CALLER,	 /* variant: its flags */
	FUZZ_PREFIX_ROUTE_OF_CALLEE,
	FUZZ_PREFIX_VIA, /* variant: which branch it names, or the registrar's ping */
	FUZZ_PREFIX_COUNT
};

/* Writes the line, with its CRLF, into `line` of FUZZ_PREFIX_BYTES_MAX bytes. Result: it; length 0 for none. */
struct span fuzz_prefix_write(char *line, enum fuzz_prefix prefix, uint32_t variant, struct span message,
			      const struct secret_keys *keys, uint32_t now_s);

#endif
