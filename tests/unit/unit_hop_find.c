#include "cmocka_all.h"

#include "hop_find.h"
#include "uri_parse.h"
#include "worker.h"

#define PEERS 100

static struct worker worker;
static struct snapshot snapshot;
static struct wire wire, other_wire;
static struct wire_interface interfaces[2];
static struct wire_route routes[2];
static struct wire_neighbour neighbours[PEERS];

static void parse(uint8_t ip[16], const char *text)
{
	assert_true(uri_parse_ip(ip, span_of_text(text)));
}

static void peer(uint8_t ip[16], uint32_t i)
{
	parse(ip, "192.0.2.0");
	ip[15] = (uint8_t)(100 + i);
}

/* Two interfaces on one network: the way back leaves where the message came in. Every other neighbour is known. */
static int set_up(void **state)
{
	(void)state;
	memset(&worker, 0, sizeof(worker));
	memset(interfaces, 0, sizeof(interfaces));
	for (uint16_t i = 0; i < 2; i++) {
		interfaces[i].sip_port = 5060;
		interfaces[i].address_count = 1;
		parse(interfaces[i].address[0], i ? "192.0.2.2" : "192.0.2.1");
		parse(routes[i].prefix.ip, "192.0.2.0");
		routes[i].prefix.length_bits = 96 + 24;
		routes[i].interface = i;
	}
	for (uint32_t i = 0; i < PEERS; i++) {
		neighbours[i].interface = (uint16_t)(i / (PEERS / 2));
		peer(neighbours[i].ip, i % (PEERS / 2) * 2);
		neighbours[i].mac[5] = (uint8_t)i;
	}
	wire = (struct wire){.interface = interfaces,
			     .route = routes,
			     .neighbour = neighbours,
			     .interface_count = 2,
			     .route_count = 2,
			     .neighbour_count = PEERS};
	snapshot.wire = &wire;
	worker.snapshot = &snapshot;
	return 0;
}

static void expect_as_searched(const uint8_t ip[16], const struct net_entry *entry)
{
	const struct wire_interface *own = wire_find_own(snapshot.wire, ip);
	struct wire_hop hop;
	enum wire_result result =
		entry ? wire_find_way_back(&hop, snapshot.wire, ip, entry) : wire_find_hop(&hop, snapshot.wire, ip);
	const struct hop_way *way = hop_find(&worker, ip, entry);

	assert_int_equal(way->result, result);
	assert_int_equal(way->own_port, own ? own->sip_port : 0);
	if (result == WIRE_NO_ROUTE)
		return;
	assert_ptr_equal(way->hop.interface, hop.interface);
	assert_memory_equal(way->hop.source, hop.source, sizeof(hop.source));
	if (result == WIRE_OK)
		assert_memory_equal(way->hop.mac, hop.mac, sizeof(hop.mac));
}

/* More of them than it remembers, mixed and again: with and without an entry, through each interface. */
static void what_is_remembered_is_what_is_found(void **state)
{
	struct net_entry entry[2] = {{.interface = 0}, {.interface = 1}};
	uint8_t ip[16], far[16];

	(void)state;
	parse(far, "198.51.100.1");
	for (uint32_t i = 0; i < 2; i++)
		memcpy(entry[i].ip, interfaces[i].address[0], 16);
	for (uint32_t round = 0; round < 3; round++)
		for (uint32_t i = 0; i < 2 * PEERS; i++) {
			peer(ip, i / 2);
			expect_as_searched(ip, NULL);
			expect_as_searched(ip, &entry[i % 2]);
			expect_as_searched(ip, &entry[(i + round) % 2]);
			expect_as_searched(far, &entry[i % 2]);
			expect_as_searched(interfaces[i % 2].address[0], NULL);
		}
}

/* An address of ours that moved to another interface since the message came in, as a failover address does. */
static void the_interface_of_an_entry_counts(void **state)
{
	struct net_entry entry[2] = {{.interface = 0}, {.interface = 1}};
	uint8_t ip[16];

	(void)state;
	for (uint32_t i = 0; i < 2; i++)
		memcpy(entry[i].ip, interfaces[0].address[0], 16);
	peer(ip, 0);
	memcpy(interfaces[1].address[0], interfaces[0].address[0], 16);
	for (uint32_t i = 0; i < 4; i++)
		expect_as_searched(ip, &entry[i % 2]);
	assert_ptr_not_equal(hop_find(&worker, ip, &entry[0])->hop.interface, &interfaces[1]);
	assert_ptr_equal(hop_find(&worker, ip, &entry[1])->hop.interface, &interfaces[1]);
}

static void it_is_remembered(void **state)
{
	uint8_t ip[16];

	(void)state;
	peer(ip, 0);
	assert_int_equal(hop_find(&worker, ip, NULL)->result, WIRE_OK);
	wire.neighbour_count = 0; /* never so in a snapshot */
	assert_int_equal(hop_find(&worker, ip, NULL)->result, WIRE_OK);
}

static void another_snapshot_or_wire_forgets(void **state)
{
	uint8_t ip[16];

	(void)state;
	peer(ip, 0);
	assert_int_equal(hop_find(&worker, ip, NULL)->result, WIRE_OK);
	wire.neighbour_count = 0;
	snapshot.generation++; /* its wire stands where the last one was */
	assert_int_equal(hop_find(&worker, ip, NULL)->result, WIRE_NEIGHBOUR_UNKNOWN);
	other_wire = wire;
	other_wire.neighbour_count = PEERS;
	snapshot.wire = &other_wire;
	assert_int_equal(hop_find(&worker, ip, NULL)->result, WIRE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_remembered_is_what_is_found, set_up),
		cmocka_unit_test_setup(the_interface_of_an_entry_counts, set_up),
		cmocka_unit_test_setup(it_is_remembered, set_up),
		cmocka_unit_test_setup(another_snapshot_or_wire_forgets, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
