/*
 * gun_port.h - DPDK for one lcore: memory, one or two devices with a queue each way.
 */
#ifndef AMITY_GUN_PORT_H
#define AMITY_GUN_PORT_H

#include "gun_options.h"

#include <rte_mbuf.h>

#define GUN_PORT_ERROR_BYTES 512

struct gun_ports {
	struct rte_mempool *pool;
	uint32_t count;
	uint16_t id[GUN_SIDES];
	struct gun_mac mac[GUN_SIDES];
	bool is_started[GUN_SIDES];
};

/* Starts DPDK and the devices. Result: false with `error`; gun_port_close() undoes what was done. */
bool gun_port_open(struct gun_ports *ports, const struct gun_options *options, char error[GUN_PORT_ERROR_BYTES]);

void gun_port_close(struct gun_ports *ports);

#endif
