/*
 * reservation.h - the reserved SIP ports: one kernel socket for each of our kernel addresses.
 *
 * From interfaces whose packets the lcores take away from the kernel, datagrams that reach a socket all the same (the
 * kernel put fragments together, took off a tag or an extension header) are handed to `receive`. They can be for any
 * address of ours; what comes by other interfaces stays out of the sockets.
 *
 * So is what this kernel itself could not deliver, as no neighbour has the address: a message that it sent for the
 * lcores. ICMP errors of others come by the wire to the lcores.
 */
#ifndef AMITY_RESERVATION_H
#define AMITY_RESERVATION_H

#include <stddef.h>

#include "net_address.h"
#include "span.h"
#include "status.h"
#include "wire.h"

#define RESERVATIONS_MAX (WIRE_INTERFACES_MAX * WIRE_ADDRESSES_MAX)

#define RESERVATION_BYTES_MAX UINT16_MAX /* a UDP datagram */

struct event;
struct event_base;

/* What is to be reserved. */
struct reservation_wish {
	struct net_address local;
	uint32_t link_index; /* of the kernel: the scope of link-local addresses */
};

/* One that came by the kernel; valid during the call. */
struct reservation_datagram {
	struct net_address local, peer;
	uint32_t link_index; /* of the interface that it came by */
	bool is_unreachable; /* from local to peer, and did not arrive: `bytes` are its beginning; no link_index */
	struct span bytes;
};

typedef void (*reservation_receive_fn)(void *argument, const struct reservation_datagram *datagram);

struct reservation {
	struct reservation_wish wish;
	struct reservation_list *list;
	struct event *readable;
	int fd;
	bool wanted;
};

struct reservation_list {
	struct reservation *reservation[RESERVATIONS_MAX];
	uint32_t count;
	/* Set by the owner before the first round. */
	uint32_t read_link[WIRE_INTERFACES_MAX]; /* of the kernel: interfaces that are read from */
	uint32_t read_link_count;
	struct event_base *base;
	reservation_receive_fn receive;
	void *argument;
	char datagram[RESERVATION_BYTES_MAX];
};

/* Before and after a round of reservation_keep(): what was not kept in between is closed. */
void reservation_begin(struct reservation_list *list);
void reservation_end(struct reservation_list *list);

/* Keeps the socket of `wish->local` or opens it. Result: as kernel_socket_open(). */
enum status reservation_keep(struct reservation_list *list, const struct reservation_wish *wish, char *error,
			     size_t error_bytes) AMITY_CHECKED;

/* NULL: `local` is not reserved by us. */
const struct reservation *reservation_find(const struct reservation_list *list, const struct net_address *local);

#endif
