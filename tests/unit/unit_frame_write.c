#include "cmocka_all.h"

#include <rte_mbuf.h>

#include "frame_write.h"
#include "random_source.h"

#define MESSAGE_BYTES_MAX 1300
#define ROOM_BYTES	  (RTE_PKTMBUF_HEADROOM + MESSAGE_BYTES_MAX)

static struct random_source random_bytes;

/* A message with `headroom` in front of it. */
struct made {
	struct rte_mbuf mbuf;
	char bytes[ROOM_BYTES];
};

static void make(struct made *made, const char *message, uint16_t length, uint16_t headroom)
{
	memset(&made->mbuf, 0, sizeof(made->mbuf));
	made->mbuf.buf_addr = made->bytes;
	made->mbuf.buf_len = sizeof(made->bytes);
	made->mbuf.data_off = headroom;
	made->mbuf.data_len = length;
	made->mbuf.pkt_len = length;
	made->mbuf.nb_segs = 1;
	made->mbuf.refcnt = 1;
	memcpy(made->bytes + headroom, message, length);
}

static void fill(void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)bytes)[i] = (uint8_t)random_source_next(&random_bytes);
}

static void make_way(struct wire_interface *interface, struct wire_hop *hop, struct net_address *destination)
{
	uint8_t four[2][4];

	fill(four, sizeof(four));
	fill(interface->mac, sizeof(interface->mac));
	fill(hop->mac, sizeof(hop->mac));
	fill(&interface->sip_port, sizeof(interface->sip_port));
	fill(&destination->port, sizeof(destination->port));
	interface->vlan = random_source_next(&random_bytes) % 2 ? 100 : 0;
	hop->interface = interface;
	net_address_set_v4(hop->source, four[0]);
	net_address_set_v4(destination->ip, four[1]);
}

/* Three headers at once are those that are written one by one. */
static void the_usual_frame_is_the_general_one(void **state)
{
	static struct made usual, general;
	char message[MESSAGE_BYTES_MAX];

	(void)state;
	random_bytes = random_source_of(23);
	for (uint32_t round = 0; round < 4 * MESSAGE_BYTES_MAX; round++) {
		uint16_t length = (uint16_t)(round % (MESSAGE_BYTES_MAX + 1));
		struct wire_interface interface = {0};
		struct wire_hop hop = {0};
		struct net_address destination = {0};
		make_way(&interface, &hop, &destination);
		fill(message, length);
		make(&usual, message, length, RTE_PKTMBUF_HEADROOM);
		make(&general, message, length, RTE_PKTMBUF_HEADROOM);
		assert_true(frame_write_usual(&usual.mbuf, &hop, &destination));
		assert_true(frame_write_udp(&general.mbuf, &hop, &destination));
		assert_true(frame_write_ip(&general.mbuf, &hop, &destination, NULL));
		assert_int_equal(usual.mbuf.data_off, general.mbuf.data_off);
		assert_int_equal(usual.mbuf.data_len, general.mbuf.data_len);
		assert_int_equal(usual.mbuf.pkt_len, general.mbuf.pkt_len);
		assert_memory_equal(usual.bytes + usual.mbuf.data_off, general.bytes + general.mbuf.data_off,
				    general.mbuf.data_len);
	}
}

static void without_room_in_front_nothing_is_written(void **state)
{
	static struct made made;
	struct wire_interface interface = {.sip_port = 5060};
	struct wire_hop hop = {.interface = &interface};
	struct net_address destination = {.port = 5060};

	(void)state;
	net_address_set_v4(hop.source, (uint8_t[]){192, 0, 2, 1});
	net_address_set_v4(destination.ip, (uint8_t[]){192, 0, 2, 7});
	for (uint16_t room = 0; room <= 46; room++) {
		interface.vlan = 0;
		make(&made, "SIP/2.0", 7, room);
		assert_int_equal(frame_write_usual(&made.mbuf, &hop, &destination), room >= 14 + 20 + 8);
		assert_int_equal(made.mbuf.data_len, room >= 42 ? 49 : 7);
		interface.vlan = 7;
		make(&made, "SIP/2.0", 7, room);
		assert_int_equal(frame_write_usual(&made.mbuf, &hop, &destination), room == 46);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_frame_is_the_general_one),
		cmocka_unit_test(without_room_in_front_nothing_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
