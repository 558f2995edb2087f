#include "port.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_string_fns.h>

#include "packet_filter.h"

#define DESCRIPTOR_COUNT 1024

/* Ring memory of one af_packet queue and direction; the kernel locks it. */
#define AF_PACKET_RING_BYTES (4u << 20)
#define AF_PACKET_FRAMES_MIN 128

/* Reads one property of a kernel interface. Result: 0 or errno. */
static int query_kernel(const char *name, unsigned long request, struct ifreq *answer)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	if (answer->ifr_name[0] == '\0')
		strlcpy(answer->ifr_name, name, sizeof(answer->ifr_name));
	int error = ioctl(fd, request, answer) == 0 ? 0 : errno;
	close(fd);
	return error;
}

static enum status check_kernel_interface(struct setup *setup, const char *name)
{
	struct ifreq answer = {.ifr_name = ""};
	int fd;

	if (strlen(name) >= IFNAMSIZ || query_kernel(name, SIOCGIFHWADDR, &answer) != 0)
		return setup_fail(setup, STATUS_NOT_FOUND, "interface %s: the kernel has no such interface", name);
	if (answer.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return setup_fail(
			setup, STATUS_INVALID,
			"interface %s: it carries no Ethernet; profile kernel needs a NIC, bond, VLAN, bridge or veth",
			name);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return setup_fail(setup, STATUS_ENVIRONMENT,
				  "interface %s: no packet socket: %s; amityd needs root or CAP_NET_RAW", name,
				  strerror(errno));
	close(fd);
	return STATUS_OK;
}

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

/* Makes the device unless a port of that name exists. */
static enum status probe(struct setup *setup, struct setup_port *port, const char *device)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(device, ","), device);
	port->found = rte_eth_dev_get_port_by_name(name, &port->shown.port_id) == 0;
	if (port->found)
		return STATUS_OK;
	int error = rte_dev_probe(device);
	if (error != 0)
		return setup_fail(setup, STATUS_ENVIRONMENT, "device %s: DPDK cannot open it: %s", device,
				  rte_strerror(-error));
	if (rte_eth_dev_get_port_by_name(name, &port->shown.port_id) != 0)
		return setup_fail(setup, STATUS_ENVIRONMENT, "device %s: it is no network device", device);
	return STATUS_OK;
}

static enum status configure_queues(struct setup *setup, struct setup_port *port, const char *device)
{
	uint16_t id = port->shown.port_id, workers = (uint16_t)setup->shared.worker_count;
	uint16_t receive_descriptors = DESCRIPTOR_COUNT, transmit_descriptors = DESCRIPTOR_COUNT;
	struct rte_eth_conf configuration;
	struct rte_eth_dev_info found;
	int error = rte_eth_dev_info_get(id, &found);

	if (error == 0 && found.max_tx_queues < workers)
		return setup_fail(setup, STATUS_INVALID,
				  "device %s: it has %u transmit queues, and each of %u workers needs its own; "
				  "use fewer node.lcores or a device with more queues",
				  device, found.max_tx_queues, workers);
	memset(&configuration, 0, sizeof(configuration));
	port->receive_queue_count = RTE_MIN(found.max_rx_queues, workers);
	if (error == 0)
		error = rte_eth_dev_configure(id, port->receive_queue_count, workers, &configuration);
	if (error == 0)
		error = rte_eth_dev_adjust_nb_rx_tx_desc(id, &receive_descriptors, &transmit_descriptors);
	for (uint16_t q = 0; error == 0 && q < port->receive_queue_count; q++)
		error = rte_eth_rx_queue_setup(id, q, receive_descriptors, SOCKET_ID_ANY, NULL, setup->shared.pool);
	for (uint16_t q = 0; error == 0 && q < workers; q++)
		error = rte_eth_tx_queue_setup(id, q, transmit_descriptors, SOCKET_ID_ANY, NULL);
	if (error != 0)
		return setup_fail(setup, STATUS_ENVIRONMENT,
				  "device %s: it does not take %u receive and %u transmit queues: %s", device,
				  port->receive_queue_count, workers, rte_strerror(-error));
	return STATUS_OK;
}

static void read_properties(struct setup_port *port, const struct port_plan *plan)
{
	struct rte_ether_addr mac;
	struct ifreq answer = {.ifr_name = ""};
	uint16_t mtu_bytes = RTE_ETHER_MTU;

	if (rte_eth_macaddr_get(port->shown.port_id, &mac) == 0)
		memcpy(port->shown.mac, mac.addr_bytes, sizeof(port->shown.mac));
	if (plan->profile == PORT_KERNEL && query_kernel(plan->device, SIOCGIFMTU, &answer) == 0)
		mtu_bytes = (uint16_t)RTE_MIN(answer.ifr_mtu, (int)UINT16_MAX);
	port->shown.mtu_bytes = plan->mtu_bytes ? plan->mtu_bytes : mtu_bytes;
}

enum status port_open(struct setup *setup, const struct dataplane_plan *plan, uint32_t index)
{
	const struct port_plan *port_plan = &plan->port[index];
	struct setup_port *port = &setup->port[index];
	char device[2 * DATAPLANE_DEVICE_BYTES_MAX];
	enum status status = STATUS_OK;

	port->shown.profile = port_plan->profile;
	snprintf(port->shown.name, sizeof(port->shown.name), "%.*s", (int)strcspn(port_plan->device, ","),
		 port_plan->device);
	if (port_plan->profile == PORT_KERNEL) {
		status = check_kernel_interface(setup, port_plan->device);
		write_kernel_device(device, sizeof(device), plan, index);
	} else {
		snprintf(device, sizeof(device), "%s", port_plan->device);
	}
	if (status == STATUS_OK)
		status = probe(setup, port, device);
	if (status != STATUS_OK)
		return status;
	setup->shared.port_count = index + 1; /* from here on dataplane_free() closes it */
	status = configure_queues(setup, port, port_plan->device);
	if (status != STATUS_OK)
		return status;
	read_properties(port, port_plan);
	if (port_plan->profile == PORT_KERNEL && port_plan->sip_port != 0)
		packet_filter_attach(if_nametoindex(port_plan->device), port_plan->sip_port);
	return STATUS_OK;
}

/* DPDK turns an interface's promiscuous mode off when it starts a port; that is the operator's to decide. */
static void restore_flags(const char *name, short flags_before)
{
	struct ifreq answer = {.ifr_name = ""};

	if (query_kernel(name, SIOCGIFFLAGS, &answer) != 0 || ((answer.ifr_flags ^ flags_before) & IFF_PROMISC) == 0)
		return;
	answer.ifr_flags = (short)((answer.ifr_flags & ~IFF_PROMISC) | (flags_before & IFF_PROMISC));
	query_kernel(name, SIOCSIFFLAGS, &answer);
}

enum status port_start(struct setup *setup, struct setup_port *port)
{
	struct ifreq before = {.ifr_name = ""};
	bool kernel = port->shown.profile == PORT_KERNEL && query_kernel(port->shown.name, SIOCGIFFLAGS, &before) == 0;
	int error = rte_eth_dev_start(port->shown.port_id);

	if (error != 0)
		return setup_fail(setup, STATUS_ENVIRONMENT, "device %s: it does not start: %s", port->shown.name,
				  rte_strerror(-error));
	port->started = true;
	if (kernel)
		restore_flags(port->shown.name, before.ifr_flags);
	return STATUS_OK;
}

void port_stop(struct setup_port *port)
{
	if (port->started)
		rte_eth_dev_stop(port->shown.port_id);
	port->started = false;
}

void port_close(struct setup_port *port)
{
	struct rte_eth_dev_info found;

	port_stop(port);
	if (port->found || rte_eth_dev_info_get(port->shown.port_id, &found) != 0)
		return;
	rte_eth_dev_close(port->shown.port_id);
	rte_dev_remove((struct rte_device *)(uintptr_t)found.device);
}
