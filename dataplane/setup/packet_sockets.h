/*
 * packet_sockets.h - the sockets that DPDK's drivers open on kernel interfaces and keep to themselves.
 *
 * Thread: control. Owner: the driver; a descriptor stays valid while its port is open.
 */
#ifndef AMITY_PACKET_SOCKETS_H
#define AMITY_PACKET_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

/* Result: how many of this process' af_packet sockets on that kernel interface were put into `sockets`. */
uint32_t packet_sockets_list(uint32_t kernel_interface_index, int *sockets, uint32_t capacity);

/* The same of AF_XDP sockets, which do not tell their interface. */
uint32_t packet_sockets_list_xdp(int *sockets, uint32_t capacity);

bool packet_sockets_is_xdp(int fd);

#endif
