/*
 * net_mirror.h - the kernel's addresses, routes and neighbours, mirrored into struct wire for the lcores.
 *
 * Netlink events mark what changed; 10 ms later that kind is read anew as a whole, a new struct wire is built, and
 * published if it differs. What overruns the socket is read anew the same way. Interfaces without a kernel take
 * addresses and neighbours from the configuration.
 */
#ifndef AMITY_NET_MIRROR_H
#define AMITY_NET_MIRROR_H

#include <stddef.h>

#include "net_address.h"
#include "reservation.h"
#include "span.h"
#include "status.h"
#include "wire.h"

struct event_base;
struct net_mirror;

struct net_peer {
	uint8_t ip[16];
	uint8_t mac[6];
};

/* One interface, in the order of the data plane's ports. */
struct net_mirror_interface {
	char name[32];	     /* kernel: interface name; direct: any */
	bool kernel;	     /* false: profile `direct` */
	bool reads_reserved; /* kernel, with link_index: what comes by it and reaches a reserved port goes to `receive`
			      */
	uint16_t port_id;    /* DPDK port */
	uint32_t link_index; /* kernel: of the interface that the port was opened on; 0: whichever has the name */
	uint16_t sip_port;
	uint16_t mtu_bytes;			       /* 0: the kernel's (not for direct) */
	uint16_t vlan;				       /* direct; 0: untagged */
	uint8_t mac[6];				       /* direct */
	struct net_prefix address[WIRE_ADDRESSES_MAX]; /* with the length of their network; kernel and none: all of the
							  interface */
	uint32_t address_count;
	const struct net_peer *peer; /* direct: neighbours; read during create only */
	uint32_t peer_count;
};

/*
 * Takes over `wire`, keeps it at least until the next call, and gives it to wire_build_free() when no lcore reads it
 * any more. Result: not OK: `wire` stays the mirror's, which reports it and tries again a second later.
 */
typedef enum status (*net_mirror_publish_fn)(void *argument, const struct wire *wire);

/* One line for the log: what went wrong after create, and what still works. */
typedef void (*net_mirror_report_fn)(void *argument, const char *text);

enum net_mirror_link {
	NET_MIRROR_LINK_UP,
	NET_MIRROR_LINK_NO_CARRIER,
	NET_MIRROR_LINK_DOWN,
	NET_MIRROR_LINK_GONE,	/* there is no interface of the name */
	NET_MIRROR_LINK_REMADE, /* there is another one: our port still holds the one that is gone */
};

/* Interface `index` is now in another state. Called after create. */
typedef void (*net_mirror_link_fn)(void *argument, uint32_t index, enum net_mirror_link link);

/* A datagram that reached the reserved port by `interface` (index in the wire table). */
typedef void (*net_mirror_receive_fn)(void *argument, uint16_t interface, const struct reservation_datagram *datagram);

struct net_mirror_plan {
	struct event_base *base;
	const struct net_mirror_interface *interface;
	uint32_t interface_count;
	net_mirror_publish_fn publish; /* called once during create, then at every change */
	net_mirror_report_fn report;   /* NULL: silent */
	net_mirror_link_fn link;       /* NULL: nobody asks */
	net_mirror_receive_fn receive; /* what interfaces that read got, and what cannot be delivered; may be NULL */
	void *argument;		       /* of all */
};

/*
 * Reserves the SIP port on every kernel address, mirrors, publishes the first table.
 *
 * Thread: control.
 * Result: NOT_FOUND (no such interface), CONFLICT (another program has the port), ENVIRONMENT; `error` says what and
 * where.
 */
enum status net_mirror_create(struct net_mirror **created, const struct net_mirror_plan *plan, char *error,
			      size_t error_bytes) AMITY_CHECKED;

/*
 * Sends one SIP message through the kernel, which resolves the neighbour and tells us by an event: for what no lcore
 * can address.
 *
 * Thread: control.   `local` names one of our addresses, `interface` (index of wire->interface) the way out.
 * Result: NOT_FOUND when `local` is not a kernel address of ours; IO when the kernel refused.
 */
enum status net_mirror_send(struct net_mirror *mirror, const struct net_address *local, uint16_t interface,
			    const struct net_address *peer, struct span message) AMITY_CHECKED;

/* Of interface `index`; one without a kernel is always up. */
enum net_mirror_link net_mirror_link(const struct net_mirror *mirror, uint32_t index);

/* "up", "no carrier", ... Thread: any. */
const char *net_mirror_link_text(enum net_mirror_link link);

/* The table published last. */
const struct wire *net_mirror_wire(const struct net_mirror *mirror);

/* Gives the ports back to the kernel. What was published stays with those who took it. */
void net_mirror_free(struct net_mirror *mirror);

#endif
