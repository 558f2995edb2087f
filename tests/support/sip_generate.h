/*
 * sip_generate.h - SIP messages made from the grammar of RFC 3261 25.1, each valid, none usual.
 *
 * Every method, requests and responses; long, compact and oddly cased header names; folds and white space wherever the
 * grammar has LWS; several values on a line; IPv4, IPv6 and names; escapes, quoted strings, UTF-8; bodies with and
 * without Content-Length.
 */
#ifndef AMITY_TESTS_SIP_GENERATE_H
#define AMITY_TESTS_SIP_GENERATE_H

#include "span.h"

#define SIP_GENERATED_BYTES_MAX 16384

/* A message and what it says, as spans of its bytes. */
struct sip_generated {
	uint32_t length;
	uint32_t cseq;
	uint16_t status_code; /* 0: a request */
	uint16_t via_port;    /* 0: none */
	uint32_t header_count, via_count, contact_count;
	struct span method, request_uri; /* method: of responses that of CSeq */
	struct span call_id, from_tag, to_tag, via_host, via_branch, body;
	char bytes[SIP_GENERATED_BYTES_MAX];
};

/* Makes message number `seed`. */
void sip_generate(struct sip_generated *message, uint64_t seed);

#endif
