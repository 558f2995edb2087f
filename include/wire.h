/*
 * wire.h - our interfaces, and the kernel's routes and neighbours as the lcores see them.
 *
 * Immutable; control/net mirrors the kernel with libmnl and builds a new table when something changes. Ports of profile
 * `direct` have no kernel: their peers' MACs come from the configuration.
 */
#ifndef AMITY_WIRE_H
#define AMITY_WIRE_H

#include "net_address.h"

#define WIRE_INTERFACES_MAX 16
#define WIRE_ADDRESSES_MAX  16	       /* per interface */
#define WIRE_NO_INTERFACE   UINT16_MAX /* of a route: the kernel reaches it by a device that is not ours */

struct wire_interface {
	uint16_t port_id; /* DPDK port */
	uint16_t mtu;
	uint16_t sip_port; /* host order */
	uint8_t mac[6];
	uint8_t address_count;
	uint8_t address[WIRE_ADDRESSES_MAX][16];
	char name[32];
};

struct wire_route {
	struct net_prefix prefix; /* sorted: longest first, then least metric */
	uint8_t gateway[16];	  /* all zero: on link */
	uint16_t interface;	  /* index, or WIRE_NO_INTERFACE */
	uint8_t source[16];	  /* preferred source; all zero: first address of the family */
};

/* Sorted by (interface, ip). */
struct wire_neighbour {
	uint8_t ip[16];
	uint16_t interface;
	uint8_t mac[6];
};

struct wire {
	const struct wire_interface *interface;
	const struct wire_route *route;
	const struct wire_neighbour *neighbour;
	uint32_t interface_count, route_count, neighbour_count;
};

enum wire_result {
	WIRE_OK,
	WIRE_NO_ROUTE,
	WIRE_NEIGHBOUR_UNKNOWN, /* interface and source are set, mac is not */
};

struct wire_hop {
	const struct wire_interface *interface;
	uint8_t source[16]; /* our address towards it */
	uint8_t mac[6];	    /* of the next hop on the link */
};

/* How to reach `ip`. Thread: any. Cost: a scan of few routes, a binary search of neighbours. Source: RFC 1122 3.3.1. */
enum wire_result wire_find_hop(struct wire_hop *hop, const struct wire *wire, const uint8_t ip[16]);

/*
 * How to go back to a peer at `ip` whose message came in at `entry`: by the longest route that leaves through the
 * entry's interface, and from the entry's address; what of it is no longer there is as in wire_find_hop().
 *
 * Thread: any. Cost: one scan of the routes more than wire_find_hop(). Source: RFC 3581 4.
 */
enum wire_result wire_find_way_back(struct wire_hop *hop, const struct wire *wire, const uint8_t ip[16],
				    const struct net_entry *entry);

/* One of our own addresses (any interface)? NULL: no. Thread: any. */
const struct wire_interface *wire_find_own(const struct wire *wire, const uint8_t ip[16]);

#endif
