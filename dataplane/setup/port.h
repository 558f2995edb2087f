/*
 * port.h - opens, starts and closes one DPDK port of a plan.
 */
#ifndef AMITY_PORT_H
#define AMITY_PORT_H

#include "setup.h"

/*
 * Is there a kernel's interface that the driver can take? Asked before memory is, which the interface's MTU decides:
 * gigabytes, where it is that of `lo`. Result: NOT_FOUND, INVALID, ENVIRONMENT, said in setup->error.
 */
enum status port_check(struct setup *setup, const struct dataplane_plan *plan, uint32_t index) AMITY_CHECKED;

/*
 * Opens port `index` of the plan, which port_check() found right, with as many receive and transmit queues as it has,
 * up to one a worker.
 * Result: setup->port[index] filled and counted in setup->shared.port_count.
 */
enum status port_open(struct setup *setup, const struct dataplane_plan *plan, uint32_t index) AMITY_CHECKED;

enum status port_start(struct setup *setup, struct setup_port *port) AMITY_CHECKED;
struct dataplane_port_state port_read_state(const struct setup_port *port);

/* Takes the pending errors from an af_packet port's sockets. */
void port_forget_error(const struct setup_port *port);

void port_stop(struct setup_port *port);

/* Result: buffers of the port's own pool that did not come back; those of the shared pool are counted there. */
uint32_t port_close(struct setup_port *port);

#endif
