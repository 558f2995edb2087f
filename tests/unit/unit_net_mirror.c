/* The mirror follows a real kernel in namespaces of its own. Needs root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "kernel_socket.h"
#include "net_interface.h"
#include "net_mirror.h"
#include "veth.h"
#include "wire_build.h"

#define WAIT_S 10 /* for what must come; more than a round of verification */

static char error[512];

struct observer {
	struct event_base *base;
	struct net_mirror *mirror;
	const struct wire *wire;
	uint32_t published;
	uint32_t reports;
	uint32_t refusals; /* publications that are still to fail */
	enum net_mirror_link link;
	uint32_t link_changes;
	struct reservation_datagram undelivered; /* the last one, without its bytes */
	char undelivered_bytes[64];
	uint32_t undelivered_count;
};

static enum status take(void *argument, const struct wire *wire)
{
	struct observer *observer = argument;

	if (observer->refusals > 0) {
		observer->refusals--;
		return STATUS_NO_MEMORY;
	}
	wire_build_free((void *)(uintptr_t)observer->wire);
	observer->wire = wire;
	observer->published++;
	return STATUS_OK;
}

static void take_report(void *argument, const char *text)
{
	(void)text;
	((struct observer *)argument)->reports++;
}

static void take_link(void *argument, uint32_t index, enum net_mirror_link link)
{
	assert_int_equal(index, 0);
	((struct observer *)argument)->link = link;
	((struct observer *)argument)->link_changes++;
}

static void take_undelivered(void *argument, uint16_t interface, const struct reservation_datagram *datagram)
{
	struct observer *observer = argument;

	assert_int_equal(interface, 0);
	assert_true(datagram->is_unreachable && datagram->bytes.length < sizeof(observer->undelivered_bytes));
	memcpy(observer->undelivered_bytes, datagram->bytes.at, datagram->bytes.length);
	observer->undelivered_bytes[datagram->bytes.length] = '\0';
	observer->undelivered = *datagram;
	observer->undelivered_count++;
}

static void set_ip(uint8_t ip[16], const char *text)
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1)
		net_address_set_v4(ip, v4);
	else
		assert_int_equal(inet_pton(AF_INET6, text, ip), 1);
}

static enum status create(struct observer *observer, const struct net_mirror_interface *interface)
{
	memset(observer, 0, sizeof(*observer));
	observer->base = event_base_new();
	return net_mirror_create(&observer->mirror,
				 &(struct net_mirror_plan){
					 .base = observer->base,
					 .interface = interface,
					 .interface_count = 1,
					 .publish = take,
					 .report = take_report,
					 .link = take_link,
					 .receive = take_undelivered,
					 .argument = observer,
				 },
				 error, sizeof(error));
}

static void start(struct observer *observer)
{
	const struct net_mirror_interface interface = {.name = "veth0", .kernel = true, .port_id = 3, .sip_port = 5060};

	if (create(observer, &interface) != STATUS_OK)
		fail_msg("create: %s", error);
	assert_int_equal(observer->published, 1);
}

static void end(struct observer *observer)
{
	if (observer->mirror != NULL)
		net_mirror_free(observer->mirror);
	wire_build_free((void *)(uintptr_t)observer->wire);
	event_base_free(observer->base);
}

/* Lets the event loop run for a while. */
static void run_ms(struct observer *observer, long milliseconds)
{
	const struct timeval wait = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};

	event_base_loopexit(observer->base, &wait);
	event_base_dispatch(observer->base);
}

static enum wire_result look(const struct observer *observer, const char *ip, struct wire_hop *hop)
{
	uint8_t destination[16];

	set_ip(destination, ip);
	return wire_find_hop(hop, observer->wire, destination);
}

static void await(struct observer *observer, const char *ip, enum wire_result result)
{
	struct wire_hop hop;
	time_t deadline = time(NULL) + WAIT_S;

	while (look(observer, ip, &hop) != result && time(NULL) <= deadline)
		run_ms(observer, 5);
	if (look(observer, ip, &hop) != result)
		fail_msg("%s: result %d, not %d", ip, look(observer, ip, &hop), result);
}

static bool owns(const struct observer *observer, const char *ip)
{
	uint8_t address[16];

	set_ip(address, ip);
	return wire_find_own(observer->wire, address) != NULL;
}

static void await_owned(struct observer *observer, const char *ip, bool owned)
{
	time_t deadline = time(NULL) + WAIT_S;

	while (owns(observer, ip) != owned && time(NULL) <= deadline)
		run_ms(observer, 5);
	assert_true(owns(observer, ip) == owned);
}

static void test_first_table(void **state)
{
	(void)state;
	struct observer observer;
	struct net_interface shown;
	struct wire_hop hop;

	start(&observer);
	assert_int_equal(net_interface_discover(&shown, "veth0", error, sizeof(error)), STATUS_OK);
	const struct wire_interface *interface = &observer.wire->interface[0];
	assert_ptr_equal(net_mirror_wire(observer.mirror), observer.wire);
	assert_string_equal(interface->name, "veth0");
	assert_int_equal(interface->port_id, 3);
	assert_int_equal(interface->mtu, 1500);
	assert_memory_equal(interface->mac, shown.mac, 6);
	assert_int_equal(interface->address_count, 3);
	assert_int_equal(shown.address_count, 3);
	assert_true(shown.up);
	assert_true(owns(&observer, "10.93.0.1") && owns(&observer, "fd93::1"));
	assert_int_equal(interface->address[2][0], 0xfe); /* the link-local one is last */
	assert_int_equal(look(&observer, "203.0.113.1", &hop), WIRE_NO_ROUTE);
	end(&observer);
}

static void test_refusals(void **state)
{
	(void)state;
	struct net_mirror_interface interface = {.name = "absent0", .kernel = true, .sip_port = 5060};
	struct observer first, second;
	struct net_interface shown;

	assert_int_equal(create(&first, &interface), STATUS_NOT_FOUND);
	assert_non_null(strstr(error, "absent0"));
	end(&first);
	strcpy(interface.name, "veth0");
	interface.address_count = 1;
	set_ip(interface.address[0].ip, "10.1.2.3");
	assert_int_equal(create(&first, &interface), STATUS_NOT_FOUND);
	assert_non_null(strstr(error, "configured addresses"));
	end(&first);
	start(&first);
	interface.address_count = 0;
	assert_int_equal(create(&second, &interface), STATUS_CONFLICT);
	assert_non_null(strstr(error, "belongs to another program"));
	end(&second);
	end(&first);
	assert_int_equal(net_interface_discover(&shown, "absent0", error, sizeof(error)), STATUS_NOT_FOUND);
	assert_non_null(strstr(error, " veth0"));
}

static void test_kernel_sends_and_resolves(void **state)
{
	const struct veth *veth = *state;
	struct net_address local = {.port = 5060}, peer = {.port = 5070};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(5070)}, from;
	socklen_t length = sizeof(from);
	struct observer observer;
	struct wire_hop hop;
	char bytes[32];
	int fd = veth_peer_socket(veth, AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	start(&observer);
	await(&observer, "10.93.0.2", WIRE_NEIGHBOUR_UNKNOWN);
	set_ip(local.ip, "10.93.0.1");
	set_ip(peer.ip, "10.93.0.2");
	assert_int_equal(net_mirror_send(observer.mirror, &local, 0, &peer, SPAN_LITERAL("hello")), STATUS_OK);
	assert_int_equal(recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &length), 5);
	assert_int_equal(ntohs(from.sin_port), 5060);
	await(&observer, "10.93.0.2", WIRE_OK);
	assert_int_equal(look(&observer, "10.93.0.2", &hop), WIRE_OK);
	snprintf(bytes, sizeof(bytes), "%02x:%02x:%02x:%02x:%02x:%02x", hop.mac[0], hop.mac[1], hop.mac[2], hop.mac[3],
		 hop.mac[4], hop.mac[5]);
	assert_int_equal(veth_run("nsenter -t %d -n ip link show veth1 | grep -q %s", (int)veth->peer, bytes), 0);
	set_ip(local.ip, "10.93.0.77");
	assert_int_equal(net_mirror_send(observer.mirror, &local, 0, &peer, SPAN_LITERAL("hello")), STATUS_NOT_FOUND);
	assert_int_equal(veth_run("ip neigh del 10.93.0.2 dev veth0"), 0);
	await(&observer, "10.93.0.2", WIRE_NEIGHBOUR_UNKNOWN);
	end(&observer);
	close(fd);
}

/* An error waits until it is read, and nothing more then: an event loop would turn without end. */
static void test_errors_of_a_socket(void **state)
{
	(void)state;
	struct net_address local = {.port = 5062}, peer = {.port = 9};
	struct kernel_socket_error told;
	struct pollfd waiting = {.events = POLLIN};
	char bytes[64];

	set_ip(local.ip, "10.93.0.1");
	set_ip(peer.ip, "10.93.0.2");
	assert_int_equal(kernel_socket_open(&waiting.fd, &local, 0, error, sizeof(error)), STATUS_OK);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(kernel_socket_send(waiting.fd, &local, 0, &peer, SPAN_LITERAL("hello")), STATUS_OK);
		assert_int_equal(poll(&waiting, 1, WAIT_S * 1000), 1);
		assert_int_equal(kernel_socket_receive_error(waiting.fd, &told, bytes, sizeof(bytes)), 5);
		assert_memory_equal(bytes, "hello", 5);
		assert_memory_equal(told.reporter, peer.ip, 16); /* a closed port of a host that is there */
		assert_memory_equal(&told.peer, &peer, sizeof(peer));
		assert_int_equal(kernel_socket_receive_error(waiting.fd, &told, bytes, sizeof(bytes)), -1);
		assert_int_equal(poll(&waiting, 1, 0), 0);
	}
	close(waiting.fd);
}

/* No neighbour has the address. A closed port is said by the wire, and is nothing new here. */
static void test_what_cannot_be_delivered(void **state)
{
	(void)state;
	static const char *const addresses[][2] = {{"10.93.0.1", "10.93.0.99"}, {"fd93::1", "fd93::99"}};
	struct net_address local = {.port = 5060}, peer = {.port = 5070};
	struct observer observer;

	start(&observer);
	set_ip(local.ip, "10.93.0.1");
	set_ip(peer.ip, "10.93.0.2");
	assert_int_equal(net_mirror_send(observer.mirror, &local, 0, &peer, SPAN_LITERAL("refused")), STATUS_OK);
	await(&observer, "10.93.0.2", WIRE_OK);
	run_ms(&observer, 100);
	assert_int_equal(observer.undelivered_count, 0);
	for (uint32_t i = 0; i < 2; i++) {
		time_t deadline = time(NULL) + WAIT_S;
		set_ip(local.ip, addresses[i][0]);
		set_ip(peer.ip, addresses[i][1]);
		assert_int_equal(net_mirror_send(observer.mirror, &local, 0, &peer, SPAN_LITERAL("to nobody")),
				 STATUS_OK);
		while (observer.undelivered_count == i && time(NULL) <= deadline)
			run_ms(&observer, 5);
		assert_int_equal(observer.undelivered_count, i + 1);
		assert_string_equal(observer.undelivered_bytes, "to nobody");
		assert_memory_equal(&observer.undelivered.local, &local, sizeof(local));
		assert_memory_equal(&observer.undelivered.peer, &peer, sizeof(peer));
	}
	assert_int_equal(veth_run("ip neigh del 10.93.0.2 dev veth0"), 0);
	await(&observer, "10.93.0.2", WIRE_NEIGHBOUR_UNKNOWN);
	end(&observer);
}

static void test_routes_and_gateways(void **state)
{
	(void)state;
	struct observer observer;

	start(&observer);
	assert_int_equal(veth_run("ip route add 10.99.0.0/16 via 10.93.0.2"), 0);
	await(&observer, "10.99.1.1", WIRE_OK); /* the mirror has the gateway resolved */
	assert_int_equal(veth_run("ip -6 route add 2001:db8::/32 via fd93::2"), 0);
	await(&observer, "2001:db8::7", WIRE_OK);
	assert_int_equal(veth_run("ip -4 route add default via inet6 fd93::2 dev veth0"), 0);
	await(&observer, "203.0.113.9", WIRE_OK);
	assert_int_equal(veth_run("ip route add blackhole 10.99.7.0/24"), 0);
	await(&observer, "10.99.7.1", WIRE_NO_ROUTE);
	assert_int_equal(veth_run("ip link add other0 type veth peer name other1 && ip link set other0 up && ip link "
				  "set other1 up && ip route add 10.99.8.0/24 "
				  "dev other0"),
			 0);
	await(&observer, "10.99.8.1", WIRE_NO_ROUTE); /* the kernel sends it elsewhere */
	await(&observer, "10.99.9.1", WIRE_OK);
	assert_int_equal(veth_run("ip link del other0; ip route del 10.99.0.0/16; ip -4 route del default; "
				  "ip route del blackhole 10.99.7.0/24; ip -6 route del 2001:db8::/32"),
			 0);
	await(&observer, "10.99.9.1", WIRE_NO_ROUTE);
	await(&observer, "2001:db8::7", WIRE_NO_ROUTE);
	end(&observer);
}

static void test_addresses_come_and_go(void **state)
{
	(void)state;
	struct net_address local = {.port = 5060}, peer = {.port = 5070};
	struct observer observer;

	start(&observer);
	assert_int_equal(veth_run("ip addr add 10.94.0.1/24 dev veth0"), 0);
	await_owned(&observer, "10.94.0.1", true);
	set_ip(local.ip, "10.94.0.1");
	set_ip(peer.ip, "10.94.0.2");
	assert_int_equal(net_mirror_send(observer.mirror, &local, 0, &peer, SPAN_LITERAL("x")),
			 STATUS_OK); /* it is reserved */
	assert_int_equal(veth_run("ip addr del 10.94.0.1/24 dev veth0"), 0);
	await_owned(&observer, "10.94.0.1", false);
	assert_int_equal(net_mirror_send(observer.mirror, &local, 0, &peer, SPAN_LITERAL("x")), STATUS_NOT_FOUND);
	end(&observer);
}

static void test_link_down_and_up(void **state)
{
	(void)state;
	struct observer observer;

	start(&observer);
	assert_int_equal(veth_run("ip link set veth0 mtu 1400 down"), 0);
	await(&observer, "10.93.0.2", WIRE_NO_ROUTE);
	assert_int_equal(observer.wire->interface[0].mtu, 1400);
	assert_int_equal(veth_run("ip link set veth0 mtu 1500 up && ip addr add fd93::1/64 dev veth0 nodad"), 0);
	await(&observer, "10.93.0.2", WIRE_NEIGHBOUR_UNKNOWN);
	await_owned(&observer, "fd93::1", true);
	end(&observer);
}

static void test_publication_that_fails_comes_later(void **state)
{
	(void)state;
	struct observer observer;

	start(&observer);
	observer.refusals = 1;
	assert_int_equal(veth_run("ip addr add 10.94.0.1/24 dev veth0"), 0);
	await_owned(&observer, "10.94.0.1", true);
	assert_int_equal(observer.refusals, 0);
	assert_int_equal(observer.reports, 1);
	assert_int_equal(veth_run("ip addr del 10.94.0.1/24 dev veth0"), 0);
	await_owned(&observer, "10.94.0.1", false);
	end(&observer);
}

static void await_link(struct observer *observer, enum net_mirror_link link)
{
	time_t deadline = time(NULL) + WAIT_S;

	while (observer->link != link && time(NULL) <= deadline)
		run_ms(observer, 5);
	assert_int_equal(observer->link, link);
	assert_int_equal(net_mirror_link(observer->mirror, 0), link);
}

static void test_link_states(void **state)
{
	(void)state;
	struct observer observer;

	start(&observer);
	assert_int_equal(net_mirror_link(observer.mirror, 0), NET_MIRROR_LINK_UP);
	assert_int_equal(veth_run("ip link set veth0 down"), 0);
	await_link(&observer, NET_MIRROR_LINK_DOWN);
	assert_int_equal(veth_run("ip link set veth0 up && ip addr add fd93::1/64 dev veth0 nodad"), 0);
	await_link(&observer, NET_MIRROR_LINK_UP);
	assert_string_equal(net_mirror_link_text(observer.link), "up");
	assert_int_equal(observer.link_changes, 2);
	/* Both events wait when the mirror gets to read; what hangs on the interface was down all the same. */
	assert_int_equal(veth_run("ip link set veth0 down && ip link set veth0 up && "
				  "ip addr add fd93::1/64 dev veth0 nodad"),
			 0);
	run_ms(&observer, 300);
	assert_int_equal(observer.link_changes, 4);
	assert_int_equal(observer.link, NET_MIRROR_LINK_UP);
	end(&observer);
}

/* Another interface that has the name is none that a port is open on: nothing of it is ours. */
static void test_interface_that_was_made_anew(void **state)
{
	(void)state;
	struct net_mirror_interface interface = {.name = "again0", .kernel = true, .sip_port = 5060};
	struct observer observer;

	static const char make[] = "ip link add again0 type veth peer name again1 && ip link set again1 up && "
				   "ip link set again0 up && ip addr add 10.95.0.1/24 dev again0";
	assert_int_equal(veth_run(make), 0);
	interface.link_index = if_nametoindex("again0");
	if (create(&observer, &interface) != STATUS_OK)
		fail_msg("create: %s", error);
	await_owned(&observer, "10.95.0.1", true);
	assert_int_equal(veth_run("ip link del again0"), 0);
	await_link(&observer, NET_MIRROR_LINK_GONE);
	await_owned(&observer, "10.95.0.1", false);
	assert_int_equal(veth_run(make), 0);
	await_link(&observer, NET_MIRROR_LINK_REMADE);
	assert_false(owns(&observer, "10.95.0.1"));
	end(&observer);
	assert_int_equal(veth_run("ip link del again0"), 0);
}

static void test_quiet_without_change(void **state)
{
	(void)state;
	struct observer observer;

	start(&observer);
	run_ms(&observer, 1000);
	uint32_t before = observer.published;
	assert_int_equal(
		veth_run(
			"ip link add other0 type veth peer name other1 && ip link set other0 up && ip link del other0"),
		0);
	run_ms(&observer, 300);
	assert_int_equal(observer.published, before);
	assert_int_equal(observer.reports, 0);
	end(&observer);
}

static void test_moved_neighbour_is_found_out(void **state)
{
	(void)state;
	struct net_address local = {.port = 5060}, peer = {.port = 5070};
	struct observer observer;
	struct wire_hop hop;

	/* The kernel's own pace would take nine seconds. */
	assert_int_equal(veth_run("echo 1 > /proc/sys/net/ipv4/neigh/veth0/delay_first_probe_time && "
				  "echo 50 > /proc/sys/net/ipv4/neigh/veth0/retrans_time_ms && "
				  "ip neigh replace 10.93.0.2 lladdr 02:00:00:00:00:99 dev veth0 nud stale"),
			 0);
	start(&observer); /* the first table has verified what is stale, though the kernel sees nobody use it */
	await(&observer, "10.93.0.2", WIRE_OK);
	await(&observer, "10.93.0.2", WIRE_NEIGHBOUR_UNKNOWN);
	set_ip(local.ip, "10.93.0.1");
	set_ip(peer.ip, "10.93.0.2");
	assert_int_equal(net_mirror_send(observer.mirror, &local, 0, &peer, SPAN_LITERAL("x")), STATUS_OK);
	await(&observer, "10.93.0.2", WIRE_OK);
	assert_int_equal(look(&observer, "10.93.0.2", &hop), WIRE_OK);
	assert_int_not_equal(hop.mac[5], 0x99);
	end(&observer);
}

static void test_direct_interface(void **state)
{
	(void)state;
	struct net_peer peers[] = {{.mac = {2, 0, 0, 0, 0, 7}}, {.mac = {2, 0, 0, 0, 0, 8}}};
	struct net_mirror_interface interface = {
		.name = "net_ring0",
		.sip_port = 5060,
		.mtu_bytes = 1500,
		.vlan = 100,
		.mac = {2, 0, 0, 0, 0, 1},
		.address_count = 1,
		.address = {{.length_bits = 96 + 24}},
		.peer = peers,
		.peer_count = 2,
	};
	struct observer observer;
	struct wire_hop hop;

	set_ip(interface.address[0].ip, "10.50.0.1");
	set_ip(peers[0].ip, "10.50.0.7");
	set_ip(peers[1].ip, "198.51.100.8");
	if (create(&observer, &interface) != STATUS_OK)
		fail_msg("create: %s", error);
	assert_int_equal(look(&observer, "10.50.0.7", &hop), WIRE_OK);
	assert_int_equal(hop.mac[5], 7);
	assert_int_equal(look(&observer, "198.51.100.8", &hop), WIRE_OK);
	assert_int_equal(hop.source[15], 1);
	assert_int_equal(look(&observer, "10.50.0.9", &hop), WIRE_NEIGHBOUR_UNKNOWN);
	assert_int_equal(look(&observer, "10.93.0.2", &hop), WIRE_NO_ROUTE); /* the kernel's, not ours */
	assert_int_equal(observer.wire->interface[0].mac[5], 1);
	assert_int_equal(observer.wire->interface[0].vlan, 100);
	end(&observer);
}

int main(void)
{
	static struct veth veth;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_first_table, &veth),
		cmocka_unit_test_prestate(test_refusals, &veth),
		cmocka_unit_test_prestate(test_kernel_sends_and_resolves, &veth),
		cmocka_unit_test_prestate(test_errors_of_a_socket, &veth),
		cmocka_unit_test_prestate(test_what_cannot_be_delivered, &veth),
		cmocka_unit_test_prestate(test_routes_and_gateways, &veth),
		cmocka_unit_test_prestate(test_addresses_come_and_go, &veth),
		cmocka_unit_test_prestate(test_link_down_and_up, &veth),
		cmocka_unit_test_prestate(test_publication_that_fails_comes_later, &veth),
		cmocka_unit_test_prestate(test_link_states, &veth),
		cmocka_unit_test_prestate(test_interface_that_was_made_anew, &veth),
		cmocka_unit_test_prestate(test_quiet_without_change, &veth),
		cmocka_unit_test_prestate(test_moved_neighbour_is_found_out, &veth),
		cmocka_unit_test_prestate(test_direct_interface, &veth),
	};

	if (geteuid() != 0) {
		fprintf(stderr, "unit_net_mirror needs root for network namespaces: skipped\n");
		return 77;
	}
	if (!veth_set_up(&veth)) {
		perror("unit_net_mirror: no network namespaces");
		return 1;
	}
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	veth_tear_down(&veth);
	return failed;
}
