#include "gun_port.h"

#include <dirent.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdarg.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#define DESCRIPTOR_COUNT 1024
#define POOL_CACHE_COUNT 256
#define LINK_WAIT_MS	 5000
#define DEVICE_BYTES	 256
#define MEBIBYTE	 (1u << 20)

/* A buffer with DPDK's own parts around it: less than a page, as af_xdp wants, and an odd number of cache lines. */
#define ROOM_BYTES (RTE_PKTMBUF_HEADROOM + 2048)

static bool fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(char *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, GUN_PORT_ERROR_BYTES, format, arguments);
	va_end(arguments);
	return false;
}

static bool is_pci(const char *device)
{
	unsigned domain, bus, slot, function;

	return sscanf(device, "%x:%x:%x.%x", &domain, &bus, &slot, &function) == 4;
}

static uint64_t free_hugepage_bytes(void)
{
	DIR *directory = opendir("/sys/kernel/mm/hugepages");
	uint64_t bytes = 0;

	for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
		char path[512];
		unsigned long long size_kib = 0, count = 0;
		if (sscanf(entry->d_name, "hugepages-%llukB", &size_kib) != 1)
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/%s/free_hugepages", entry->d_name);
		FILE *file = fopen(path, "re");
		if (file != NULL && fscanf(file, "%llu", &count) == 1)
			bytes += size_kib * 1024 * count;
		if (file != NULL)
			fclose(file);
	}
	if (directory != NULL)
		closedir(directory);
	return bytes;
}

/* Without hugepages a buffer takes whole pages of 4 KiB. */
static uint64_t needed_bytes(const struct gun_options *options)
{
	uint64_t buffer_bytes = options->no_huge ? 4096 + 64 : ROOM_BYTES + sizeof(struct rte_mbuf) + 64;

	return options->buffers * buffer_bytes + 16 * MEBIBYTE;
}

static bool start_dpdk(const struct gun_options *options, char *error)
{
	char lcores[32], prefix[32], megabytes[32];
	char *arguments[16] = {(char *)(uintptr_t) "sipgun",
			       lcores,
			       prefix,
			       (char *)(uintptr_t) "--no-telemetry",
			       (char *)(uintptr_t) "--log-level=*:warning",
			       (char *)(uintptr_t) "--log-level=pmd.net.memif:critical"};
	int count = 6;
	uint64_t needed = needed_bytes(options);
	int cpu = options->has_lcore ? (int)options->lcore : sched_getcpu();

	snprintf(lcores, sizeof(lcores), "--lcores=0@%d", cpu);
	snprintf(prefix, sizeof(prefix), "--file-prefix=sipgun-%d", (int)getpid());
	snprintf(megabytes, sizeof(megabytes), "-m%llu", (unsigned long long)(needed / MEBIBYTE + 8));
	if (options->no_huge) {
		arguments[count++] = (char *)(uintptr_t) "--no-huge";
		arguments[count++] = (char *)(uintptr_t) "--no-shconf";
		arguments[count++] = megabytes;
	} else if (free_hugepage_bytes() < needed) {
		return fail(error,
			    "memory: %llu MiB of hugepages are needed, %llu MiB are free\n"
			    "  raise vm.nr_hugepages, take fewer --buffers, or run with --no-huge",
			    (unsigned long long)(needed / MEBIBYTE),
			    (unsigned long long)(free_hugepage_bytes() / MEBIBYTE));
	} else {
		arguments[count++] = (char *)(uintptr_t) "--in-memory";
	}
	bool has_pci = false;
	for (uint32_t i = 0; i < options->device_count; i++)
		has_pci |= is_pci(options->device[i]);
	if (!has_pci) {
		arguments[count++] = (char *)(uintptr_t) "--no-pci";
		arguments[count++] = (char *)(uintptr_t) "--iova-mode=va";
	}
	rte_openlog_stream(stderr);
	if (rte_eal_init(count, arguments) < 0)
		return fail(error, "DPDK does not start: %s%s", rte_strerror(rte_errno),
			    geteuid() != 0 ? "\n  sipgun needs root" : "");
	rmdir(rte_eal_get_runtime_dir());
	return true;
}

/* The kernel would answer our messages with ICMP errors, and ARP for us. */
static bool check_interface(const struct gun_options *options, const char *name, char *error)
{
	struct ifaddrs *all = NULL;
	bool is_free = true;

	if (if_nametoindex(name) == 0)
		return fail(error,
			    "there is no interface %s here\n  'ip link' shows what there is in this network namespace",
			    name);
	if (getifaddrs(&all) != 0)
		return true;
	for (struct ifaddrs *at = all; at != NULL && is_free; at = at->ifa_next) {
		if (strcmp(at->ifa_name, name) != 0)
			continue;
		if ((at->ifa_flags & IFF_UP) == 0)
			is_free = fail(error, "interface %s is down\n  ip link set %s up", name, name);
		if (at->ifa_addr == NULL || at->ifa_addr->sa_family != AF_INET)
			continue;
		in_addr_t address = ((const struct sockaddr_in *)(const void *)at->ifa_addr)->sin_addr.s_addr;
		if (address == options->own[GUN_CALLER].address_be || address == options->own[GUN_CALLEE].address_be)
			is_free = fail(
				error,
				"interface %s has one of sipgun's addresses: the kernel would refuse what is for us\n"
				"  ip address flush dev %s",
				name, name);
	}
	freeifaddrs(all);
	return is_free;
}

/* What DPDK calls the device: af_packet:IFNAME and af_xdp:IFNAME are short for a driver with arguments. */
static bool write_device(char text[DEVICE_BYTES], const struct gun_options *options, uint32_t index, char *error)
{
	const char *device = options->device[index];
	int used;

	if (strncmp(device, "af_packet:", 10) == 0)
		used = snprintf(
			text, DEVICE_BYTES,
			"net_af_packet%u,iface=%s,qpairs=1,blocksz=4096,framesz=2048,framecnt=4096,qdisc_bypass=1",
			index, device + 10);
	else if (strncmp(device, "af_xdp:", 7) == 0)
		used = snprintf(text, DEVICE_BYTES,
				"net_af_xdp%u,iface=%s,start_queue=0,queue_count=1,force_copy=1,busy_budget=0", index,
				device + 7);
	else
		used = snprintf(text, DEVICE_BYTES, "%s", device);
	if (used >= DEVICE_BYTES)
		return fail(error, "device %s: the name is too long", device);
	const char *interface = strncmp(device, "af_packet:", 10) == 0 ? device + 10
				: strncmp(device, "af_xdp:", 7) == 0   ? device + 7
								       : NULL;
	return interface == NULL || check_interface(options, interface, error);
}

static bool create_pool(struct gun_ports *ports, const struct gun_options *options, char *error)
{
	ports->pool =
		rte_pktmbuf_pool_create("sipgun", options->buffers, POOL_CACHE_COUNT, 0, ROOM_BYTES, SOCKET_ID_ANY);
	return ports->pool != NULL ||
	       fail(error, "no memory for %u packets: %s", options->buffers, rte_strerror(rte_errno));
}

static int set_up_queues(const struct gun_ports *ports, uint16_t id)
{
	struct rte_eth_conf configuration;
	uint16_t receive = DESCRIPTOR_COUNT, transmit = DESCRIPTOR_COUNT;

	memset(&configuration, 0, sizeof(configuration));
	int status = rte_eth_dev_configure(id, 1, 1, &configuration);
	if (status == 0)
		status = rte_eth_dev_adjust_nb_rx_tx_desc(id, &receive, &transmit);
	if (status == 0)
		status = rte_eth_rx_queue_setup(id, 0, receive, SOCKET_ID_ANY, NULL, ports->pool);
	if (status == 0)
		status = rte_eth_tx_queue_setup(id, 0, transmit, SOCKET_ID_ANY, NULL);
	return status;
}

static bool wait_for_link(uint16_t id, const char *device, char *error)
{
	struct rte_eth_link link = {.link_status = RTE_ETH_LINK_DOWN};

	for (uint32_t waited_ms = 0; waited_ms < LINK_WAIT_MS; waited_ms += 10) {
		if (rte_eth_link_get_nowait(id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP)
			return true;
		rte_delay_us_sleep(10000);
	}
	return fail(
		error, "device %s: its link does not come up within %u s%s", device, LINK_WAIT_MS / 1000,
		strstr(device, "memif")
			? "\n  a memif has a link when its other side is there: start the router (role=server) first"
			: "");
}

static bool open_device(struct gun_ports *ports, const struct gun_options *options, uint32_t index, char *error)
{
	char device[DEVICE_BYTES], name[RTE_ETH_NAME_MAX_LEN];
	struct rte_ether_addr mac;

	if (!write_device(device, options, index, error))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(device, ","), device);
	/* A ring that a test made is there already. */
	int status = rte_eth_dev_get_port_by_name(name, &ports->id[index]) == 0 ? 0 : rte_dev_probe(device);
	if (status != 0 || rte_eth_dev_get_port_by_name(name, &ports->id[index]) != 0)
		return fail(error, "device %s: DPDK cannot open it: %s\n  see 'sipgun --help' for what --device takes",
			    options->device[index], rte_strerror(-status));
	ports->count = index + 1;
	status = set_up_queues(ports, ports->id[index]);
	if (status == 0)
		status = rte_eth_dev_start(ports->id[index]);
	if (status != 0)
		return fail(error, "device %s: it does not start: %s%s", options->device[index], rte_strerror(-status),
			    strstr(device, "memif")
				    ? "\n  a memif client finds its server only while it starts: start the router first"
				    : "");
	ports->is_started[index] = true;
	if (rte_eth_macaddr_get(ports->id[index], &mac) == 0)
		memcpy(ports->mac[index].byte, mac.addr_bytes, sizeof(ports->mac[index].byte));
	return wait_for_link(ports->id[index], options->device[index], error);
}

bool gun_port_open(struct gun_ports *ports, const struct gun_options *options, char error[GUN_PORT_ERROR_BYTES])
{
	*ports = (struct gun_ports){0};
	if (rte_lcore_id() == LCORE_ID_ANY && !start_dpdk(options, error))
		return false;
	if (!create_pool(ports, options, error))
		return false;
	for (uint32_t i = 0; i < options->device_count; i++)
		if (!open_device(ports, options, i, error))
			return false;
	return true;
}

void gun_port_close(struct gun_ports *ports)
{
	uint32_t level = rte_log_get_global_level();
	struct rte_eth_dev_info found;

	/* A driver complains of what it cannot undo while it goes. */
	rte_log_set_global_level(RTE_LOG_EMERG);
	for (uint32_t i = 0; i < ports->count; i++) {
		if (ports->is_started[i])
			rte_eth_dev_stop(ports->id[i]);
		int status = rte_eth_dev_info_get(ports->id[i], &found);
		rte_eth_dev_close(ports->id[i]);
		if (status == 0)
			rte_dev_remove((struct rte_device *)(uintptr_t)found.device);
	}
	rte_log_set_global_level(level);
	rte_mempool_free(ports->pool);
	*ports = (struct gun_ports){0};
}
