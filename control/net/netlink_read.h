/*
 * netlink_read.h - rtnetlink messages as plain values. Pure; kernel_view.c asks the kernel for them.
 */
#ifndef AMITY_NETLINK_READ_H
#define AMITY_NETLINK_READ_H

#include "net_address.h"

struct nlmsghdr;

struct netlink_link {
	char name[32];
	uint32_t index;
	uint32_t mtu_bytes;
	uint8_t mac[6];
	bool ethernet; /* has a MAC of six bytes */
	bool up;
	bool carrier; /* the other end is there */
};

struct netlink_address {
	struct net_prefix prefix; /* the address itself, with the length of its network */
	uint32_t link_index;
};

struct netlink_route {
	struct net_prefix prefix;
	uint8_t gateway[16]; /* zero: on link */
	uint8_t source[16];  /* zero: none preferred */
	uint32_t link_index; /* 0: unreachable, blackhole, prohibit */
	uint32_t metric;
};

struct netlink_neighbour {
	uint8_t ip[16];
	uint32_t link_index;
	uint16_t state; /* NUD_* */
	uint8_t mac[6];
	bool usable; /* the MAC may be used */
};

#define NETLINK_READ_PATHS_MAX 16 /* of one route; further ones are left out */

/* Result of all: false when the message is of another kind, malformed, or of no use to us (why stands in the source).
 */
bool netlink_read_link(struct netlink_link *link, const struct nlmsghdr *message);
bool netlink_read_address(struct netlink_address *address, const struct nlmsghdr *message);
bool netlink_read_neighbour(struct netlink_neighbour *neighbour, const struct nlmsghdr *message);

/* A route with several paths becomes several routes. Result: how many. */
uint32_t netlink_read_routes(struct netlink_route routes[NETLINK_READ_PATHS_MAX], const struct nlmsghdr *message);

#endif
