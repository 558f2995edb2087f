/*
 * uri_parse.h - sip: and sips: URIs (RFC 3261 19.1, 25.1), borrowed from the message.
 */
#ifndef AMITY_URI_PARSE_H
#define AMITY_URI_PARSE_H

#include "net_address.h"
#include "span.h"

enum uri_scheme {
	URI_SCHEME_OTHER, /* tel:, isbn:, ...: only `scheme_text` is set */
	URI_SCHEME_SIP,
	URI_SCHEME_SIPS,
};

struct sip_uri {
	struct span scheme_text;
	struct span user; /* still percent-encoded, parameters of the user part included; length 0: none */
	struct span password;
	struct span host;	/* IPv6 references with their brackets */
	struct span parameters; /* after the first ';' behind the host, without it */
	struct span headers;	/* after '?', without it */
	uint16_t port;		/* 0: none given */
	uint8_t scheme;		/* enum uri_scheme */
};

/* Parses a whole URI; white space, angle brackets and octets outside the grammar are errors. Thread: any. Result:
 * false, *uri undefined. */
bool uri_parse(struct sip_uri *uri, struct span text);

/*
 * Finds a parameter of a `;name=value` list (of a URI or of a header value), names without case.
 *
 * Result: false when absent. *value has length 0 for a parameter without value; quotes are kept.
 */
bool uri_find_parameter(struct span *value, struct span parameters, struct span name);

/* Decodes %HH into `decoded` of `capacity` bytes. Result: length, or -1 when it does not fit or an escape is broken.
 * NUL may result. */
int uri_decode(char *decoded, uint32_t capacity, struct span text);

/* An IPv4 address or [IPv6] (brackets optional) to 16 bytes. Result: false for host names and anything else. */
bool uri_parse_ip(uint8_t ip[16], struct span host);

/* Is `host` this address, however it is written? Thread: any. Cost: less than parsing it. */
bool uri_parse_ip_equals(struct span host, const uint8_t ip[16]);

#endif
