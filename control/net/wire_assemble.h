/*
 * wire_assemble.h - puts struct wire together from the configured interfaces and the kernel's view. Pure.
 */
#ifndef AMITY_WIRE_ASSEMBLE_H
#define AMITY_WIRE_ASSEMBLE_H

#include "kernel_view.h"
#include "net_mirror.h"

/* Addresses, MAC and MTU of `configured` as they are now. An interface that the kernel lost has no addresses. */
void wire_assemble_interface(struct wire_interface *interface, const struct net_mirror_interface *configured,
			     const struct kernel_view *view);

/* The kernel's side of a configured interface; NULL: it is gone, made anew since, or has no kernel. */
const struct netlink_link *wire_assemble_link(const struct net_mirror_interface *configured,
					      const struct kernel_view *view);

/* Its index; 0: none. */
uint32_t wire_assemble_link_index(const struct net_mirror_interface *configured, const struct kernel_view *view);

struct wire_assemble_input {
	const struct net_mirror_interface *configured;
	const struct wire_interface *interface; /* as many */
	uint32_t interface_count;
	const struct kernel_view *view;
};

/* Result: NULL without memory. Owner: the caller, wire_build_free(). */
struct wire *wire_assemble_create(const struct wire_assemble_input *input);

#endif
