/*
 * message_facts.h - what several stages ask of a message: who it says it is from, whose address a URI names, header
 * numbers.
 */
#ifndef AMITY_MESSAGE_FACTS_H
#define AMITY_MESSAGE_FACTS_H

#include "address_parse.h"
#include "packet.h"

/* First address of the first header of that name, and its URI. Result: false when absent or malformed. */
bool message_facts_address(struct sip_address *address, struct sip_uri *uri, const struct sip_message *message,
			   enum sip_header_name name);

/* R23: does a Privacy header with this value ask for nothing? Thread: any. */
bool message_facts_is_no_privacy(struct span value);

/* The first one that asks for something. Result: SIP_HEADER_NONE: none does. */
uint8_t message_facts_find_privacy(const struct sip_message *message);

/* Does a Privacy header ask not to pass the identity on (RFC 3325 9.3)? */
bool message_facts_hides_identity(const struct sip_message *message);

/* True when the host is an IP address of one of our interfaces. */
bool message_facts_is_own_host(const struct wire *wire, struct span host);

/* Our cookie in the topmost Route, which is taken apart for it. Length 0: that Route is not ours, or has none. */
struct span message_facts_cookie(const struct sip_message *message, const struct wire *wire);

/* The sender as R1 looks at it. Result: false when From does not hold a sip URI (its host and user are then empty). */
void message_facts_caller(struct caller_facts *facts, const struct packet *packet, const struct wire *wire);

#endif
