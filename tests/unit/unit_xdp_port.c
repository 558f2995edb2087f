/*
 * AF_XDP on an interface with several queues: a tap, whose other side is this test. What the lcores get, what stays the
 * kernel's, and that nothing is left. Needs root.
 */
#include "cmocka_all.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/if_tun.h>
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane_plan.h"
#include "worker.h"

#define QUEUES	   3
#define WORKERS	   2
#define SIP_PORT   5060
#define WAIT_MS	   5000
#define NOTHING_MS 300

static const uint8_t OWN_V6[16] = {0xfd, 0x94, [15] = 1};
static char error[DATAPLANE_ERROR_BYTES_MAX];

static int open_queue(void)
{
	struct ifreq request = {.ifr_name = "tap0", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0 ? fd : -1;
}

static int set_up(void **state)
{
	static int queue[QUEUES];

	if (unshare(CLONE_NEWNET) != 0)
		return -1;
	for (int i = 0; i < QUEUES; i++) {
		queue[i] = open_queue();
		if (queue[i] < 0)
			return -1;
	}
	*state = queue;
	/* No address: the kernel answers nothing by itself. */
	return system("sysctl -q net.ipv6.conf.tap0.disable_ipv6=1; ip link set tap0 up");
}

static struct dataplane_plan plan_of(uint32_t workers)
{
	struct dataplane_plan plan = {
		.worker_cpu = {0, 1},
		.worker_count = workers,
		.port_count = 1,
		.memory = MEMORY_AUTO,
		.message_bytes_max = 4000,
		.mbuf_count = 2047,
		.nonce_set_count = 256,
		.transaction_count = 256,
	};

	plan.port[0] = (struct port_plan){.driver = PORT_AF_XDP, .device = "tap0", .sip_port = SIP_PORT};
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		plan.worker_cpu[1] = 0;
	return plan;
}

static void set_own(struct dataplane *dataplane, uint32_t address_count)
{
	struct wire_interface interface = {.sip_port = SIP_PORT, .address_count = (uint8_t)address_count};
	const struct wire wire = {.interface = &interface, .interface_count = 1};

	net_address_set_v4(interface.address[0], "\x0a\x5e\x00\x01");
	memcpy(interface.address[1], OWN_V6, sizeof(OWN_V6));
	assert_int_equal(dataplane_set_own(dataplane, &wire), STATUS_OK);
}

/* One data plane for all tests: DPDK's driver lets go of the second and later queues only with the process. */
static struct dataplane *start(void)
{
	static struct dataplane *dataplane;
	struct dataplane_plan plan = plan_of(WORKERS);

	if (dataplane != NULL)
		return dataplane;
	if (dataplane_create(&dataplane, &plan, error, sizeof(error)) != STATUS_OK)
		fail_msg("create: %s", error);
	set_own(dataplane, 2);
	if (dataplane_start(dataplane, error, sizeof(error)) != STATUS_OK)
		fail_msg("start: %s", error);
	return dataplane;
}

static uint64_t count_received(const struct dataplane *dataplane)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < dataplane->worker_count; i++)
		total += counters_load(&dataplane->counters[i]->value[COUNTER_RECEIVED]);
	return total;
}

/* A frame of UDP over IPv4 to 10.94.0.1:5060, for tests to change. */
struct frame {
	struct rte_ether_hdr ethernet;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	char payload[64];
} __attribute__((packed, aligned(2)));

static struct frame make_frame(void)
{
	struct frame frame = {
		.ethernet = {.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4)},
		.ip = {.version_ihl = RTE_IPV4_VHL_DEF,
		       .total_length = rte_cpu_to_be_16(sizeof(frame) - sizeof(frame.ethernet)),
		       .time_to_live = 64,
		       .next_proto_id = IPPROTO_UDP,
		       .src_addr = RTE_BE32(0x0a5e0002),
		       .dst_addr = RTE_BE32(0x0a5e0001)},
		.udp = {.src_port = RTE_BE16(40000),
			.dst_port = RTE_BE16(SIP_PORT),
			.dgram_len = rte_cpu_to_be_16(sizeof(frame.udp) + sizeof(frame.payload))},
		.payload = "OPTIONS sip:10.94.0.1 SIP/2.0",
	};

	memset(frame.ethernet.dst_addr.addr_bytes, 0xff, RTE_ETHER_ADDR_LEN);
	frame.ip.hdr_checksum = rte_ipv4_cksum(&frame.ip);
	return frame;
}

/* Does the echo of `frame` come out of some queue? Packets of the kernel's own are passed over. */
static bool comes_back(const int *queue, const void *payload, size_t length, int timeout_ms)
{
	struct pollfd waiting[QUEUES];
	char bytes[2048];

	for (int i = 0; i < QUEUES; i++)
		waiting[i] = (struct pollfd){.fd = queue[i], .events = POLLIN};
	while (poll(waiting, QUEUES, timeout_ms) > 0)
		for (int i = 0; i < QUEUES; i++) {
			ssize_t got = read(queue[i], bytes, sizeof(bytes));
			if (got >= (ssize_t)length && memcmp(bytes + got - length, payload, length) == 0)
				return true;
		}
	return false;
}

static void test_every_queue_has_its_socket(void **state)
{
	const int *queue = *state;
	struct dataplane *dataplane = start();

	assert_int_equal(dataplane->transmit_queue_count[0], QUEUES);
	for (int i = 0; i < 3 * QUEUES; i++) {
		struct frame frame = make_frame();
		snprintf(frame.payload, sizeof(frame.payload), "frame %d", i);
		assert_int_equal(write(queue[i % QUEUES], &frame, sizeof(frame)), sizeof(frame));
		assert_true(comes_back(queue, frame.payload, sizeof(frame.payload), WAIT_MS));
	}
	assert_int_equal(count_received(dataplane), 3 * QUEUES);
	/* Three queues for two workers: one has two. */
	for (uint32_t i = 0; i < WORKERS; i++)
		assert_true(counters_load(&dataplane->counters[i]->value[COUNTER_RECEIVED]) >= 3);
}

static void write_and_expect(const int *queue, const struct dataplane *dataplane, const void *frame, size_t length,
			     uint32_t taken)
{
	uint64_t before = count_received(dataplane);

	assert_int_equal(write(queue[0], frame, length), (ssize_t)length);
	for (int waited_ms = 0; waited_ms < (taken ? WAIT_MS : NOTHING_MS); waited_ms++) {
		usleep(1000);
		if (taken && count_received(dataplane) == before + taken)
			break;
	}
	assert_int_equal(count_received(dataplane), before + taken);
}

static void test_only_ours_is_taken(void **state)
{
	const int *queue = *state;
	struct dataplane *dataplane = start();
	struct frame frame = make_frame();

	write_and_expect(queue, dataplane, &frame, sizeof(frame), 1);
	frame.udp.dst_port = RTE_BE16(SIP_PORT + 1);
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 0);
	frame = make_frame();
	frame.ip.dst_addr = RTE_BE32(0x0a5e0003); /* forwarded by the kernel to somebody else */
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 0);
	frame = make_frame();
	frame.ip.next_proto_id = IPPROTO_TCP;
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 0);
	frame = make_frame();
	frame.ip.fragment_offset =
		RTE_BE16(RTE_IPV4_HDR_MF_FLAG); /* the first fragment has the port, and is the kernel's */
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 0);
	frame.ip.fragment_offset = RTE_BE16(100);
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 0);
	frame.ip.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 1);
	frame = make_frame();
	frame.ethernet.ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN);
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 0);
	frame = make_frame();
	frame.ip.version_ihl = 0x4f; /* an IPv4 header of 60 bytes: the port is in what was payload, and not ours */
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 0);
	for (size_t length = sizeof(struct rte_ether_hdr); length < 42; length++) {
		frame = make_frame();
		write_and_expect(queue, dataplane, &frame, length, 0);
	}
}

static void test_ipv6(void **state)
{
	const int *queue = *state;
	struct dataplane *dataplane = start();
	struct {
		struct rte_ether_hdr ethernet;
		struct rte_ipv6_hdr ip;
		struct rte_udp_hdr udp;
		char payload[32];
	} __attribute__((packed, aligned(2))) frame = {
		.ethernet = {.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV6)},
		.ip = {.vtc_flow = RTE_BE32(6u << 28),
		       .payload_len = RTE_BE16(40),
		       .proto = IPPROTO_UDP,
		       .hop_limits = 64},
		.udp = {.dst_port = RTE_BE16(SIP_PORT), .dgram_len = RTE_BE16(40)},
	};

	memset(frame.ethernet.dst_addr.addr_bytes, 0xff, RTE_ETHER_ADDR_LEN);
	memcpy(frame.ip.dst_addr, OWN_V6, sizeof(OWN_V6));
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 1);
	frame.ip.proto = IPPROTO_FRAGMENT;
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 0);
	frame.ip.proto = IPPROTO_UDP;
	frame.ip.dst_addr[15] = 2;
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 0);
}

/* Addresses that are ours no more are the kernel's again at once. */
static void test_own_addresses_change(void **state)
{
	const int *queue = *state;
	struct dataplane *dataplane = start();
	struct frame frame = make_frame();

	write_and_expect(queue, dataplane, &frame, sizeof(frame), 1);
	set_own(dataplane, 0);
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 0);
	set_own(dataplane, 2);
	write_and_expect(queue, dataplane, &frame, sizeof(frame), 1);
}

/* The last. */
static void test_nothing_is_left(void **state)
{
	uint32_t id = 0;

	(void)state;
	assert_int_equal(bpf_xdp_query_id((int)if_nametoindex("tap0"), 0, &id), 0);
	assert_int_not_equal(id, 0);
	assert_int_equal(dataplane_free(start()), 0);
	assert_int_equal(bpf_xdp_query_id((int)if_nametoindex("tap0"), 0, &id), 0);
	assert_int_equal(id, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_queue_has_its_socket),
		cmocka_unit_test(test_only_ours_is_taken),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_own_addresses_change),
		cmocka_unit_test(test_nothing_is_left),
	};

	if (geteuid() != 0) {
		fprintf(stderr, "unit_xdp_port needs root for network namespaces: skipped\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, NULL);
}
