/*
 * reservation.h - the reserved SIP ports: one kernel socket for each of our kernel addresses.
 */
#ifndef AMITY_RESERVATION_H
#define AMITY_RESERVATION_H

#include <stddef.h>

#include "net_address.h"
#include "status.h"
#include "wire.h"

#define RESERVATIONS_MAX (WIRE_INTERFACES_MAX * WIRE_ADDRESSES_MAX)

struct reservation {
	struct net_address local;
	int fd;
	bool wanted;
};

struct reservation_list {
	struct reservation reservation[RESERVATIONS_MAX];
	uint32_t count;
};

/* Before and after a round of reservation_keep(): what was not kept in between is closed. */
void reservation_begin(struct reservation_list *list);
void reservation_end(struct reservation_list *list);

/* Keeps the socket of `local` or opens it; `link_index` of the kernel: the scope of link-local addresses. Result: as
 * kernel_socket_open(). */
enum status reservation_keep(struct reservation_list *list, const struct net_address *local, uint32_t link_index,
			     char *error, size_t error_bytes) AMITY_CHECKED;

/* NULL: `local` is not reserved by us. */
const struct reservation *reservation_find(const struct reservation_list *list, const struct net_address *local);

#endif
