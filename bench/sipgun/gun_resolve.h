/*
 * gun_resolve.h - before the first call: where the router is on the Ethernet; and who asks where we are.
 */
#ifndef AMITY_GUN_RESOLVE_H
#define AMITY_GUN_RESOLVE_H

#include "gun_port.h"
#include "gun_wire.h"

#define GUN_RESOLVE_ERROR_BYTES 512

/* Asks for the router's MAC on the side's device. Result: false with `error` when nobody answers. */
bool gun_resolve_router(struct gun_mac *mac, struct gun_wire *wire, const struct gun_ports *ports,
			const struct gun_options *options, enum gun_side_name side,
			char error[GUN_RESOLVE_ERROR_BYTES]);

/* Answers an ARP request for one of our addresses. */
void gun_resolve_answer(struct gun_wire *wire, const struct gun_ports *ports, const struct gun_options *options,
			uint32_t device, struct span frame);

#endif
