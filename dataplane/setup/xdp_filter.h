/*
 * xdp_filter.h - the XDP program of an interface (xdp_filter.bpf.c): attached so that it goes with this process.
 *
 * DPDK's driver loads the program and attaches it by netlink, which outlives a process that is killed. So the owner
 * puts the same program on a BPF link, which the kernel takes away when its last descriptor closes, however that
 * happens.
 *
 *   xdp_filter_check       can this interface run it, and does nobody else's program run there?
 *   (the driver attaches the file xdp_filter_path())
 *   xdp_filter_take_over   the driver's attachment becomes a link; from here on the program dies with us
 *   xdp_filter_set_own     our addresses; until then every packet is the kernel's
 *   xdp_filter_release
 *
 * Thread: control.
 */
#ifndef AMITY_XDP_FILTER_H
#define AMITY_XDP_FILTER_H

#include "setup.h"

#define XDP_FILTER_PATH_BYTES 32

struct xdp_filter {
	int file;    /* a memory file with the object, for the driver */
	int link;    /* -1: not attached by us */
	int own_map; /* -1: likewise */
};

void xdp_filter_init(struct xdp_filter *filter);

/* Result: CONFLICT for another tool's program, ENVIRONMENT for what the kernel refuses; said in setup->error. */
enum status xdp_filter_check(struct setup *setup, const char *interface) AMITY_CHECKED;

/* The object as a file that the driver can open. Result: ENVIRONMENT. */
enum status xdp_filter_path(struct setup *setup, struct xdp_filter *filter,
			    char path[XDP_FILTER_PATH_BYTES]) AMITY_CHECKED;

/* Result: CONFLICT when another program took the interface meanwhile; ENVIRONMENT. */
enum status xdp_filter_take_over(struct setup *setup, struct xdp_filter *filter, const char *interface) AMITY_CHECKED;

/* All our addresses with their SIP ports, in place of those given before. Result: ENVIRONMENT. */
enum status xdp_filter_set_own(const struct xdp_filter *filter, const struct wire *wire) AMITY_CHECKED;

/* Detaches, and only what is ours. Safe after any of the steps above. */
void xdp_filter_release(struct xdp_filter *filter);

#endif
