/*
 * xdp_port.h - a kernel interface by AF_XDP (DPDK's net_af_xdp): what the driver needs around it.
 *
 * The kernel writes frames into a pool of pages, so such a port has a pool of its own, with buffers of at most a page
 * and no longer frames than fit them; the lcores' own buffers are copied when they are sent. A socket sits on each
 * queue of the interface, dealt to the workers: packets of a queue without a socket would take the slow way by the
 * kernel.
 *
 * Thread: control.
 */
#ifndef AMITY_XDP_PORT_H
#define AMITY_XDP_PORT_H

#include "setup.h"

/* Bytes of an IP packet that a port takes. */
uint32_t xdp_port_mtu_max(void);

/* Of the pool that such a port will have. */
uint64_t xdp_port_memory_bytes(const struct dataplane_plan *plan, const struct port_plan *port);

/* Can the driver take the interface's MTU and queues? Result: INVALID, said in setup->error. */
enum status xdp_port_check(struct setup *setup, const struct dataplane_plan *plan,
			   const struct port_plan *port) AMITY_CHECKED;

/*
 * Looks for an XDP program that is in the way, makes the pool, writes the driver's device string.
 * Result: INVALID, CONFLICT, ENVIRONMENT, NO_MEMORY, said in setup->error; xdp_port_close() undoes all of it.
 */
enum status xdp_port_prepare(struct setup *setup, const struct dataplane_plan *plan, uint32_t index, char *device,
			     size_t device_bytes) AMITY_CHECKED;

/* What the driver's receive queues take. */
struct rte_mempool *xdp_port_frames(const struct setup_port *port);

/* Around the set-up of the driver's queues, whether it succeeds or not: which sockets are this port's. */
void xdp_port_begin_queues(struct setup_port *port);
void xdp_port_end_queues(struct setup_port *port);

/* The program that the driver attached becomes ours. Result: as xdp_filter_take_over(). */
enum status xdp_port_take_over(struct setup *setup, struct setup_port *port) AMITY_CHECKED;

/* The addresses and SIP ports whose packets the lcores get, in place of those given before. Result: ENVIRONMENT. */
enum status xdp_port_set_own(const struct setup_port *port, const struct wire *wire) AMITY_CHECKED;

/* Gets sent buffers back from the kernel, while the port still runs and no worker does. */
void xdp_port_reap(struct setup_port *port);

/* After the driver's port was closed. Result: buffers that did not come back. */
uint32_t xdp_port_close(struct setup_port *port);

#endif
