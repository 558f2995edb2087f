#include "port.h"

#include <assert.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "kernel_interface.h"
#include "memif_guard.h"
#include "memif_socket.h"
#include "packet_filter.h"
#include "packet_sockets.h"
#include "xdp_port.h"

#define DESCRIPTOR_COUNT 1024

/* Ring memory of one af_packet queue and direction; the kernel locks it. */
#define AF_PACKET_RING_BYTES (4u << 20)
#define AF_PACKET_FRAMES_MIN 128

/*
 * Drivers whose queues are not simply one a worker. `paired`: as many receive queues as transmit queues. `queues_max`:
 * a memif has the queues that both ends agree on after the port is started, and one is always among them.
 */
static const struct driver_queues {
	const char *driver;
	uint16_t queues_max;
	bool paired;
} driver_queues[] = {
	{"net_af_xdp", UINT16_MAX, true},
	{"net_tap", UINT16_MAX, true},
	{"net_memif", 1, true},
};

/* The driver reckons with frames that fill a block without a gap. */
static void write_kernel_device(char *device, size_t bytes, const struct dataplane_plan *plan, uint32_t index)
{
	uint32_t frame_bytes = setup_frame_bytes(plan);
	uint32_t block_bytes = RTE_MAX(frame_bytes, 4096u);
	uint32_t frame_count = RTE_MAX(AF_PACKET_RING_BYTES / frame_bytes, (uint32_t)AF_PACKET_FRAMES_MIN);

	/* With the qdisc, so that packet captures on this machine see what we send. */
	snprintf(device, bytes,
		 "net_af_packet_amity%u,iface=%s,qpairs=%u,blocksz=%u,framesz=%u,framecnt=%u,qdisc_bypass=0", index,
		 plan->port[index].device, plan->worker_count, block_bytes, frame_bytes, frame_count);
}

/* The file of a memif server that was killed is in the way of the next one. */
static void remove_dead_socket(const char *device)
{
	char path[DATAPLANE_DEVICE_BYTES_MAX];

	if (memif_socket_look(path, sizeof(path), device) == MEMIF_SOCKET_DEAD)
		unlink(path);
}

static enum status fail_to_open(struct setup *setup, const char *device, int error)
{
	char path[DATAPLANE_DEVICE_BYTES_MAX];

	switch (memif_socket_look(path, sizeof(path), device)) {
	case MEMIF_SOCKET_SERVED:
		return setup_fail(setup, STATUS_ENVIRONMENT,
				  "device %s: another process serves %s, and runs; stop it, or give one of the two "
				  "another socket=",
				  device, path);
	case MEMIF_SOCKET_OTHER:
		return setup_fail(setup, STATUS_ENVIRONMENT,
				  "device %s: %s exists and is no socket of a memif; remove it, or give the device "
				  "another socket=",
				  device, path);
	default:
		return setup_fail(setup, STATUS_ENVIRONMENT, "device %s: DPDK cannot open it: %s", device,
				  rte_strerror(-error));
	}
}

/* Makes the device unless a port of that name exists. */
static enum status probe(struct setup *setup, struct setup_port *port, const char *device)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(device, ","), device);
	port->found = rte_eth_dev_get_port_by_name(name, &port->shown.port_id) == 0;
	if (port->found)
		return STATUS_OK;
	assert(memif_guard_is_in_place());
	remove_dead_socket(device);
	int error = rte_dev_probe(device);
	if (error != 0)
		return fail_to_open(setup, device, error);
	if (rte_eth_dev_get_port_by_name(name, &port->shown.port_id) != 0)
		return setup_fail(setup, STATUS_ENVIRONMENT, "device %s: it is no network device", device);
	return STATUS_OK;
}

static void count_queues(struct setup_port *port, const struct rte_eth_dev_info *found, uint16_t workers)
{
	uint16_t receive = RTE_MIN(found->max_rx_queues, workers), transmit = RTE_MIN(found->max_tx_queues, workers);

	for (size_t i = 0; i < RTE_DIM(driver_queues); i++) {
		const struct driver_queues *row = &driver_queues[i];
		if (strcmp(row->driver, found->driver_name) != 0)
			continue;
		receive = RTE_MIN(receive, row->queues_max);
		transmit = RTE_MIN(transmit, row->queues_max);
		if (row->paired)
			receive = transmit = RTE_MIN(receive, transmit);
	}
	/* Each of the interface's queues has its socket, however few the workers are. */
	if (port->xdp != NULL)
		receive = transmit = found->max_rx_queues;
	port->receive_queue_count = receive;
	port->transmit_queue_count = transmit;
}

static int set_up_queues(struct setup *setup, struct setup_port *port)
{
	uint16_t id = port->shown.port_id;
	uint16_t receive_descriptors = DESCRIPTOR_COUNT, transmit_descriptors = DESCRIPTOR_COUNT;
	struct rte_eth_conf configuration;
	struct rte_mempool *pool = port->xdp ? xdp_port_frames(port) : setup->shared.pool;

	memset(&configuration, 0, sizeof(configuration));
	int error = rte_eth_dev_configure(id, port->receive_queue_count, port->transmit_queue_count, &configuration);
	if (error == 0)
		error = rte_eth_dev_adjust_nb_rx_tx_desc(id, &receive_descriptors, &transmit_descriptors);
	for (uint16_t q = 0; error == 0 && q < port->receive_queue_count; q++)
		error = rte_eth_rx_queue_setup(id, q, receive_descriptors, SOCKET_ID_ANY, NULL, pool);
	for (uint16_t q = 0; error == 0 && q < port->transmit_queue_count; q++)
		error = rte_eth_tx_queue_setup(id, q, transmit_descriptors, SOCKET_ID_ANY, NULL);
	return error;
}

static enum status configure_queues(struct setup *setup, struct setup_port *port, const char *device)
{
	struct rte_eth_dev_info found;
	int error = rte_eth_dev_info_get(port->shown.port_id, &found);

	if (error == 0) {
		snprintf(port->shown.driver, sizeof(port->shown.driver), "%s", found.driver_name);
		count_queues(port, &found, (uint16_t)setup->shared.worker_count);
		error = set_up_queues(setup, port);
	}
	if (error != 0)
		return setup_fail(setup, STATUS_ENVIRONMENT,
				  "device %s: it does not take %u receive and %u transmit queues: %s", device,
				  port->receive_queue_count, port->transmit_queue_count, rte_strerror(-error));
	return STATUS_OK;
}

static void read_properties(struct setup_port *port, const struct port_plan *plan)
{
	struct rte_ether_addr mac;
	uint16_t mtu_bytes = 0;

	if (rte_eth_macaddr_get(port->shown.port_id, &mac) == 0)
		memcpy(port->shown.mac, mac.addr_bytes, sizeof(port->shown.mac));
	if (plan->profile == PORT_KERNEL)
		mtu_bytes = kernel_interface_mtu(plan->device);
	if (mtu_bytes == 0)
		mtu_bytes = RTE_ETHER_MTU;
	port->shown.mtu_bytes = plan->mtu_bytes ? plan->mtu_bytes : mtu_bytes;
}

/* The driver's name and arguments. */
static enum status write_device(struct setup *setup, const struct dataplane_plan *plan, uint32_t index, char *device,
				size_t bytes)
{
	const struct port_plan *port = &plan->port[index];

	snprintf(device, bytes, "%s", port->device);
	if (port->profile != PORT_KERNEL)
		return STATUS_OK;
	if (port->driver == PORT_AF_XDP)
		return xdp_port_prepare(setup, plan, index, device, bytes);
	write_kernel_device(device, bytes, plan, index);
	return STATUS_OK;
}

static enum status open_device(struct setup *setup, struct setup_port *port, const struct port_plan *plan,
			       const char *device)
{
	enum status status = probe(setup, port, device);

	if (status != STATUS_OK)
		return status;
	port->opened = true;
	if (port->xdp != NULL)
		xdp_port_begin_queues(port);
	status = configure_queues(setup, port, plan->device);
	/* Also of queues that failed half way: what they opened is this port's to close. */
	if (port->xdp != NULL)
		xdp_port_end_queues(port);
	if (status == STATUS_OK && port->xdp != NULL)
		status = xdp_port_take_over(setup, port);
	return status;
}

enum status port_check(struct setup *setup, const struct dataplane_plan *plan, uint32_t index)
{
	const struct port_plan *port = &plan->port[index];

	if (port->profile != PORT_KERNEL)
		return STATUS_OK;
	enum status status = kernel_interface_check(setup, port->device);
	if (status == STATUS_OK && port->driver == PORT_AF_XDP)
		status = xdp_port_check(setup, plan, port);
	return status;
}

enum status port_open(struct setup *setup, const struct dataplane_plan *plan, uint32_t index)
{
	const struct port_plan *port_plan = &plan->port[index];
	struct setup_port *port = &setup->port[index];
	char device[2 * DATAPLANE_DEVICE_BYTES_MAX];

	port->shown.profile = port_plan->profile;
	snprintf(port->shown.name, sizeof(port->shown.name), "%.*s", (int)strcspn(port_plan->device, ","),
		 port_plan->device);
	setup->shared.port_count = index + 1; /* from here on dataplane_free() closes it */
	enum status status = write_device(setup, plan, index, device, sizeof(device));
	if (status == STATUS_OK)
		status = open_device(setup, port, port_plan, device);
	if (status != STATUS_OK)
		return status;
	setup->shared.transmit_queue_count[index] = port->transmit_queue_count;
	read_properties(port, port_plan);
	if (port_plan->profile == PORT_KERNEL && port->xdp == NULL && port_plan->sip_port != 0)
		packet_filter_attach(if_nametoindex(port_plan->device), port_plan->sip_port);
	return STATUS_OK;
}

enum status port_start(struct setup *setup, struct setup_port *port)
{
	short flags_before = port->shown.profile == PORT_KERNEL ? kernel_interface_flags(port->shown.name) : 0;
	int error = rte_eth_dev_start(port->shown.port_id);

	if (error != 0)
		return setup_fail(setup, STATUS_ENVIRONMENT, "device %s: it does not start: %s%s", port->shown.name,
				  rte_strerror(-error),
				  strcmp(port->shown.driver, "net_memif") == 0
					  ? "; a memif client finds its server only while it starts: start the "
					    "server first, or be the server (role=server)"
					  : "");
	port->started = true;
	if (flags_before != 0)
		kernel_interface_restore_promiscuous(port->shown.name, flags_before);
	return STATUS_OK;
}

struct dataplane_port_state port_read_state(const struct setup_port *port)
{
	struct dataplane_port_state state = {.link_is_up = false};
	struct rte_eth_link link = {.link_status = RTE_ETH_LINK_DOWN};
	struct rte_eth_stats counts;

	state.link_is_up = port->shown.profile == PORT_DIRECT &&
			   rte_eth_link_get_nowait(port->shown.port_id, &link) == 0 &&
			   link.link_status == RTE_ETH_LINK_UP;
	if (rte_eth_stats_get(port->shown.port_id, &counts) == 0)
		state.missed = counts.imissed + counts.rx_nombuf;
	return state;
}

void port_forget_error(const struct setup_port *port)
{
	int sockets[LCORES_MAX], error;

	if (port->shown.profile != PORT_KERNEL || port->xdp != NULL)
		return;
	uint32_t count = packet_sockets_list(if_nametoindex(port->shown.name), sockets, LCORES_MAX);
	for (uint32_t i = 0; i < count; i++)
		getsockopt(sockets[i], SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof(error)});
}

void port_stop(struct setup_port *port)
{
	if (!port->started)
		return;
	if (port->xdp != NULL)
		xdp_port_reap(port);
	rte_eth_dev_stop(port->shown.port_id);
	port->started = false;
}

static void close_device(struct setup_port *port)
{
	uint32_t level = rte_log_get_global_level();
	struct rte_eth_dev_info found;

	if (port->found || rte_eth_dev_info_get(port->shown.port_id, &found) != 0)
		return;
	/* net_af_xdp complains that it cannot detach the program: that is ours to do. */
	if (port->xdp != NULL)
		rte_log_set_global_level(RTE_LOG_EMERG);
	rte_eth_dev_close(port->shown.port_id);
	rte_dev_remove((struct rte_device *)(uintptr_t)found.device);
	rte_log_set_global_level(level);
}

uint32_t port_close(struct setup_port *port)
{
	port_stop(port);
	if (port->opened)
		close_device(port);
	port->opened = false;
	return xdp_port_close(port);
}
