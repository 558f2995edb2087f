/*
 * kernel_view.h - the kernel's links, addresses, routes and neighbours, read as a whole, kind by kind.
 */
#ifndef AMITY_KERNEL_VIEW_H
#define AMITY_KERNEL_VIEW_H

#include "netlink_read.h"
#include "status.h"

/* Bits; also what an event makes stale. */
enum kernel_view_kind {
	KERNEL_VIEW_LINKS = 1,
	KERNEL_VIEW_ADDRESSES = 2,
	KERNEL_VIEW_ROUTES = 4,
	KERNEL_VIEW_NEIGHBOURS = 8,
	KERNEL_VIEW_ALL = 15,
};

struct kernel_view {
	struct netlink_link *link;
	struct netlink_address *address;
	struct netlink_route *route;
	struct netlink_neighbour *neighbour;
	uint32_t link_count, address_count, route_count, neighbour_count;
};

/*
 * Reads the named kinds anew; the others stay. One request a kind, answered by the kernel at once.
 * Result: IO or NO_MEMORY; the kinds read so far are new, the others as before.
 */
enum status kernel_view_read(struct kernel_view *view, unsigned int kinds) AMITY_CHECKED;

/* NULL: there is no such link. */
const struct netlink_link *kernel_view_find_link(const struct kernel_view *view, const char *name);

/* NULL: the kernel does not know it. */
const struct netlink_neighbour *kernel_view_find_neighbour(const struct kernel_view *view, uint32_t link_index,
							   const uint8_t ip[16]);

/*
 * Tells the kernel that `ip` is in use: it resolves what it does not know and verifies what is stale. The kernel does
 * not see our packets, so nothing else would.
 */
void kernel_view_use_neighbour(uint32_t link_index, const uint8_t ip[16]);

void kernel_view_free(struct kernel_view *view);

#endif
