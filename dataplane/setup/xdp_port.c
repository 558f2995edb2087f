#include "xdp_port.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "kernel_interface.h"
#include "packet_sockets.h"
#include "xdp_filter.h"
#include "xdp_filter_map.h"

/* A buffer with all that DPDK puts around it: an odd number of cache lines, which the pool then does not lengthen. */
#define BUFFER_BYTES 4032
#define BUFFER_MAX   4096 /* the kernel's largest: a page */

/* What the driver puts into the fill ring of a queue, and always keeps there or in the receive ring. */
#define FILLED_COUNT 2048
/* What may be on the way out of a queue, and what the workers hold meanwhile. */
#define SENDING_COUNT 2048
#define HELD_COUNT    1024

#define SOCKETS_MAX (WIRE_INTERFACES_MAX * XDP_FILTER_QUEUES_MAX)

#define REAP_TRIES 200
#define REAP_US	   1000

struct xdp_port {
	struct rte_mempool *frames;
	struct xdp_filter filter;
	uint32_t frame_count;
	uint32_t missing; /* buffers, when the port stopped */
	uint32_t socket_count;
	int sockets[SOCKETS_MAX];
};

static uint16_t private_bytes(void)
{
	return RTE_ALIGN_CEIL(sizeof(struct punt), RTE_MBUF_PRIV_ALIGN);
}

/* What stands in a buffer before the room for data. */
static uint32_t overhead_bytes(void)
{
	return (uint32_t)(RTE_CACHE_LINE_SIZE + sizeof(struct rte_mbuf)) + private_bytes();
}

uint32_t xdp_port_mtu_max(void)
{
	uint32_t before = overhead_bytes() + RTE_PKTMBUF_HEADROOM + XDP_PACKET_HEADROOM;

	return BUFFER_BYTES - before - RTE_ETHER_HDR_LEN - RTE_VLAN_HLEN;
}

static uint32_t count_frames(const struct dataplane_plan *plan, const char *interface)
{
	uint32_t queues = RTE_MAX(kernel_interface_queues(interface).combined, 1u);

	return queues * (FILLED_COUNT + SENDING_COUNT) + plan->worker_count * HELD_COUNT;
}

uint64_t xdp_port_memory_bytes(const struct dataplane_plan *plan, const struct port_plan *port)
{
	return (uint64_t)count_frames(plan, port->device) * (BUFFER_BYTES + sizeof(void *));
}

enum status xdp_port_check(struct setup *setup, const struct dataplane_plan *plan, const struct port_plan *port)
{
	uint32_t mtu = port->mtu_bytes ? port->mtu_bytes : kernel_interface_mtu(port->device);
	struct kernel_interface_queues queues = kernel_interface_queues(port->device);
	uint32_t bound = RTE_MAX(queues.combined, 1u),
		 bound_max = RTE_MIN(XDP_FILTER_QUEUES_MAX, RTE_MAX_QUEUES_PER_PORT);

	if (mtu > xdp_port_mtu_max() || kernel_interface_mtu(port->device) > xdp_port_mtu_max())
		return setup_fail(
			setup, STATUS_INVALID,
			"interface %s: MTU %u is over %u, the most that driver af_xdp takes; lower it (ip link set "
			"dev %s mtu 1500) or use driver af_packet",
			port->device, RTE_MAX(mtu, kernel_interface_mtu(port->device)), xdp_port_mtu_max(),
			port->device);
	if (queues.combined + queues.receive_only > bound)
		return setup_fail(
			setup, STATUS_INVALID,
			"interface %s: it receives into %u queues, and driver af_xdp can use %u of them; ethtool "
			"-L %s rx %u, or use driver af_packet",
			port->device, queues.combined + queues.receive_only, bound, port->device,
			bound - queues.combined);
	bound_max = RTE_MIN(bound_max, plan->worker_count * WORKER_QUEUES_MAX);
	if (bound > bound_max)
		return setup_fail(
			setup, STATUS_INVALID,
			"interface %s: it has %u queues, over %u that %u workers can serve; ethtool -L %s combined "
			"%u, or use driver af_packet",
			port->device, bound, bound_max, plan->worker_count, port->device, bound_max);
	return STATUS_OK;
}

static enum status create_frames(struct setup *setup, struct xdp_port *xdp, const struct dataplane_plan *plan,
				 uint32_t index)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	uint16_t room = (uint16_t)(BUFFER_BYTES - overhead_bytes());

	snprintf(name, sizeof(name), "amity_xdp_%u", index);
	xdp->frame_count = count_frames(plan, plan->port[index].device);
	xdp->frames = rte_pktmbuf_pool_create(name, xdp->frame_count, RTE_MEMPOOL_CACHE_MAX_SIZE / 2, private_bytes(),
					      room, SOCKET_ID_ANY);
	if (xdp->frames == NULL)
		return setup_fail(setup, STATUS_NO_MEMORY, "interface %s: no memory for %u frames: %s",
				  plan->port[index].device, xdp->frame_count, rte_strerror(rte_errno));
	/* The driver reckons with one piece of memory, the kernel with buffers of at most a page. */
	uint32_t bytes = xdp->frames->header_size + xdp->frames->elt_size + xdp->frames->trailer_size;
	if (xdp->frames->nb_mem_chunks != 1 || bytes > BUFFER_MAX)
		return setup_fail(
			setup, STATUS_ENVIRONMENT,
			"interface %s: driver af_xdp needs its frames in one piece of memory, not in %u; raise "
			"vm.nr_hugepages, or set node.memory to no-huge",
			plan->port[index].device, xdp->frames->nb_mem_chunks);
	return STATUS_OK;
}

enum status xdp_port_prepare(struct setup *setup, const struct dataplane_plan *plan, uint32_t index, char *device,
			     size_t device_bytes)
{
	const struct port_plan *port = &plan->port[index];
	struct xdp_port *xdp = calloc(1, sizeof(*xdp));
	char path[XDP_FILTER_PATH_BYTES];

	if (xdp == NULL)
		return STATUS_NO_MEMORY;
	xdp_filter_init(&xdp->filter);
	setup->port[index].xdp = xdp;
	enum status status = xdp_filter_check(setup, port->device);
	if (status == STATUS_OK)
		status = create_frames(setup, xdp, plan, index);
	if (status == STATUS_OK)
		status = xdp_filter_path(setup, &xdp->filter, path);
	if (status != STATUS_OK)
		return status;
	/* Copies, and no busy polling: in both other modes an idle driver waits in the kernel, which a lcore must not.
	 */
	snprintf(device, device_bytes,
		 "net_af_xdp_amity%u,iface=%s,start_queue=0,queue_count=%u,xdp_prog=%s,force_copy=1,busy_budget=0",
		 index, port->device, RTE_MAX(kernel_interface_queues(port->device).combined, 1u), path);
	return STATUS_OK;
}

struct rte_mempool *xdp_port_frames(const struct setup_port *port)
{
	return port->xdp->frames;
}

static bool contains(const int *sockets, uint32_t count, int fd)
{
	for (uint32_t i = 0; i < count; i++)
		if (sockets[i] == fd)
			return true;
	return false;
}

void xdp_port_begin_queues(struct setup_port *port)
{
	port->xdp->socket_count = packet_sockets_list_xdp(port->xdp->sockets, SOCKETS_MAX);
}

void xdp_port_end_queues(struct setup_port *port)
{
	struct xdp_port *xdp = port->xdp;
	int sockets[SOCKETS_MAX], own[SOCKETS_MAX];
	uint32_t count = packet_sockets_list_xdp(sockets, SOCKETS_MAX), own_count = 0;

	for (uint32_t i = 0; i < count; i++)
		if (!contains(xdp->sockets, xdp->socket_count, sockets[i]))
			own[own_count++] = sockets[i];
	memcpy(xdp->sockets, own, own_count * sizeof(own[0]));
	xdp->socket_count = own_count;
}

enum status xdp_port_take_over(struct setup *setup, struct setup_port *port)
{
	return xdp_filter_take_over(setup, &port->xdp->filter, port->shown.name);
}

enum status xdp_port_set_own(const struct setup_port *port, const struct wire *wire)
{
	return xdp_filter_set_own(&port->xdp->filter, wire);
}

static uint32_t count_missing(const struct xdp_port *xdp)
{
	uint32_t used = xdp->frame_count - rte_mempool_avail_count(xdp->frames);
	uint32_t filled = xdp->socket_count * FILLED_COUNT;

	return used > filled ? used - filled : 0;
}

void xdp_port_reap(struct setup_port *port)
{
	struct xdp_port *xdp = port->xdp;

	for (uint32_t tries = 0; tries < REAP_TRIES && count_missing(xdp) > 0; tries++) {
		for (uint16_t q = 0; q < port->transmit_queue_count; q++)
			rte_eth_tx_burst(port->shown.port_id, q, NULL, 0);
		rte_delay_us_sleep(REAP_US);
	}
	/* An interface that is down keeps what it did not send, and takes it along when it is closed. */
	if ((kernel_interface_flags(port->shown.name) & IFF_RUNNING) != 0)
		xdp->missing = count_missing(xdp);
}

/* The driver forgets to close its sockets, which would keep the queues from a later port. */
static void close_sockets(struct xdp_port *xdp)
{
	for (uint32_t i = 0; i < xdp->socket_count; i++)
		if (packet_sockets_is_xdp(xdp->sockets[i]))
			close(xdp->sockets[i]);
}

uint32_t xdp_port_close(struct setup_port *port)
{
	struct xdp_port *xdp = port->xdp;

	if (xdp == NULL)
		return 0;
	uint32_t missing = xdp->missing;
	close_sockets(xdp);
	xdp_filter_release(&xdp->filter);
	rte_mempool_free(xdp->frames);
	free(xdp);
	port->xdp = NULL;
	return missing;
}
