/* Below SIP: fragments in and out, checksums, VLAN tags, IPv6 headers, MTU, and how one queue's load spreads. */
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "datagram_table.h"
#include "must.h"
#include "pipeline_case.h"
#include "wire_frame.h"
#include "worker.h"

#define DATAGRAM_MAX 65535
#define PARTS_MAX    512

static const struct sip_account alice = {.user = "alice", .password = "secret-a", .nc = 1};

/* An OPTIONS of `length` bytes from host `source`, which is answered with 200. Result: in a buffer of its own. */
static struct span make_options(bool v6, uint8_t source, uint32_t length)
{
	static char text[SIP_TEXT_BYTES_MAX], large[DATAGRAM_MAX + 1];
	char via[64], call_id[32];

	snprintf(via, sizeof(via), v6 ? "[2001:db8::%x]:5060" : "192.0.2.%u:5060", source);
	snprintf(call_id, sizeof(call_id), "options-%u@wire", source);
	struct sip_request request = {.method = "OPTIONS",
				      .uri = v6 ? "sip:[2001:db8::1]" : "sip:192.0.2.1",
				      .from = "<sip:alice@acme.example.net>",
				      .to = v6 ? "<sip:[2001:db8::1]>" : "<sip:192.0.2.1>",
				      .via = via,
				      .call_id = call_id};
	sip_request_write(text, &request);
	char *end = strstr(text, "Content-Length:");
	must(end != NULL);
	int head = snprintf(large, sizeof(large), "%.*sContent-Length: ", (int)(end - text), text);
	uint32_t body = length - (uint32_t)head - 5 - 4; /* five digits, an empty line */
	head += snprintf(large + head, sizeof(large) - (size_t)head, "%05u\r\n\r\n", body);
	must(length <= DATAGRAM_MAX && (uint32_t)head + body == length);
	for (uint32_t i = 0; i < body; i++)
		large[(uint32_t)head + i] = (char)('a' + i % 26 + i / 5000 % 3);
	return span_make(large, length);
}

/* A UDP datagram in pieces, to be sent in any order. */
struct pieces {
	struct wire_frame frame;
	char datagram[DATAGRAM_MAX];
	uint32_t length, size, count;
};

static struct pieces *cut(const struct wire_frame *frame, struct span message, uint32_t size, enum wire_checksum kind)
{
	struct pieces *pieces = calloc(1, sizeof(*pieces));

	must(pieces != NULL);
	pieces->frame = *frame;
	pieces->frame.fragment = true;
	pieces->length = wire_frame_udp(pieces->datagram, frame, message, kind).length;
	pieces->size = size;
	pieces->count = (pieces->length + size - 1) / size;
	return pieces;
}

static void put_piece(struct pipeline *pipeline, const struct pieces *pieces, uint32_t index)
{
	struct wire_frame frame = pieces->frame;
	uint32_t offset = index * pieces->size, left = pieces->length - offset;

	frame.offset = offset;
	frame.more = left > pieces->size;
	pipeline_put_frame(
		pipeline,
		wire_frame_write(&frame, span_make(pieces->datagram + offset, frame.more ? pieces->size : left)), 0, 0);
}

static void send_piece(struct pipeline *pipeline, const struct pieces *pieces, uint32_t index)
{
	put_piece(pipeline, pieces, index);
	pipeline_run(pipeline);
}

/* Sends bytes as a fragment that belongs to `pieces`, wherever. */
static void send_odd_piece(struct pipeline *pipeline, const struct pieces *pieces, struct span bytes, uint32_t offset,
			   bool more)
{
	struct wire_frame frame = pieces->frame;

	frame.offset = offset;
	frame.more = more;
	pipeline_send_frame(pipeline, wire_frame_write(&frame, bytes));
}

static void expect_ok(struct pipeline *pipeline, bool v6, uint8_t source)
{
	struct pipeline_message message;
	char address[64];

	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 200);
	snprintf(address, sizeof(address), v6 ? "[2001:db8::%x]:5060" : "192.0.2.%u:5060", source);
	pipeline_case_expect_destination(&message, address);
}

static void expect_nothing(struct pipeline *pipeline)
{
	static struct pipeline_message message;

	if (pipeline_take(pipeline, &message))
		fail_msg("this left the router:\n%.300s", message.text);
}

static struct pipeline *start(void **state)
{
	return pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
}

/* Limits of the tests' router are small; those of this file's are the wire's. */
static void allow_any_length(struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline_dataplane(pipeline)->worker_count; i++)
		pipeline_worker(pipeline, i)->message_bytes_max = DATAGRAM_MAX;
}

static void fragments_in_any_order(void **state)
{
	static const uint8_t orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};
	struct pipeline *pipeline = start(state);
	uint64_t datagrams = 0;

	for (uint32_t v6 = 0; v6 < 2; v6++)
		for (uint32_t order = 0; order < 4; order++) {
			struct wire_frame frame = wire_frame_make(v6, (uint8_t)(7 + order));
			frame.id = 0x1234 + order;
			struct pieces *pieces =
				cut(&frame, make_options(v6, frame.source, 3900), 1000, WIRE_CHECKSUM_RIGHT);
			assert_int_equal(pieces->count, 4);
			for (uint32_t i = 0; i < 4; i++) {
				expect_nothing(pipeline);
				send_piece(pipeline, pieces, orders[order][i]);
			}
			expect_ok(pipeline, v6, frame.source);
			datagrams++;
			assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLED), datagrams);
			assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_ABSORBED), 3 * datagrams);
			free(pieces);
		}
	assert_int_equal(pipeline_counter(pipeline, COUNTER_RECEIVED), 4 * datagrams);
	pipeline_stop(pipeline);
}

/* The same id from two hosts, two ids from one, all in one burst. */
static void interleaved_datagrams_are_told_apart(void **state)
{
	struct pipeline *pipeline = start(state);

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		struct pieces *pieces[3];
		for (uint32_t i = 0; i < 3; i++) {
			struct wire_frame frame = wire_frame_make(v6, i == 0 ? 7 : 8);
			frame.id = i == 2 ? 78 : 77;
			pieces[i] = cut(&frame, make_options(v6, frame.source, 2500), 800, WIRE_CHECKSUM_RIGHT);
		}
		for (uint32_t part = 0; part < pieces[0]->count; part++)
			for (uint32_t i = 0; i < 3; i++)
				put_piece(pipeline, pieces[i], part);
		pipeline_run(pipeline);
		uint32_t answered = 0;
		struct pipeline_message message;
		while (pipeline_take(pipeline, &message))
			answered += sip_status(message.text) == 200;
		assert_int_equal(answered, 3);
		for (uint32_t i = 0; i < 3; i++)
			free(pieces[i]);
	}
	pipeline_stop(pipeline);
}

static void missing_fragment_is_waited_for_and_given_up(void **state)
{
	struct pipeline *pipeline = start(state);
	struct wire_frame frame = wire_frame_make(false, 7);
	struct pieces *pieces = cut(&frame, make_options(false, 7, 2900), 1000, WIRE_CHECKSUM_RIGHT);
	struct datagram_table *table = pipeline_worker(pipeline, 0)->datagrams;

	assert_true(table->timeout_tsc > 0);
	send_piece(pipeline, pieces, 0);
	send_piece(pipeline, pieces, 2);
	pipeline_run(pipeline);
	assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLY_TIMEOUTS), 0);
	send_piece(pipeline, pieces, 1);
	expect_ok(pipeline, false, 7);

	table->timeout_tsc = 1;
	send_piece(pipeline, pieces, 0);
	pipeline_run(pipeline); /* a burst without packets gives up too */
	assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLY_TIMEOUTS), 1);
	send_piece(pipeline, pieces, 1);
	pipeline_run(pipeline);
	assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLY_TIMEOUTS), 2);
	expect_nothing(pipeline);
	free(pieces);
	pipeline_stop(pipeline);
}

/* What waits when the router stops is given back: pipeline_stop() counts the mbufs. */
static void stop_with_fragments_waiting(void **state)
{
	struct pipeline *pipeline = start(state);
	struct wire_frame frame = wire_frame_make(true, 7);
	struct pieces *pieces = cut(&frame, make_options(true, 7, 3000), 1000, WIRE_CHECKSUM_RIGHT);

	send_piece(pipeline, pieces, 1);
	assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_ABSORBED), 1);
	free(pieces);
	pipeline_stop(pipeline);
}

static void duplicate_fragments_do_no_harm(void **state)
{
	struct pipeline *pipeline = start(state);
	struct wire_frame frame = wire_frame_make(false, 7);
	struct pieces *pieces = cut(&frame, make_options(false, 7, 2500), 1000, WIRE_CHECKSUM_RIGHT);

	for (uint32_t i = 0; i < 3; i++) {
		send_piece(pipeline, pieces, i);
		if (i < 2)
			send_piece(pipeline, pieces, i);
	}
	expect_ok(pipeline, false, 7);
	expect_nothing(pipeline);
	assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_DUPLICATE), 2);
	free(pieces);
	pipeline_stop(pipeline);
}

/* Each row: a fragment that contradicts the first two thirds of a datagram, which then is lost as a whole (RFC 5722).
 */
static void contradicting_fragments_spoil_their_datagram(void **state)
{
	static const struct {
		uint32_t offset, length;
		bool more;
	} odd[] = {
		{800, 400, true},  /* over the seam */
		{0, 1000, true},   /* the same place, other bytes */
		{992, 1000, true}, /* eight bytes of the second once more */
		{504, 10, false},  /* an end before what is there */
	};
	struct pipeline *pipeline = start(state);
	static char other[1000];

	memset(other, 'z', sizeof(other));
	for (uint32_t v6 = 0; v6 < 2; v6++)
		for (uint32_t i = 0; i < RTE_DIM(odd); i++) {
			struct wire_frame frame = wire_frame_make(v6, 7);
			frame.id = i + 1;
			struct pieces *pieces = cut(&frame, make_options(v6, 7, 2900), 1000, WIRE_CHECKSUM_RIGHT);
			uint64_t before = pipeline_reason(pipeline, REASON_FRAGMENT_CONFLICT);
			send_piece(pipeline, pieces, 0);
			send_piece(pipeline, pieces, 1);
			send_odd_piece(pipeline, pieces, span_make(other, odd[i].length), odd[i].offset, odd[i].more);
			assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_CONFLICT), before + 1);
			send_piece(pipeline, pieces, 2);
			assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_CONFLICT), before + 2);
			expect_nothing(pipeline);
			free(pieces);
		}
	pipeline_stop(pipeline);
}

static void two_ends_spoil_their_datagram(void **state)
{
	struct pipeline *pipeline = start(state);
	struct wire_frame frame = wire_frame_make(false, 7);
	struct pieces *pieces = cut(&frame, make_options(false, 7, 2900), 1000, WIRE_CHECKSUM_RIGHT);

	send_piece(pipeline, pieces, 2);
	send_odd_piece(pipeline, pieces, span_make(pieces->datagram, 8), 4000, false);
	assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_CONFLICT), 1);
	pieces->frame.id++;
	send_piece(pipeline, pieces, 2);
	send_odd_piece(pipeline, pieces, span_make(pieces->datagram, 8), 4000, true);
	assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_CONFLICT), 2);
	free(pieces);
	pipeline_stop(pipeline);
}

static void unsound_fragments_are_refused(void **state)
{
	struct pipeline *pipeline = start(state);
	static char bytes[1400];

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		struct wire_frame frame = wire_frame_make(v6, 7);
		struct pieces *pieces = cut(&frame, make_options(v6, 7, 2900), 1000, WIRE_CHECKSUM_RIGHT);
		uint64_t before = pipeline_reason(pipeline, REASON_FRAGMENT_UNSOUND);
		send_odd_piece(pipeline, pieces, span_make(bytes, 0), 8, true);
		send_odd_piece(pipeline, pieces, span_make(bytes, 0), 8, false);
		send_odd_piece(pipeline, pieces, span_make(bytes, 1001), 0, true);
		send_odd_piece(pipeline, pieces, span_make(bytes, 1400), 65528 - 1000, true); /* "ping of death" */
		send_odd_piece(pipeline, pieces, span_make(bytes, 9), 65528, false);
		assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_UNSOUND), before + 5);
		assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLED), 0);
		free(pieces);
	}
	/* With the header, an IPv4 packet of 65,535 bytes carries 65,515. */
	struct wire_frame frame = wire_frame_make(false, 8);
	struct pieces *pieces = cut(&frame, make_options(false, 8, 2900), 1000, WIRE_CHECKSUM_RIGHT);
	uint64_t before = pipeline_reason(pipeline, REASON_FRAGMENT_UNSOUND);
	send_odd_piece(pipeline, pieces, span_make(bytes, 15), 65504, false);
	assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_UNSOUND), before + 1);
	free(pieces);
	pipeline_stop(pipeline);
}

static void too_many_fragments_spoil_their_datagram(void **state)
{
	struct pipeline *pipeline = start(state);
	struct wire_frame frame = wire_frame_make(true, 7);
	struct pieces *pieces = cut(&frame, make_options(true, 7, 2900), 8, WIRE_CHECKSUM_RIGHT);

	for (uint32_t i = 0; i < DATAGRAM_FRAGMENTS_MAX; i++)
		send_piece(pipeline, pieces, i);
	assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_ABSORBED), DATAGRAM_FRAGMENTS_MAX);
	send_piece(pipeline, pieces, DATAGRAM_FRAGMENTS_MAX);
	assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_TOO_MANY), 1);
	send_piece(pipeline, pieces, DATAGRAM_FRAGMENTS_MAX + 1);
	assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_CONFLICT), 1);
	free(pieces);
	pipeline_stop(pipeline);
}

static void full_table_gives_up_the_oldest(void **state)
{
	struct pipeline *pipeline = start(state);
	struct wire_frame frame = wire_frame_make(false, 7);
	struct pieces *pieces = cut(&frame, make_options(false, 7, 1900), 1000, WIRE_CHECKSUM_RIGHT);

	for (uint32_t i = 0; i <= DATAGRAM_TABLE_SLOTS; i++) {
		assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLY_GAVE_WAY), 0);
		pieces->frame.id = 100 + i;
		send_piece(pipeline, pieces, 0);
	}
	assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLY_GAVE_WAY), 1);
	send_piece(pipeline, pieces, 1); /* the newest */
	expect_ok(pipeline, false, 7);
	pieces->frame.id = 101; /* the oldest that is left */
	send_piece(pipeline, pieces, 1);
	expect_ok(pipeline, false, 7);
	pieces->frame.id = 100; /* it gave way */
	send_piece(pipeline, pieces, 1);
	expect_nothing(pipeline);
	free(pieces);
	pipeline_stop(pipeline);
}

static void empty_pool_is_a_counted_drop(void **state)
{
	struct pipeline *pipeline = start(state);
	struct rte_mempool *pool = pipeline_dataplane(pipeline)->large_pool;
	struct wire_frame frame = wire_frame_make(false, 7);
	struct pieces *pieces = cut(&frame, make_options(false, 7, 1900), 1000, WIRE_CHECKSUM_RIGHT);
	static struct rte_mbuf *taken[1024];
	uint32_t count = rte_mempool_avail_count(pool);

	must(count < RTE_DIM(taken) && rte_pktmbuf_alloc_bulk(pool, taken, count) == 0);
	send_piece(pipeline, pieces, 0);
	assert_int_equal(pipeline_reason(pipeline, REASON_NO_BUFFER), 1);
	rte_pktmbuf_free_bulk(taken, count);
	send_piece(pipeline, pieces, 0);
	send_piece(pipeline, pieces, 1);
	expect_ok(pipeline, false, 7);
	free(pieces);
	pipeline_stop(pipeline);
}

static void fragments_of_others_are_left_alone(void **state)
{
	struct pipeline *pipeline = start(state);

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		struct wire_frame frame = wire_frame_make(v6, 7);
		uint64_t before = pipeline_reason(pipeline, REASON_NOT_OURS);
		frame.destination = 2;
		struct pieces *pieces = cut(&frame, make_options(v6, 7, 1900), 1000, WIRE_CHECKSUM_RIGHT);
		send_piece(pipeline, pieces, 0);
		pieces->frame.destination = 1;
		pieces->frame.protocol = 6;
		send_piece(pipeline, pieces, 0);
		send_piece(pipeline, pieces, 1);
		assert_int_equal(pipeline_reason(pipeline, REASON_NOT_OURS), before + 3);
		pieces->frame.protocol = 17;
		pieces->datagram[3]++; /* another port, which only shows when all is there */
		send_piece(pipeline, pieces, 1);
		send_piece(pipeline, pieces, 0);
		assert_int_equal(pipeline_reason(pipeline, REASON_NOT_OURS), before + 4);
		free(pieces);
	}
	expect_nothing(pipeline);
	pipeline_stop(pipeline);
}

/* Sends an OPTIONS in one frame. Result: was it answered? */
static bool is_answered(struct pipeline *pipeline, const struct wire_frame *frame, enum wire_checksum kind,
			uint64_t offload_flags, uint16_t vlan_tci)
{
	static struct pipeline_message message;
	static char datagram[WIRE_FRAME_BYTES_MAX];
	/* An odd length: the last byte counts as the higher half of a word. */
	struct span udp = wire_frame_udp(datagram, frame, make_options(frame->v6, frame->source, 601), kind);

	pipeline_put_frame(pipeline, wire_frame_write(frame, udp), offload_flags, vlan_tci);
	pipeline_run(pipeline);
	return pipeline_take(pipeline, &message) && sip_status(message.text) == 200;
}

/* RFC 768, RFC 8200 8.1. */
static void checksums(void **state)
{
	static const struct {
		enum wire_checksum kind;
		uint64_t flags;
		bool v4_taken, v6_taken;
	} rows[] = {
		{WIRE_CHECKSUM_RIGHT, 0, true, true},
		{WIRE_CHECKSUM_WRONG, 0, false, false},
		{WIRE_CHECKSUM_UNFINISHED, 0, true, true},
		{WIRE_CHECKSUM_ZERO, 0, true, false},
		{WIRE_CHECKSUM_WRONG, RTE_MBUF_F_RX_L4_CKSUM_GOOD, true, true}, /* the port has looked */
		{WIRE_CHECKSUM_WRONG, RTE_MBUF_F_RX_L4_CKSUM_NONE, true,
		 true}, /* the port knows that it is unfinished */
		{WIRE_CHECKSUM_RIGHT, RTE_MBUF_F_RX_L4_CKSUM_BAD, false, false},
		{WIRE_CHECKSUM_RIGHT, RTE_MBUF_F_RX_IP_CKSUM_BAD, false, true}, /* IPv6 has none */
		{WIRE_CHECKSUM_RIGHT, RTE_MBUF_F_RX_IP_CKSUM_GOOD, true, true},
	};
	struct pipeline *pipeline = start(state);
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < RTE_DIM(rows); i++)
		for (uint32_t v6 = 0; v6 < 2; v6++) {
			struct wire_frame frame = wire_frame_make(v6, 7);
			bool taken = v6 ? rows[i].v6_taken : rows[i].v4_taken;
			wrong += !taken;
			if (is_answered(pipeline, &frame, rows[i].kind, rows[i].flags, 0) != taken)
				fail_msg("row %u, IPv%u", i, v6 ? 6 : 4);
			assert_int_equal(pipeline_reason(pipeline, REASON_CHECKSUM_WRONG), wrong);
		}
	struct wire_frame frame = wire_frame_make(false, 7);
	frame.header_checksum_wrong = true;
	assert_false(is_answered(pipeline, &frame, WIRE_CHECKSUM_RIGHT, 0, 0));
	assert_int_equal(pipeline_reason(pipeline, REASON_CHECKSUM_WRONG), wrong + 1);
	assert_true(is_answered(pipeline, &frame, WIRE_CHECKSUM_RIGHT, RTE_MBUF_F_RX_IP_CKSUM_GOOD, 0));
	pipeline_stop(pipeline);
}

/* The port cannot have checked what was in pieces. */
static void checksum_of_a_whole_datagram(void **state)
{
	struct pipeline *pipeline = start(state);

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		struct wire_frame frame = wire_frame_make(v6, 7);
		struct pieces *pieces = cut(&frame, make_options(v6, 7, 2901), 1000, WIRE_CHECKSUM_RIGHT);
		pieces->datagram[2500] ^= 1;
		for (uint32_t i = 0; i < 3; i++)
			send_piece(pipeline, pieces, i);
		expect_nothing(pipeline);
		assert_int_equal(pipeline_reason(pipeline, REASON_CHECKSUM_WRONG), v6 + 1);
		free(pieces);
	}
	pipeline_stop(pipeline);
}

/* IEEE 802.1Q: `vlan` of the interface, the tag of the frame, and the tag that the port took off. */
static void vlan_tags(void **state)
{
	static const struct {
		uint16_t vlan;
		int tag;
		uint64_t flags;
		uint16_t stripped;
		bool taken;
	} rows[] = {
		{0, WIRE_UNTAGGED, 0, 0, true},
		{0, 0x6000, 0, 0, true}, /* a priority alone */
		{0, 100, 0, 0, false},
		{0, WIRE_UNTAGGED, RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, 0xa000, true},
		{0, WIRE_UNTAGGED, RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, 100, false},
		{100, WIRE_UNTAGGED, 0, 0, false},
		{100, 100, 0, 0, true},
		{100, 0x6000 | 100, 0, 0, true},
		{100, 101, 0, 0, false},
		{100, 0, 0, 0, false},
		{100, WIRE_UNTAGGED, RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, 100, true},
		{100, WIRE_UNTAGGED, RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, 101, false},
		{100, 100, RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, 100, false}, /* two tags */
	};
	struct pipeline *pipeline = start(state);
	uint64_t not_ours = 0;

	for (uint32_t i = 0; i < RTE_DIM(rows); i++)
		for (uint32_t v6 = 0; v6 < 2; v6++) {
			struct wire_frame frame = wire_frame_make(v6, 7);
			frame.vlan = rows[i].tag;
			pipeline_interface(pipeline)->vlan = rows[i].vlan; /* pipeline_take() looks for it */
			not_ours += !rows[i].taken;
			if (is_answered(pipeline, &frame, WIRE_CHECKSUM_RIGHT, rows[i].flags, rows[i].stripped) !=
			    rows[i].taken)
				fail_msg("row %u, IPv%u", i, v6 ? 6 : 4);
			assert_int_equal(pipeline_reason(pipeline, REASON_NOT_OURS), not_ours);
		}
	pipeline_stop(pipeline);
}

/* RFC 8200 4.1: what may stand between IPv6 and UDP. */
static void ipv6_extension_headers(void **state)
{
	static const struct {
		const char *headers;
		uint32_t length;
		uint8_t first;
		bool atomic_fragment; /* RFC 6946 */
		enum reason reason;
	} rows[] = {
		{"\x11\0\1\4\0\0\0\0", 8, 0, false, REASON_OPTIONS_ANSWERED},
		{"\x11\1\1\4\0\0\0\0\0\0\0\0\0\0\0\0", 16, 60, false, REASON_OPTIONS_ANSWERED},
		{"\x3c\0\1\4\0\0\0\0\x11\0\1\4\0\0\0\0", 16, 0, false, REASON_OPTIONS_ANSWERED},
		{"\x11\0\0\0\0\0\0\0", 8, 43, false, REASON_OPTIONS_ANSWERED},
		{"\x11\0\0\1\0\0\0\0", 8, 43, false, REASON_NOT_OURS}, /* to be forwarded */
		{"", 0, 0, true, REASON_OPTIONS_ANSWERED},
		{"\x2c\0\1\4\0\0\0\0", 8, 0, true, REASON_OPTIONS_ANSWERED},
		{"\x11\xff\1\4\0\0\0\0", 8, 0, false, REASON_LENGTH_WRONG},
		{"\x06\0\1\4\0\0\0\0", 8, 0, false, REASON_NOT_OURS},
		{"\x3c\0\1\4\0\0\0\0\x3c\0\1\4\0\0\0\0\x3c\0\1\4\0\0\0\0\x3c\0\1\4\0\0\0\0\x3c\0\1\4\0\0\0\0"
		 "\x3c\0\1\4\0\0\0\0\x3c\0\1\4\0\0\0\0\x11\0\1\4\0\0\0\0",
		 64, 60, false, REASON_NOT_OURS}, /* without end */
	};
	struct pipeline *pipeline = start(state);

	for (uint32_t i = 0; i < RTE_DIM(rows); i++) {
		struct wire_frame frame = wire_frame_make(true, 7);
		uint64_t before = pipeline_reason(pipeline, rows[i].reason);
		frame.extensions = span_make(rows[i].headers, rows[i].length);
		frame.first_header = rows[i].first;
		frame.fragment = rows[i].atomic_fragment;
		is_answered(pipeline, &frame, WIRE_CHECKSUM_RIGHT, 0, 0);
		if (pipeline_reason(pipeline, rows[i].reason) != before + 1)
			fail_msg("row %u", i);
	}
	pipeline_stop(pipeline);
}

/* Options before and within the fragmented part. */
static void ipv6_extension_headers_with_fragments(void **state)
{
	struct pipeline *pipeline = start(state);
	struct wire_frame frame = wire_frame_make(true, 7);
	struct pieces *pieces = cut(&frame, make_options(true, 7, 1900), 1000, WIRE_CHECKSUM_RIGHT);

	memmove(pieces->datagram + 8, pieces->datagram, pieces->length);
	memcpy(pieces->datagram, "\x11\0\1\4\0\0\0\0", 8);
	pieces->length += 8;
	pieces->frame.protocol = 60;
	pieces->frame.extensions = span_make("\x2c\0\1\4\0\0\0\0", 8);
	pieces->frame.first_header = 0;
	send_piece(pipeline, pieces, 1);
	send_piece(pipeline, pieces, 0);
	expect_ok(pipeline, true, 7);
	free(pieces);
	pipeline_stop(pipeline);
}

/* Every cut of a frame ends counted, and none is answered. */
static void frames_cut_short(void **state)
{
	struct pipeline *pipeline = start(state);
	static char datagram[WIRE_FRAME_BYTES_MAX], copy[WIRE_FRAME_BYTES_MAX];

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		struct wire_frame frame = wire_frame_make(v6, 7);
		struct span whole = wire_frame_write(
			&frame, wire_frame_udp(datagram, &frame, make_options(v6, 7, 400), WIRE_CHECKSUM_RIGHT));
		memcpy(copy, whole.at, whole.length);
		for (uint32_t length = 0; length < whole.length; length++) {
			pipeline_send_frame(pipeline, span_make(copy, length));
			expect_nothing(pipeline);
		}
	}
	assert_int_equal(pipeline_reason(pipeline, REASON_NOT_OURS) + pipeline_reason(pipeline, REASON_LENGTH_WRONG),
			 pipeline_counter(pipeline, COUNTER_RECEIVED));
	pipeline_stop(pipeline);
}

/* An authenticated INVITE with a body of `body_length`; what leaves for hq or the answer is in *message. */
static void call_with_body(struct pipeline *pipeline, bool v6, uint32_t body_length, struct pipeline_message *message)
{
	static char text[SIP_TEXT_BYTES_MAX], large[DATAGRAM_MAX];
	static uint32_t serial;
	const char *source = v6 ? "[2001:db8::7]:5060" : "192.0.2.7:5060";
	char line[1024] = "", call_id[32];
	struct sip_account account = alice;

	snprintf(call_id, sizeof(call_id), "large-%06u@wire", ++serial % 1000000);
	for (uint32_t turn = 0; turn < 2; turn++) {
		struct sip_request request = {.uri = "sip:2500@acme.example.net",
					      .from = "<sip:alice@acme.example.net>",
					      .to = "<sip:2500@acme.example.net>",
					      .via = source,
					      .call_id = call_id,
					      .cseq = turn + 1,
					      .headers = line};
		sip_request_write(text, &request);
		int head = (int)(strstr(text, "Content-Length:") - text);
		head = snprintf(large, sizeof(large), "%.*sContent-Length: %05u\r\n\r\n", head, text,
				turn ? body_length : 0);
		for (uint32_t i = 0; turn && i < body_length; i++)
			large[(uint32_t)head + i] = (char)('a' + i % 26);
		pipeline_send_bytes(pipeline, source, span_make(large, (uint32_t)head + (turn ? body_length : 0)));
		pipeline_case_expect(pipeline, message);
		if (turn == 0)
			sip_authorization_write(line, message->text, &account, "INVITE", request.uri);
	}
}

/* What the message in `frames` needs: whole up to the MTU, else pieces of whole units of 8 bytes. */
static uint32_t frames_needed(const struct pipeline_message *message, bool v6, uint32_t mtu)
{
	uint32_t datagram = message->length + 8, ip = v6 ? 40 : 20;

	if (datagram + ip <= mtu)
		return 1;
	uint32_t room = mtu - ip - (v6 ? 8 : 0), whole = room & ~7u, frames = 1;
	for (; datagram > room; frames++)
		datagram -= whole;
	return frames;
}

/* Around each size at which one more frame is needed. pipeline_take() checks each frame, fragment and checksum. */
static void messages_around_the_mtu(void **state)
{
	static const uint16_t mtus[] = {576, 1280, 1500};
	static struct pipeline_message message;
	struct pipeline *pipeline = start(state);
	uint64_t fragmented = 0;

	allow_any_length(pipeline);
	for (uint32_t m = 0; m < RTE_DIM(mtus); m++) {
		pipeline_interface(pipeline)->mtu = 1500;
		call_with_body(pipeline, false, 0, &message);
		uint32_t head = message.length;
		pipeline_interface(pipeline)->mtu = mtus[m];
		for (uint32_t frames = 1; frames < 4; frames++)
			for (int delta = -9; delta <= 9; delta++) {
				uint32_t length = frames * ((mtus[m] - 20u) & ~7u) + mtus[m] % 8 - 8 + (uint32_t)delta;
				if (length < head)
					continue;
				call_with_body(pipeline, false, length - head, &message);
				assert_int_equal(sip_status(message.text), 0);
				assert_int_equal(message.length, length);
				assert_int_equal(message.frames, frames_needed(&message, false, mtus[m]));
				assert_int_equal((message.fragment_id != 0) || message.frames == 1, 1);
				fragmented += message.frames > 1;
				for (uint32_t i = 0; i < length - head; i++)
					assert_int_equal(message.text[head + i], 'a' + i % 26);
			}
	}
	assert_true(fragmented > 0);
	assert_true(pipeline_counter(pipeline, COUNTER_FRAGMENTED) >= fragmented);
	pipeline_stop(pipeline);
}

/* IPv6 on the way out: an answer that is longer than the MTU, for its Via headers are. */
static void ipv6_answers_over_the_mtu(void **state)
{
	static char text[SIP_TEXT_BYTES_MAX], headers[SIP_TEXT_BYTES_MAX];
	static struct pipeline_message message;
	struct pipeline *pipeline = start(state);

	allow_any_length(pipeline);
	pipeline_interface(pipeline)->mtu = 1280;
	for (uint32_t length = 700; length < 4000; length += 61) {
		uint32_t used = 0;
		while (used < length)
			used += (uint32_t)snprintf(headers + used, sizeof(headers) - used,
						   "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKabcdefgh%04u\r\n",
						   used);
		struct sip_request request = {.method = "OPTIONS",
					      .uri = "sip:[2001:db8::1]",
					      .from = "<sip:alice@acme.example.net>",
					      .to = "<sip:[2001:db8::1]>",
					      .via = "[2001:db8::7]:5060",
					      .headers = headers};
		sip_request_write(text, &request);
		pipeline_send(pipeline, "[2001:db8::7]:5060", text);
		pipeline_case_expect(pipeline, &message);
		assert_int_equal(sip_status(message.text), 200);
		assert_int_equal(message.frames, frames_needed(&message, true, 1280));
	}
	assert_true(message.frames > 2);
	pipeline_stop(pipeline);
}

static void messages_of_64_kilobytes(void **state)
{
	static struct pipeline_message message;
	struct pipeline *pipeline = start(state);

	pipeline_send_bytes(pipeline, "192.0.2.7:5060", make_options(false, 7, 65507));
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 513); /* limits.max_message_bytes of this router */
	allow_any_length(pipeline);
	for (uint32_t v6 = 0; v6 < 2; v6++) {
		const char *source = v6 ? "[2001:db8::7]:5060" : "192.0.2.7:5060";
		pipeline_send_bytes(pipeline, source, make_options(v6, 7, v6 ? 65527 : 65507));
		expect_ok(pipeline, v6, 7);
		call_with_body(pipeline, v6, 64000, &message);
		assert_int_equal(sip_status(message.text), 0);
		assert_true(message.length > 64000 && message.frames == 44);
		for (uint32_t i = 0; i < 64000; i++)
			assert_int_equal(message.text[message.length - 64000 + i], 'a' + i % 26);
	}
	/* Up to the last byte that UDP over IPv4 carries; then there is no way. */
	uint32_t body = 64000 + 65507 - message.length;
	call_with_body(pipeline, true, body, &message);
	assert_int_equal(message.length, 65507);
	call_with_body(pipeline, true, body + 1, &message);
	assert_int_equal(sip_status(message.text), 513);
	pipeline_stop(pipeline);
}

/* RFC 7739: ids are neither in order over all destinations nor the same for two datagrams of one pair. */
static void fragment_ids(void **state)
{
	static struct pipeline_message message;
	struct pipeline *pipeline = start(state);
	uint32_t id[64];

	allow_any_length(pipeline);
	for (uint32_t i = 0; i < RTE_DIM(id); i++) {
		call_with_body(pipeline, false, 3000, &message);
		id[i] = message.fragment_id;
		for (uint32_t earlier = 0; earlier < i; earlier++)
			assert_int_not_equal(id[i], id[earlier]);
	}
	pipeline_stop(pipeline);
}

/*
 * A trunk is one 5-tuple, so one queue has all of it. With a key that is always the same, the Call-IDs spread over
 * three workers like dice: chi-square with two degrees of freedom is below 13.8 in 999 of 1000 cases.
 */
static void one_queue_spreads_over_the_workers(void **state)
{
	enum { CALLS = 6000 };
	struct pipeline *pipeline = pipeline_start(3, pipeline_case_provisioning);
	struct dataplane *dataplane = pipeline_dataplane(pipeline);
	struct secret_keys *keys = (struct secret_keys *)(uintptr_t)atomic_load(&dataplane->snapshot)->keys;
	static char text[SIP_TEXT_BYTES_MAX];
	double chi_square = 0, expected = CALLS / 3.0;

	(void)state;
	memset(keys->steer_key, 0x5a, sizeof(keys->steer_key));
	for (uint32_t i = 0; i < CALLS; i++) {
		char call_id[64];
		snprintf(call_id, sizeof(call_id), "%u@pbx.example.net", i); /* a PBX that counts */
		struct sip_request request = {.method = "OPTIONS",
					      .uri = "sip:192.0.2.1",
					      .from = "<sip:alice@acme.example.net>",
					      .to = "<sip:192.0.2.1>",
					      .call_id = call_id};
		sip_request_write(text, &request);
		pipeline_put(pipeline, "192.0.2.7:5060", span_of_text(text));
		if (i % 128 == 127 || i + 1 == CALLS) {
			pipeline_run(pipeline);
			pipeline_discard_sent(pipeline);
		}
	}
	assert_int_equal(dataplane->counters[0]->value[COUNTER_RECEIVED], CALLS); /* all through one queue */
	for (uint32_t i = 0; i < 3; i++) {
		double difference = (double)dataplane->counters[i]->verdict[VERDICT_ANSWER] - expected;
		chi_square += difference * difference / expected;
	}
	assert_int_equal(pipeline_reason(pipeline, REASON_OPTIONS_ANSWERED), CALLS);
	if (chi_square > 13.8)
		fail_msg("chi-square %.1f", chi_square);
	pipeline_stop(pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(fragments_in_any_order),
		PIPELINE_CASE_ROWS(interleaved_datagrams_are_told_apart),
		PIPELINE_CASE_ROWS(missing_fragment_is_waited_for_and_given_up),
		PIPELINE_CASE_ROWS(stop_with_fragments_waiting),
		PIPELINE_CASE_ROWS(duplicate_fragments_do_no_harm),
		PIPELINE_CASE_ROWS(contradicting_fragments_spoil_their_datagram),
		PIPELINE_CASE_ROWS(two_ends_spoil_their_datagram),
		PIPELINE_CASE_ROWS(unsound_fragments_are_refused),
		PIPELINE_CASE_ROWS(too_many_fragments_spoil_their_datagram),
		PIPELINE_CASE_ROWS(full_table_gives_up_the_oldest),
		PIPELINE_CASE_ROWS(empty_pool_is_a_counted_drop),
		PIPELINE_CASE_ROWS(fragments_of_others_are_left_alone),
		PIPELINE_CASE_ROWS(checksums),
		PIPELINE_CASE_ROWS(checksum_of_a_whole_datagram),
		PIPELINE_CASE_ROWS(vlan_tags),
		PIPELINE_CASE_ROWS(ipv6_extension_headers),
		PIPELINE_CASE_ROWS(ipv6_extension_headers_with_fragments),
		PIPELINE_CASE_ROWS(frames_cut_short),
		PIPELINE_CASE_ROWS(messages_around_the_mtu),
		PIPELINE_CASE_ROWS(ipv6_answers_over_the_mtu),
		PIPELINE_CASE_ROWS(messages_of_64_kilobytes),
		PIPELINE_CASE_ROWS(fragment_ids),
		cmocka_unit_test(one_queue_spreads_over_the_workers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
