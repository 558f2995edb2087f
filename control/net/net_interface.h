/*
 * net_interface.h - what the kernel says of an interface, for `amityd --interface IFNAME` and checks at start.
 */
#ifndef AMITY_NET_INTERFACE_H
#define AMITY_NET_INTERFACE_H

#include <stddef.h>

#include "net_address.h"
#include "status.h"
#include "wire.h"

struct net_interface {
	char name[32];
	uint32_t index; /* of the kernel */
	uint16_t mtu_bytes;
	uint8_t mac[6];
	bool up;
	struct net_prefix address[WIRE_ADDRESSES_MAX];
	uint32_t address_count;
};

/*
 * Result: NOT_FOUND with the interfaces that exist in `error`; ENVIRONMENT.
 * Link-local IPv6 addresses come last.
 */
enum status net_interface_discover(struct net_interface *interface, const char *name, char *error,
				   size_t error_bytes) AMITY_CHECKED;

#endif
