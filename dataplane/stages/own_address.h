/*
 * own_address.h - our addresses as text, "192.0.2.1:5060", ready with the words around them: written into each Via and
 * Record-Route of ours, and known again by their bytes when these come back. Few are in use; an lcore remembers the
 * last ones as long as the snapshot stays.
 */
#ifndef AMITY_OWN_ADDRESS_H
#define AMITY_OWN_ADDRESS_H

#include "sip_message.h"
#include "wire.h"

#define OWN_ADDRESSES	       4
#define OWN_ADDRESS_LINE_BYTES 80 /* 19 and 6 of a Record-Route around "[", 39, "]:65535" */

struct worker;

struct own_address {
	uint8_t ip[16];
	uint16_t port;
	bool is_ours; /* SIP is spoken there: what names it comes from us. Else it is only written */
	uint8_t text_length, host_length; /* of "192.0.2.1:5060", and of its host */
	uint8_t via_length, record_route_length;
	char via[OWN_ADDRESS_LINE_BYTES];	   /* "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=" */
	char record_route[OWN_ADDRESS_LINE_BYTES]; /* "Record-Route: <sip:192.0.2.1:5060;lr;c=" */
};

struct own_addresses {
	const struct wire *wire; /* that they are of, in the snapshot of that generation */
	uint64_t generation;
	uint32_t count; /* remembered */
	uint32_t next;	/* the one that the next new one replaces */
	struct own_address address[OWN_ADDRESSES];
};

/*
 * Our address towards a next hop. What is returned is valid until the next call.
 *
 * Thread: lcore, within a burst, as the others. Cost: 2 ns when it is remembered.
 */
const struct own_address *own_address_of_hop(struct worker *worker, const struct wire_hop *hop);

/* "192.0.2.1:5060" */
struct span own_address_text(const struct own_address *address);

/* "192.0.2.1" */
struct span own_address_host(const struct own_address *address);

/*
 * Does `value`, of a Route, begin as our Record-Routes do? Result: the length of that beginning, "<sip:192.0.2.1:5060;
 * lr;c="; 0: it does not, or its address is one that is not remembered.
 */
uint32_t own_address_begins_route(const struct worker *worker, struct span value);

/* Is the topmost Via one that we have written? Result: false also when its address is one that is not remembered. */
bool own_address_is_via(const struct worker *worker, const struct sip_message *message);

#endif
