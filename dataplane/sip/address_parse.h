/*
 * address_parse.h - name-addr and addr-spec with parameters: From, To, Contact, Route, Record-Route, identities (RFC
 * 3261 20.10).
 */
#ifndef AMITY_ADDRESS_PARSE_H
#define AMITY_ADDRESS_PARSE_H

#include "sip_message.h"
#include "uri_parse.h"

struct sip_address {
	struct span value;	/* this value alone, of a line that may hold several */
	struct span display;	/* with its quotes if quoted; length 0: none */
	struct span uri;	/* without angle brackets */
	struct span parameters; /* header parameters after the address, without the first ';' */
	bool bracketed;
};

/*
 * Parses the first value of `text`; *rest is what follows the comma, length 0 at the end. Without angle brackets
 * everything after the first ';' is header parameters, and a ',' or '?' in the URI is an error (RFC 3261 20).
 *
 * Thread: any.   Result: false when malformed; *address then undefined. `*` as Contact is not an address: false.
 */
bool address_parse(struct sip_address *address, struct span *rest, struct span text);

/* The same, with the value of the `tag` parameter found on the way: length 0 when there is none. */
bool address_parse_with_tag(struct sip_address *address, struct span *tag, struct span *rest, struct span text);

#endif
