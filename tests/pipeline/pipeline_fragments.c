/* Datagrams that come in fragments (RFC 791, 5722, 8200). */
#include <rte_mbuf.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "datagram_table.h"
#include "must.h"
#include "pipeline_case.h"
#include "wire_case.h"
#include "wire_frame.h"
#include "worker.h"

/* A UDP datagram in pieces, to be sent in any order. */
struct pieces {
	struct wire_frame frame;
	char datagram[WIRE_CASE_BYTES_MAX];
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

static struct pipeline *start(void **state)
{
	return pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
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
				cut(&frame, wire_case_options(v6, frame.source, 3900), 1000, WIRE_CHECKSUM_RIGHT);
			assert_int_equal(pieces->count, 4);
			for (uint32_t i = 0; i < 4; i++) {
				wire_case_expect_nothing(pipeline);
				send_piece(pipeline, pieces, orders[order][i]);
			}
			wire_case_expect_ok(pipeline, v6, frame.source);
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
			pieces[i] = cut(&frame, wire_case_options(v6, frame.source, 2500), 800, WIRE_CHECKSUM_RIGHT);
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
	struct pieces *pieces = cut(&frame, wire_case_options(false, 7, 2900), 1000, WIRE_CHECKSUM_RIGHT);

	send_piece(pipeline, pieces, 0);
	send_piece(pipeline, pieces, 2);
	pipeline_run(pipeline);
	assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLY_TIMEOUTS), 0);
	send_piece(pipeline, pieces, 1);
	wire_case_expect_ok(pipeline, false, 7);

	send_piece(pipeline, pieces, 0);
	pipeline_advance_ms(pipeline, DATAGRAM_TIMEOUT_MS - 10);
	assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLY_TIMEOUTS), 0);
	pipeline_advance_ms(pipeline, 10); /* a burst without packets gives up too */
	assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLY_TIMEOUTS), 1);
	send_piece(pipeline, pieces, 1);
	pipeline_advance_ms(pipeline, DATAGRAM_TIMEOUT_MS);
	assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLY_TIMEOUTS), 2);
	wire_case_expect_nothing(pipeline);
	free(pieces);
	pipeline_stop(pipeline);
}

/* What waits when the router stops is given back: pipeline_stop() counts the mbufs. */
static void stop_with_fragments_waiting(void **state)
{
	struct pipeline *pipeline = start(state);
	struct wire_frame frame = wire_frame_make(true, 7);
	struct pieces *pieces = cut(&frame, wire_case_options(true, 7, 3000), 1000, WIRE_CHECKSUM_RIGHT);

	send_piece(pipeline, pieces, 1);
	assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_ABSORBED), 1);
	free(pieces);
	pipeline_stop(pipeline);
}

static void duplicate_fragments_do_no_harm(void **state)
{
	struct pipeline *pipeline = start(state);
	struct wire_frame frame = wire_frame_make(false, 7);
	struct pieces *pieces = cut(&frame, wire_case_options(false, 7, 2500), 1000, WIRE_CHECKSUM_RIGHT);

	for (uint32_t i = 0; i < 3; i++) {
		send_piece(pipeline, pieces, i);
		if (i < 2)
			send_piece(pipeline, pieces, i);
	}
	wire_case_expect_ok(pipeline, false, 7);
	wire_case_expect_nothing(pipeline);
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
			struct pieces *pieces = cut(&frame, wire_case_options(v6, 7, 2900), 1000, WIRE_CHECKSUM_RIGHT);
			uint64_t before = pipeline_reason(pipeline, REASON_FRAGMENT_CONFLICT);
			send_piece(pipeline, pieces, 0);
			send_piece(pipeline, pieces, 1);
			send_odd_piece(pipeline, pieces, span_make(other, odd[i].length), odd[i].offset, odd[i].more);
			assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_CONFLICT), before + 1);
			send_piece(pipeline, pieces, 2);
			assert_int_equal(pipeline_reason(pipeline, REASON_FRAGMENT_CONFLICT), before + 2);
			wire_case_expect_nothing(pipeline);
			free(pieces);
		}
	pipeline_stop(pipeline);
}

static void two_ends_spoil_their_datagram(void **state)
{
	struct pipeline *pipeline = start(state);
	struct wire_frame frame = wire_frame_make(false, 7);
	struct pieces *pieces = cut(&frame, wire_case_options(false, 7, 2900), 1000, WIRE_CHECKSUM_RIGHT);

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
		struct pieces *pieces = cut(&frame, wire_case_options(v6, 7, 2900), 1000, WIRE_CHECKSUM_RIGHT);
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
	struct pieces *pieces = cut(&frame, wire_case_options(false, 8, 2900), 1000, WIRE_CHECKSUM_RIGHT);
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
	struct pieces *pieces = cut(&frame, wire_case_options(true, 7, 2900), 8, WIRE_CHECKSUM_RIGHT);

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
	struct pieces *pieces = cut(&frame, wire_case_options(false, 7, 1900), 1000, WIRE_CHECKSUM_RIGHT);

	for (uint32_t i = 0; i <= DATAGRAM_TABLE_SLOTS; i++) {
		assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLY_GAVE_WAY), 0);
		pieces->frame.id = 100 + i;
		send_piece(pipeline, pieces, 0);
	}
	assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLY_GAVE_WAY), 1);
	send_piece(pipeline, pieces, 1); /* the newest */
	wire_case_expect_ok(pipeline, false, 7);
	pieces->frame.id = 101; /* the oldest that is left */
	send_piece(pipeline, pieces, 1);
	wire_case_expect_ok(pipeline, false, 7);
	pieces->frame.id = 100; /* it gave way */
	send_piece(pipeline, pieces, 1);
	wire_case_expect_nothing(pipeline);
	free(pieces);
	pipeline_stop(pipeline);
}

static void empty_pool_is_a_counted_drop(void **state)
{
	struct pipeline *pipeline = start(state);
	struct rte_mempool *pool = pipeline_dataplane(pipeline)->large_pool;
	struct wire_frame frame = wire_frame_make(false, 7);
	struct pieces *pieces = cut(&frame, wire_case_options(false, 7, 1900), 1000, WIRE_CHECKSUM_RIGHT);
	static struct rte_mbuf *taken[4096];
	uint32_t count = rte_mempool_avail_count(pool);

	must(count < RTE_DIM(taken) && rte_pktmbuf_alloc_bulk(pool, taken, count) == 0);
	send_piece(pipeline, pieces, 0);
	assert_int_equal(pipeline_reason(pipeline, REASON_NO_BUFFER), 1);
	rte_pktmbuf_free_bulk(taken, count);
	send_piece(pipeline, pieces, 0);
	send_piece(pipeline, pieces, 1);
	wire_case_expect_ok(pipeline, false, 7);
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
		struct pieces *pieces = cut(&frame, wire_case_options(v6, 7, 1900), 1000, WIRE_CHECKSUM_RIGHT);
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
	wire_case_expect_nothing(pipeline);
	pipeline_stop(pipeline);
}

/* The port cannot have checked what was in pieces. */
static void checksum_of_a_whole_datagram(void **state)
{
	struct pipeline *pipeline = start(state);

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		struct wire_frame frame = wire_frame_make(v6, 7);
		struct pieces *pieces = cut(&frame, wire_case_options(v6, 7, 2901), 1000, WIRE_CHECKSUM_RIGHT);
		pieces->datagram[2500] ^= 1;
		for (uint32_t i = 0; i < 3; i++)
			send_piece(pipeline, pieces, i);
		wire_case_expect_nothing(pipeline);
		assert_int_equal(pipeline_reason(pipeline, REASON_CHECKSUM_WRONG), v6 + 1);
		free(pieces);
	}
	pipeline_stop(pipeline);
}

/* Options before and within the fragmented part. */
static void ipv6_extension_headers_with_fragments(void **state)
{
	struct pipeline *pipeline = start(state);
	struct wire_frame frame = wire_frame_make(true, 7);
	struct pieces *pieces = cut(&frame, wire_case_options(true, 7, 1900), 1000, WIRE_CHECKSUM_RIGHT);

	memmove(pieces->datagram + 8, pieces->datagram, pieces->length);
	memcpy(pieces->datagram, "\x11\0\1\4\0\0\0\0", 8);
	pieces->length += 8;
	pieces->frame.protocol = 60;
	pieces->frame.extensions = span_make("\x2c\0\1\4\0\0\0\0", 8);
	pieces->frame.first_header = 0;
	send_piece(pipeline, pieces, 1);
	send_piece(pipeline, pieces, 0);
	wire_case_expect_ok(pipeline, true, 7);
	free(pieces);
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
		PIPELINE_CASE_ROWS(checksum_of_a_whole_datagram),
		PIPELINE_CASE_ROWS(ipv6_extension_headers_with_fragments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
