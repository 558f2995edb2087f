/*
 * xdp_filter_map.h - what the XDP program and its owner both know: the key of its map of our addresses.
 */
#ifndef AMITY_XDP_FILTER_MAP_H
#define AMITY_XDP_FILTER_MAP_H

#include <linux/types.h>

#define XDP_FILTER_QUEUES_MAX 64
#define XDP_FILTER_OWN_MAX    256 /* WIRE_INTERFACES_MAX * WIRE_ADDRESSES_MAX */

/* An address of ours, IPv4 in its mapped form, and the SIP port there. */
struct xdp_filter_own {
	__u8 ip[16];
	__u16 port_be;
	__u16 zero;
};

#endif
