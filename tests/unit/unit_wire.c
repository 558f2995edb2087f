/* Hops, own addresses, and the builder against a naive model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire.h"
#include "wire_build.h"

static void set_ip(uint8_t ip[16], const char *text)
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1)
		net_address_set_v4(ip, v4);
	else
		assert_int_equal(inet_pton(AF_INET6, text, ip), 1);
}

static struct wire_interface interface_of(const char *name, const char *v4, const char *v6, const char *link_local)
{
	struct wire_interface interface = {.mtu = 1500, .sip_port = 5060};

	snprintf(interface.name, sizeof(interface.name), "%s", name);
	set_ip(interface.address[interface.address_count++], v4);
	set_ip(interface.address[interface.address_count++], v6);
	set_ip(interface.address[interface.address_count++], link_local);
	return interface;
}

static struct wire_build_route route_of(const char *prefix, uint8_t bits, const char *gateway, uint16_t interface,
					uint32_t metric)
{
	struct wire_build_route route = {.metric = metric};

	set_ip(route.route.prefix.ip, prefix);
	route.route.prefix.length_bits = (uint8_t)(net_address_is_v4(route.route.prefix.ip) ? 96 + bits : bits);
	route.route.interface = interface;
	if (gateway != NULL)
		set_ip(route.route.gateway, gateway);
	return route;
}

static struct wire_neighbour neighbour_of(uint16_t interface, const char *ip, uint8_t mac)
{
	struct wire_neighbour neighbour = {.interface = interface, .mac = {2, 0, 0, 0, 0, mac}};

	set_ip(neighbour.ip, ip);
	return neighbour;
}

static struct wire *example(void)
{
	const struct wire_interface interface[] = {
		interface_of("a", "10.0.0.1", "fd00::1", "fe80::1"),
		interface_of("b", "192.0.2.1", "2001:db8::1", "fe80::2"),
	};
	struct wire_build_route route[] = {
		route_of("0.0.0.0", 0, "192.0.2.254", 1, 0),
		route_of("10.0.0.0", 24, NULL, 0, 0),
		route_of("10.9.0.0", 16, "10.0.0.9", 0, 20),
		route_of("10.9.0.0", 16, "192.0.2.9", 1, 10), /* the better metric */
		route_of("10.9.9.0", 24, "10.0.0.9", 0, 500), /* longer beats better */
		route_of("172.16.0.0", 12, NULL, WIRE_NO_INTERFACE, 0),
		route_of("192.0.2.0", 24, NULL, 1, 0),
		route_of("::", 0, "fe80::fe", 1, 1024),
		route_of("fd00::", 64, NULL, 0, 256),
		route_of("fe80::", 64, NULL, 1, 256),
	};
	const struct wire_neighbour neighbour[] = {
		neighbour_of(1, "192.0.2.254", 0xfe), neighbour_of(0, "10.0.0.9", 9),	 neighbour_of(0, "10.0.0.2", 2),
		neighbour_of(1, "fe80::fe", 0xf6),    neighbour_of(1, "10.0.0.2", 0x12), neighbour_of(0, "10.0.0.2", 2),
	};

	set_ip(route[6].route.source, "192.0.2.1");
	struct wire *wire = wire_build_create(&(struct wire_build_input){interface, route, neighbour, 2, 10, 6});
	assert_non_null(wire);
	return wire;
}

static void expect_hop(const struct wire *wire, const char *ip, enum wire_result result, const char *name,
		       const char *source, uint8_t mac)
{
	struct wire_hop hop = {.interface = NULL};
	uint8_t destination[16], expected[16];

	set_ip(destination, ip);
	assert_int_equal(wire_find_hop(&hop, wire, destination), result);
	if (result == WIRE_NO_ROUTE)
		return;
	set_ip(expected, source);
	assert_string_equal(hop.interface->name, name);
	assert_memory_equal(hop.source, expected, 16);
	assert_int_equal(hop.mac[5], result == WIRE_OK ? mac : 0);
}

static void test_hops(void **state)
{
	(void)state;
	struct wire *wire = example();

	expect_hop(wire, "10.0.0.2", WIRE_OK, "a", "10.0.0.1", 2);
	expect_hop(wire, "10.0.0.3", WIRE_NEIGHBOUR_UNKNOWN, "a", "10.0.0.1", 0);
	expect_hop(wire, "198.51.100.7", WIRE_OK, "b", "192.0.2.1", 0xfe);
	expect_hop(wire, "10.9.1.1", WIRE_NEIGHBOUR_UNKNOWN, "b", "192.0.2.1", 0);
	expect_hop(wire, "10.9.9.1", WIRE_OK, "a", "10.0.0.1", 9);
	expect_hop(wire, "172.20.1.1", WIRE_NO_ROUTE, NULL, NULL, 0); /* not by the default route */
	expect_hop(wire, "2001:db8:ffff::1", WIRE_OK, "b", "2001:db8::1", 0xf6);
	expect_hop(wire, "fd00::7", WIRE_NEIGHBOUR_UNKNOWN, "a", "fd00::1", 0);
	expect_hop(wire, "fe80::fe", WIRE_OK, "b", "fe80::2", 0xf6); /* a source of the same scope */
	assert_int_equal(wire->route_count, 10);		     /* the best of each interface */
	assert_int_equal(wire->neighbour_count, 5);		     /* one stood twice */
	wire_build_free(wire);
}

static void expect_way_back(const struct wire *wire, const char *ip, const char *entry_ip, uint16_t interface,
			    const char *name, const char *source)
{
	struct net_entry entry = {.interface = interface};
	struct wire_hop hop = {.interface = NULL};
	uint8_t destination[16], expected[16];

	set_ip(destination, ip);
	set_ip(entry.ip, entry_ip);
	assert_int_not_equal(wire_find_way_back(&hop, wire, destination, &entry), WIRE_NO_ROUTE);
	set_ip(expected, source);
	assert_string_equal(hop.interface->name, name);
	assert_memory_equal(hop.source, expected, 16);
}

static void test_way_back(void **state)
{
	(void)state;
	struct wire *wire = example();
	struct net_entry entry = {.interface = 0};
	struct wire_hop hop;
	uint8_t ip[16];

	/* The entry's interface has a route, though not the best one. */
	expect_way_back(wire, "10.9.1.1", "10.0.0.1", 0, "a", "10.0.0.1");
	expect_way_back(wire, "10.9.1.1", "192.0.2.1", 1, "b", "192.0.2.1");
	/* Asked at the address of the other interface: answered from it, by the interface that it came in by. */
	expect_way_back(wire, "10.9.1.1", "192.0.2.1", 0, "a", "192.0.2.1");
	/* No route of that interface: the usual one, with the address that was asked. */
	expect_way_back(wire, "198.51.100.7", "10.0.0.1", 0, "b", "10.0.0.1");
	/* An address or interface that is gone: as if nothing were known. */
	expect_way_back(wire, "10.9.1.1", "10.0.0.77", 0, "b", "192.0.2.1");
	expect_way_back(wire, "10.0.0.2", "10.0.0.1", 7, "a", "10.0.0.1");
	/* The families do not mix. */
	expect_way_back(wire, "10.0.0.2", "fd00::1", 0, "a", "10.0.0.1");
	expect_way_back(wire, "fe80::fe", "2001:db8::1", 1, "b", "2001:db8::1");
	set_ip(entry.ip, "10.0.0.1");
	set_ip(ip, "172.20.1.1");
	assert_int_equal(wire_find_way_back(&hop, wire, ip, &entry), WIRE_NO_ROUTE);
	wire_build_free(wire);
}

static void test_way_back_keeps_the_sip_port(void **state)
{
	(void)state;
	struct wire *wire = example();

	/* SIP has another port there: its address would not be the one that was asked at. */
	((struct wire_interface *)(uintptr_t)wire->interface)[1].sip_port = 5080;
	expect_way_back(wire, "10.9.1.1", "192.0.2.1", 0, "a", "10.0.0.1");
	expect_way_back(wire, "10.9.1.1", "192.0.2.1", 1, "b", "192.0.2.1");
	wire_build_free(wire);
}

static void test_ipv6_default_is_none_for_ipv4(void **state)
{
	(void)state;
	const struct wire_interface interface = interface_of("a", "10.0.0.1", "fd00::1", "fe80::1");
	const struct wire_build_route route = route_of("::", 0, "fe80::fe", 0, 0);
	struct wire *wire = wire_build_create(&(struct wire_build_input){&interface, &route, NULL, 1, 1, 0});

	expect_hop(wire, "10.0.0.2", WIRE_NO_ROUTE, NULL, NULL, 0);
	expect_hop(wire, "2001:db8::7", WIRE_NEIGHBOUR_UNKNOWN, "a", "fd00::1", 0);
	wire_build_free(wire);
}

static void test_without_an_address_of_the_family(void **state)
{
	(void)state;
	struct wire_interface interface = {.address_count = 1};
	const struct wire_build_route route = route_of("::", 0, "fe80::fe", 0, 0);

	set_ip(interface.address[0], "10.0.0.1");
	struct wire *wire = wire_build_create(&(struct wire_build_input){&interface, &route, NULL, 1, 1, 0});
	expect_hop(wire, "2001:db8::7", WIRE_NO_ROUTE, NULL, NULL, 0);
	wire_build_free(wire);
}

static void test_own_addresses(void **state)
{
	(void)state;
	struct wire *wire = example();
	uint8_t ip[16];

	set_ip(ip, "2001:db8::1");
	assert_string_equal(wire_find_own(wire, ip)->name, "b");
	set_ip(ip, "10.0.0.1");
	assert_string_equal(wire_find_own(wire, ip)->name, "a");
	set_ip(ip, "10.0.0.2");
	assert_null(wire_find_own(wire, ip));
	set_ip(ip, "::");
	assert_null(wire_find_own(wire, ip));
	wire_build_free(wire);
}

static void test_empty_and_equal(void **state)
{
	(void)state;
	struct wire *none = wire_build_create(&(struct wire_build_input){.interface_count = 0});
	struct wire *a = example(), *b = example();

	expect_hop(none, "10.0.0.2", WIRE_NO_ROUTE, NULL, NULL, 0);
	assert_true(wire_build_equals(a, b));
	assert_false(wire_build_equals(a, none));
	((struct wire_neighbour *)(uintptr_t)b->neighbour)[1].mac[0]++;
	assert_false(wire_build_equals(a, b));
	wire_build_free(none);
	wire_build_free(a);
	wire_build_free(b);
	wire_build_free(NULL);
}

/* The best route by going through all of them: longest, least metric. Result: index, or -1. */
static int find_naively(const struct wire_build_route *routes, int count, const uint8_t ip[16])
{
	int best = -1;

	for (int i = 0; i < count; i++) {
		if (!net_prefix_contains(&routes[i].route.prefix, ip))
			continue;
		int longer = best < 0 ? 1 : routes[i].route.prefix.length_bits - routes[best].route.prefix.length_bits;
		if (longer > 0 || (longer == 0 && routes[i].metric < routes[best].metric))
			best = i;
	}
	return best;
}

static void test_against_naive_model(void **state)
{
	(void)state;
	const struct wire_interface interface = interface_of("a", "10.0.0.1", "fd00::1", "fe80::1");
	struct wire_build_route routes[40];
	unsigned int seed = 20260101;

	for (int round = 0; round < 500; round++) {
		memset(routes, 0, sizeof(routes));
		for (int i = 0; i < 40; i++) {
			uint8_t bits = (uint8_t)(rand_r(&seed) % 33);
			uint32_t network = (uint32_t)(rand_r(&seed) % 4) << 30 | (uint32_t)(rand_r(&seed) % 4);
			network = htonl(bits ? network & (0xffffffffu << (32 - bits)) : 0);
			net_address_set_v4(routes[i].route.prefix.ip, &network);
			routes[i].route.prefix.length_bits = (uint8_t)(96 + bits);
			routes[i].metric = (uint32_t)i; /* unique: no ties */
			net_address_set_v4(routes[i].route.source, "\x0a\0\0\0");
			routes[i].route.source[15] = (uint8_t)i; /* tells which one was found */
		}
		struct wire *wire = wire_build_create(&(struct wire_build_input){&interface, routes, NULL, 1, 40, 0});
		for (int look = 0; look < 20; look++) {
			uint32_t address = htonl((uint32_t)(rand_r(&seed) % 4) << 30 | (uint32_t)(rand_r(&seed) % 4));
			struct wire_hop hop;
			uint8_t ip[16];
			net_address_set_v4(ip, &address);
			int best = find_naively(routes, 40, ip);
			assert_int_equal(wire_find_hop(&hop, wire, ip),
					 best < 0 ? WIRE_NO_ROUTE : WIRE_NEIGHBOUR_UNKNOWN);
			if (best >= 0)
				assert_int_equal(hop.source[15], best);
		}
		wire_build_free(wire);
	}
}

/* Every neighbour, and none that is not there, whatever their number: first, last, alone, of another interface. */
static void test_neighbours_by_number(void **state)
{
	struct wire_interface interface[2] = {interface_of("a", "10.0.0.1", "fd00::1", "fe80::1"),
					      interface_of("b", "10.0.0.2", "fd00::2", "fe80::2")};
	struct wire_route route = {.interface = 1};
	struct wire_neighbour neighbour[2 * 70];
	struct wire wire = {.interface = interface,
			    .route = &route,
			    .neighbour = neighbour,
			    .interface_count = 2,
			    .route_count = 1};

	(void)state;
	set_ip(route.prefix.ip, "10.0.0.0");
	route.prefix.length_bits = 96 + 8;
	for (uint32_t count = 0; count <= 70; count++) {
		/* Of each interface the addresses 10.0.i.9, i odd: 255 is above a byte with a sign. */
		for (uint32_t i = 0; i < 2 * count; i++) {
			char ip[32];
			snprintf(ip, sizeof(ip), "10.0.%u.9", 2 * (i % count) + 117);
			neighbour[i] = neighbour_of((uint16_t)(i / count), ip, (uint8_t)i);
		}
		wire.neighbour_count = 2 * count;
		for (uint32_t i = 0; i < 2 * count; i++) {
			struct wire_hop hop;
			uint8_t ip[16];
			char text[32];
			snprintf(text, sizeof(text), "10.0.%u.9", i + 116);
			set_ip(ip, text);
			bool is_there = i % 2 == 1;
			assert_int_equal(wire_find_hop(&hop, &wire, ip), is_there ? WIRE_OK : WIRE_NEIGHBOUR_UNKNOWN);
			if (is_there)
				assert_int_equal(hop.mac[5], count + i / 2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_way_back),
		cmocka_unit_test(test_way_back_keeps_the_sip_port),
		cmocka_unit_test(test_ipv6_default_is_none_for_ipv4),
		cmocka_unit_test(test_without_an_address_of_the_family),
		cmocka_unit_test(test_own_addresses),
		cmocka_unit_test(test_empty_and_equal),
		cmocka_unit_test(test_against_naive_model),
		cmocka_unit_test(test_neighbours_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
