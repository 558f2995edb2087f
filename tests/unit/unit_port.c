/* Ports and lcores over a veth pair and over devices without a kernel, with an echo in place of the pipeline. Needs
 * root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_udp.h>

#include "dataplane_plan.h"
#include "kernel_socket.h"
#include "veth.h"
#include "worker.h"

#define SIP_PORT   5060
#define WAIT_MS	   5000 /* for a packet that will come */
#define NOTHING_MS 300	/* for one that must not */

static char error[DATAPLANE_ERROR_BYTES_MAX];

static uint64_t sum(const struct dataplane *dataplane, enum counter counter)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < dataplane->worker_count; i++)
		total += counters_load(&dataplane->counters[i]->value[counter]);
	return total;
}

static uint64_t wait_for(const struct dataplane *dataplane, enum counter counter, uint64_t at_least)
{
	for (int waited_ms = 0; waited_ms < WAIT_MS && sum(dataplane, counter) < at_least; waited_ms++)
		usleep(1000);
	return sum(dataplane, counter);
}

static struct dataplane_plan plan_of(enum port_profile profile, const char *device)
{
	struct dataplane_plan plan = {
		.worker_cpu = {0, 0, 1},
		.worker_count = 3,
		.port_count = 1,
		.memory = MEMORY_AUTO,
		.message_bytes_max = DATAPLANE_MESSAGE_BYTES_MAX,
		.mbuf_count = 2047,
		.nonce_set_count = 256,
		.transaction_count = 256,
		/* EAL's memory is that of the first plan, and the MTU of "lo" makes large buffers. */
		.table_bytes = 256u << 20,
	};

	plan.port[0].profile = profile;
	snprintf(plan.port[0].device, sizeof(plan.port[0].device), "%s", device);
	plan.port[0].sip_port = SIP_PORT;
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		plan.worker_cpu[2] = 0;
	return plan;
}

/* Frames that came between the opening of the sockets and their filter are in the queues: begin to count after them. */
static void forget_early_frames(struct dataplane *dataplane)
{
	usleep(NOTHING_MS * 1000);
	for (uint32_t i = 0; i < dataplane->worker_count; i++)
		memset(dataplane->counters[i], 0, sizeof(*dataplane->counters[i]));
}

static struct dataplane *start(const struct dataplane_plan *plan)
{
	struct dataplane *dataplane = NULL;

	if (dataplane_create(&dataplane, plan, error, sizeof(error)) != STATUS_OK)
		fail_msg("create: %s", error);
	if (dataplane_start(dataplane, error, sizeof(error)) != STATUS_OK)
		fail_msg("start: %s", error);
	if (plan->port[0].profile == PORT_KERNEL)
		forget_early_frames(dataplane);
	return dataplane;
}

static void refuses(const struct dataplane_plan *plan, enum status expected, const char *words)
{
	struct dataplane *dataplane = NULL;

	error[0] = '\0';
	if (dataplane_create(&dataplane, plan, error, sizeof(error)) != expected)
		fail_msg("refused otherwise: %s", error);
	assert_null(dataplane);
	if (strstr(error, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, error);
}

/* The first: DPDK is started once, and takes its CPUs then. */
static void test_cpu_that_is_not_there(void **state)
{
	(void)state;
	struct dataplane_plan plan = plan_of(PORT_KERNEL, "veth0");

	plan.worker_cpu[1] = 4095;
	refuses(&plan, STATUS_INVALID, "worker 1 cannot run on CPU 4095");
}

static void test_refusals(void **state)
{
	(void)state;
	struct dataplane_plan plan = plan_of(PORT_KERNEL, "absent0");

	refuses(&plan, STATUS_NOT_FOUND, "absent0");
	plan = plan_of(PORT_KERNEL, "lo");
	refuses(&plan, STATUS_INVALID, "no Ethernet");
	plan = plan_of(PORT_DIRECT, "net_nonsense0");
	refuses(&plan, STATUS_ENVIRONMENT, "net_nonsense0");
	plan = plan_of(PORT_KERNEL, "veth0");
	plan.message_bytes_max = DATAPLANE_MESSAGE_BYTES_MAX + 1;
	refuses(&plan, STATUS_INVALID, "max_message_bytes");
	plan.message_bytes_max = 4096;
	plan.worker_count = LCORES_MAX + 1;
	refuses(&plan, STATUS_INVALID, "node.lcores");
}

static int reserve(void)
{
	struct net_address local = {.port = SIP_PORT};
	int fd = -1;

	net_address_set_v4(local.ip, "\x0a\x5d\x00\x01");
	if (kernel_socket_open(&fd, &local, 0, error, sizeof(error)) != STATUS_OK)
		fail_msg("reserve: %s", error);
	return fd;
}

static int connect_peer(const struct veth *veth, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = veth_peer_socket(veth, AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	inet_pton(AF_INET, "10.93.0.1", &to.sin_addr);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Result: bytes that came, 0 for nothing, -ECONNREFUSED for an ICMP unreachable. */
static int receive(int fd, char *bytes, size_t capacity, int timeout_ms)
{
	struct pollfd waiting = {.fd = fd, .events = POLLIN};

	if (poll(&waiting, 1, timeout_ms) <= 0)
		return 0;
	ssize_t length = recv(fd, bytes, capacity, 0);
	return length < 0 ? -errno : (int)length;
}

static void test_kernel_port_echoes(void **state)
{
	const struct veth *veth = *state;
	struct dataplane_plan plan = plan_of(PORT_KERNEL, "veth0");
	struct dataplane *dataplane = start(&plan);
	char text[64], back[2048];
	int reserved = reserve();

	assert_int_equal(dataplane_find_port(dataplane, 0)->mtu_bytes, 1500);
	for (int flow = 0; flow < 12; flow++) {
		int fd = connect_peer(veth, SIP_PORT);
		int length = snprintf(text, sizeof(text), "OPTIONS sip:flow%d@10.93.0.1 SIP/2.0", flow);
		assert_int_equal(send(fd, text, (size_t)length, 0), length);
		assert_int_equal(receive(fd, back, sizeof(back), WAIT_MS), length);
		assert_memory_equal(back, text, (size_t)length);
		close(fd);
	}
	assert_int_equal(sum(dataplane, COUNTER_RECEIVED), 12);
	uint32_t workers_used = 0;
	for (uint32_t i = 0; i < 3; i++)
		workers_used += counters_load(&dataplane->counters[i]->value[COUNTER_RECEIVED]) > 0;
	assert_true(workers_used >= 2); /* the fanout hash spreads flows */
	close(reserved);
	assert_int_equal(dataplane_free(dataplane), 0);
}

/* The lcores reassemble: what the kernel puts together does not fit the driver's frames (packet_fanout.h). */
static void test_fragments_come_as_they_are(void **state)
{
	const struct veth *veth = *state;
	struct dataplane_plan plan = plan_of(PORT_KERNEL, "veth0");
	struct dataplane *dataplane = start(&plan);
	static char message[65507];
	uint32_t frames = (sizeof(message) + 8 + 1479) / 1480;
	int reserved = reserve(), fd = connect_peer(veth, SIP_PORT);

	memset(message, 'a', sizeof(message));
	assert_int_equal(send(fd, message, sizeof(message), 0), sizeof(message));
	assert_int_equal(wait_for(dataplane, COUNTER_RECEIVED, frames), frames);
	assert_int_equal(sum(dataplane, COUNTER_RECEIVED_BYTES), sizeof(message) + 8 + frames * (14 + 20));
	for (uint32_t i = 0, receivers = 0; i < 3; i++) {
		/* By addresses alone, so that one lcore has all parts. */
		receivers += counters_load(&dataplane->counters[i]->value[COUNTER_RECEIVED]) > 0;
		assert_true(receivers <= 1);
	}
	close(fd);
	close(reserved);
	assert_int_equal(dataplane_free(dataplane), 0);
}

/* Does the kernel behind veth0 answer an echo request of the peer? */
static bool answers_ping(const struct veth *veth, int family)
{
	bool v4 = family == AF_INET;
	struct sockaddr_in to_v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 to_v6 = {.sin6_family = AF_INET6};
	uint8_t request[8] = {v4 ? 8 : 128, 0, 0, 0, 0x93, 0x93, 0, 1}, reply[128];
	uint8_t expected = v4 ? 0 : 129;
	int fd = veth_peer_socket(veth, family, SOCK_RAW, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	bool answered = false;

	inet_pton(AF_INET, "10.93.0.1", &to_v4.sin_addr);
	inet_pton(AF_INET6, "fd93::1", &to_v6.sin6_addr);
	uint16_t checksum = (uint16_t)~rte_raw_cksum(request, sizeof(request));
	memcpy(request + 2, &checksum, 2); /* the kernel writes that of ICMPv6 */
	assert_int_equal(sendto(fd, request, sizeof(request), 0,
				v4 ? (struct sockaddr *)&to_v4 : (struct sockaddr *)&to_v6,
				v4 ? sizeof(to_v4) : sizeof(to_v6)),
			 sizeof(request));
	/* Raw sockets of IPv4 show the IP header; neighbour discovery may come first. */
	for (int tries = 0; tries < 8 && !answered; tries++)
		answered = receive(fd, (char *)reply, sizeof(reply), WAIT_MS) > 0 && reply[v4 ? 20 : 0] == expected;
	close(fd);
	return answered;
}

static void test_kernel_keeps_the_rest(void **state)
{
	const struct veth *veth = *state;
	struct dataplane_plan plan = plan_of(PORT_KERNEL, "veth0");
	struct dataplane *dataplane = start(&plan);
	struct net_address local = {.port = SIP_PORT};
	char back[64];
	int reserved = reserve(), second = -1;

	net_address_set_v4(local.ip, "\x0a\x5d\x00\x01");
	assert_int_equal(kernel_socket_open(&second, &local, 0, error, sizeof(error)), STATUS_CONFLICT);
	assert_non_null(strstr(error, "10.93.0.1 port 5060"));

	int fd = connect_peer(veth, SIP_PORT);
	assert_int_equal(send(fd, "x", 1, 0), 1); /* too short for our echo: an answer could only be ICMP */
	assert_int_equal(wait_for(dataplane, COUNTER_RECEIVED, 1), 1);
	assert_int_equal(receive(fd, back, sizeof(back), NOTHING_MS), 0);
	assert_int_equal(recv(reserved, back, sizeof(back), MSG_DONTWAIT), -1); /* nothing waits in the reservation */
	close(fd);

	fd = connect_peer(veth, SIP_PORT + 1);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	assert_int_equal(receive(fd, back, sizeof(back), WAIT_MS), -ECONNREFUSED); /* not ours: the kernel answers */
	close(fd);
	assert_true(answers_ping(veth, AF_INET));
	assert_true(answers_ping(veth, AF_INET6));
	assert_int_equal(sum(dataplane, COUNTER_RECEIVED), 1); /* none of it reached an lcore */
	close(reserved);
	assert_int_equal(dataplane_free(dataplane), 0);
}

static void test_interface_stays_as_it_was(void **state)
{
	(void)state;
	struct dataplane_plan plan = plan_of(PORT_KERNEL, "veth0");

	assert_int_equal(veth_run("ip link set veth0 promisc on"), 0);
	assert_int_equal(veth_run("ip -d link show veth0 > /tmp/unit_port.before"), 0);
	struct dataplane *dataplane = start(&plan);
	assert_int_equal(veth_run("ip link show veth0 | grep -q PROMISC"), 0);
	assert_int_equal(dataplane_free(dataplane), 0);
	assert_int_equal(veth_run("ip -d link show veth0 | diff - /tmp/unit_port.before; s=$?; rm "
				  "/tmp/unit_port.before; exit $s"),
			 0);
	assert_int_equal(veth_run("ip link set veth0 promisc off"), 0);
}

static void test_devices_without_kernel(void **state)
{
	(void)state;
	const char *const devices[] = {"net_ring_test", "net_null_test,size=64", "net_pcap_test,iface=veth0",
				       "net_memif_test,role=server,socket=@amity-unit-port"};

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		struct dataplane_plan plan = plan_of(PORT_DIRECT, devices[i]);
		plan.message_bytes_max = 2000;
		struct dataplane *dataplane = start(&plan);
		assert_int_equal(dataplane_find_port(dataplane, 0)->profile, PORT_DIRECT);
		dataplane_stop(dataplane);
		assert_int_equal(dataplane_free(dataplane), 0);
	}
}

/* The queue's socket, the program, the buffers: given back by each stop, so that the next start has them. */
static void test_xdp_port_comes_and_goes(void **state)
{
	const struct veth *veth = *state;
	struct dataplane_plan plan = plan_of(PORT_KERNEL, "veth0");
	struct wire_interface interface = {.sip_port = SIP_PORT, .address_count = 1};
	const struct wire wire = {.interface = &interface, .interface_count = 1};
	char text[64], back[2048];

	net_address_set_v4(interface.address[0], "\x0a\x5d\x00\x01");
	plan.port[0].driver = PORT_AF_XDP;
	for (int round = 0; round < 3; round++) {
		struct dataplane *dataplane = start(&plan);
		assert_string_equal(dataplane_find_port(dataplane, 0)->driver, "net_af_xdp");
		assert_int_equal(dataplane->transmit_queue_count[0], 1); /* of three workers, two send by the first */
		assert_int_equal(dataplane_set_own(dataplane, &wire), STATUS_OK);
		int reserved = reserve(), fd = connect_peer(veth, SIP_PORT);
		for (int i = 0; i < 50; i++) {
			int length = snprintf(text, sizeof(text), "OPTIONS sip:round%d.%d@10.93.0.1 SIP/2.0", round, i);
			assert_int_equal(send(fd, text, (size_t)length, 0), length);
			assert_int_equal(receive(fd, back, sizeof(back), WAIT_MS), length);
			assert_memory_equal(back, text, (size_t)length);
		}
		assert_int_equal(sum(dataplane, COUNTER_RECEIVED), 50);
		close(fd);
		close(reserved);
		assert_int_equal(veth_run("ip link show veth0 | grep -q xdp"), 0);
		assert_int_equal(dataplane_free(dataplane), 0);
		assert_int_equal(veth_run("ip link show veth0 | grep -q xdp"), 1);
	}
}

static void test_mbufs_are_counted(void **state)
{
	(void)state;
	struct dataplane_plan plan = plan_of(PORT_DIRECT, "net_ring_count");
	struct dataplane *dataplane = NULL;

	plan.message_bytes_max = 2000;
	assert_int_equal(dataplane_create(&dataplane, &plan, error, sizeof(error)), STATUS_OK);
	assert_true(rte_pktmbuf_priv_size(dataplane->pool) >= sizeof(struct punt));
	assert_true(rte_pktmbuf_priv_size(dataplane->large_pool) >= sizeof(struct punt));
	assert_true(rte_pktmbuf_data_room_size(dataplane->pool) < 4096); /* large messages cost large mbufs only */
	assert_int_equal(rte_ring_enqueue(dataplane->punt[0], rte_pktmbuf_alloc(dataplane->pool)), 0);
	assert_int_equal(rte_ring_enqueue(dataplane->steer[0][2], rte_pktmbuf_alloc(dataplane->pool)), 0);
	assert_int_equal(rte_ring_enqueue(dataplane->reinject[1], rte_pktmbuf_alloc(dataplane->pool)), 0);
	assert_null(dataplane->steer[1][1]);
	assert_non_null(rte_pktmbuf_alloc(dataplane->pool)); /* lost on purpose */
	assert_int_equal(dataplane_free(dataplane), 1);
}

int main(void)
{
	static struct veth veth;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_cpu_that_is_not_there, &veth),
		/* Needs the most memory, which DPDK takes for its first data plane. */
		cmocka_unit_test_prestate(test_xdp_port_comes_and_goes, &veth),
		cmocka_unit_test_prestate(test_refusals, &veth),
		cmocka_unit_test_prestate(test_kernel_port_echoes, &veth),
		cmocka_unit_test_prestate(test_fragments_come_as_they_are, &veth),
		cmocka_unit_test_prestate(test_kernel_keeps_the_rest, &veth),
		cmocka_unit_test_prestate(test_interface_stays_as_it_was, &veth),
		cmocka_unit_test_prestate(test_devices_without_kernel, &veth),
		cmocka_unit_test_prestate(test_mbufs_are_counted, &veth),
	};

	if (geteuid() != 0) {
		fprintf(stderr, "unit_port needs root for network namespaces: skipped\n");
		return 77;
	}
	if (!veth_set_up(&veth)) {
		perror("unit_port: no network namespaces");
		return 1;
	}
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	veth_tear_down(&veth);
	return failed;
}
