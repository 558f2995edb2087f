/* Below SIP: checksums, VLAN tags, IPv6 headers, MTU, and how one queue's load spreads. */
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "must.h"
#include "pipeline_case.h"
#include "wire_case.h"
#include "wire_frame.h"
#include "worker.h"

static const struct sip_account alice = {.user = "alice", .password = "secret-a", .nc = 1};

static struct pipeline *start(void **state)
{
	return pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
}

/* Limits of the tests' router are small; those of this file's are the wire's. */
static void allow_any_length(struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline_dataplane(pipeline)->worker_count; i++)
		pipeline_worker(pipeline, i)->message_bytes_max = WIRE_CASE_BYTES_MAX;
}

/* Sends an OPTIONS in one frame. Result: was it answered? */
static bool is_answered(struct pipeline *pipeline, const struct wire_frame *frame, enum wire_checksum kind,
			uint64_t offload_flags, uint16_t vlan_tci)
{
	static struct pipeline_message message;
	static char datagram[WIRE_FRAME_BYTES_MAX];
	/* An odd length: the last byte counts as the higher half of a word. */
	struct span udp = wire_frame_udp(datagram, frame, wire_case_options(frame->v6, frame->source, 601), kind);

	pipeline_put_frame(pipeline, wire_frame_write(frame, udp), offload_flags, vlan_tci);
	pipeline_run(pipeline);
	return pipeline_take(pipeline, &message) && sip_status(message.text) == 200;
}

/* Whose address one frame was sent to says nothing about the next one of the same burst. */
static void others_frames_among_ours(void **state)
{
	static const struct {
		bool v6;
		uint8_t destination;
	} rows[] = {{false, 1}, {false, 9}, {false, 1}, {true, 9}, {true, 1}, {false, 9}, {true, 9}, {true, 1}};
	static struct pipeline_message message;
	static char datagram[WIRE_FRAME_BYTES_MAX];
	struct pipeline *pipeline = start(state);
	uint32_t ours = 0, answered = 0;

	for (uint8_t i = 0; i < RTE_DIM(rows); i++) {
		struct wire_frame frame = wire_frame_make(rows[i].v6, (uint8_t)(20 + i));
		struct span options = wire_case_options(rows[i].v6, frame.source, 600);
		frame.destination = rows[i].destination;
		struct span udp = wire_frame_udp(datagram, &frame, options, WIRE_CHECKSUM_RIGHT);
		pipeline_put_frame(pipeline, wire_frame_write(&frame, udp), 0, 0);
		ours += rows[i].destination == 1;
	}
	pipeline_run(pipeline);
	while (pipeline_take(pipeline, &message)) {
		assert_int_equal(sip_status(message.text), 200);
		answered++;
	}
	assert_int_equal(answered, ours);
	assert_int_equal(pipeline_reason(pipeline, REASON_NOT_OURS), RTE_DIM(rows) - ours);
	pipeline_stop(pipeline);
}

/* A port that cuts frames has no buffers for them as we asked for: what is in the first part alone is no message. */
static void a_frame_in_two_parts(void **state)
{
	static struct pipeline_message message;
	static char datagram[WIRE_FRAME_BYTES_MAX];
	struct pipeline *pipeline = start(state);

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		struct wire_frame frame = wire_frame_make(v6, 7);
		struct span options = wire_case_options(v6, frame.source, 600);
		struct span bytes =
			wire_frame_write(&frame, wire_frame_udp(datagram, &frame, options, WIRE_CHECKSUM_RIGHT));
		struct rte_mbuf *part[2];
		for (uint32_t i = 0; i < RTE_DIM(part); i++) {
			part[i] = rte_pktmbuf_alloc(pipeline_dataplane(pipeline)->pool);
			memcpy(rte_pktmbuf_append(part[i], (uint16_t)bytes.length), bytes.at, bytes.length);
		}
		must(rte_pktmbuf_chain(part[0], part[1]) == 0);
		pipeline_put_frame_mbuf(pipeline, part[0]);
		pipeline_run(pipeline);
		assert_false(pipeline_take(pipeline, &message));
		assert_int_equal(pipeline_reason(pipeline, REASON_LENGTH_WRONG), v6 + 1);
	}
	pipeline_stop(pipeline);
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

/* Every cut of a frame ends counted, and none is answered. */
static void frames_cut_short(void **state)
{
	struct pipeline *pipeline = start(state);
	static char datagram[WIRE_FRAME_BYTES_MAX], copy[WIRE_FRAME_BYTES_MAX];

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		struct wire_frame frame = wire_frame_make(v6, 7);
		struct span whole = wire_frame_write(
			&frame, wire_frame_udp(datagram, &frame, wire_case_options(v6, 7, 400), WIRE_CHECKSUM_RIGHT));
		memcpy(copy, whole.at, whole.length);
		for (uint32_t length = 0; length < whole.length; length++) {
			pipeline_send_frame(pipeline, span_make(copy, length));
			wire_case_expect_nothing(pipeline);
		}
	}
	assert_int_equal(pipeline_reason(pipeline, REASON_NOT_OURS) + pipeline_reason(pipeline, REASON_LENGTH_WRONG),
			 pipeline_counter(pipeline, COUNTER_RECEIVED));
	pipeline_stop(pipeline);
}

/* An authenticated INVITE with a body of `body_length`; what leaves for hq or the answer is in *message. */
static void call_with_body(struct pipeline *pipeline, bool v6, uint32_t body_length, struct pipeline_message *message)
{
	static char text[SIP_TEXT_BYTES_MAX], large[WIRE_CASE_BYTES_MAX];
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
		for (uint32_t frames = 1; frames < 4; frames++) {
			/* Nobody answers: they would keep too many large buffers together. */
			pipeline_settle(pipeline);
			for (int delta = -9; delta <= 9; delta++) {
				uint32_t length = frames * ((mtus[m] - 20u) & ~7u) + mtus[m] % 8 - 8 + (uint32_t)delta;
				if (length < head)
					continue;
				call_with_body(pipeline, false, length - head, &message);
				assert_int_equal(sip_status(message.text), 0);
				assert_int_equal(message.length, length);
				assert_int_equal(message.frames, frames_needed(&message, false, mtus[m]));
				fragmented += message.frames > 1;
				for (uint32_t i = 0; i < length - head; i++)
					assert_int_equal(message.text[head + i], 'a' + i % 26);
			}
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

	pipeline_send_bytes(pipeline, "192.0.2.7:5060", wire_case_options(false, 7, 65507));
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 513); /* limits.max_message_bytes of this router */
	allow_any_length(pipeline);
	for (uint32_t v6 = 0; v6 < 2; v6++) {
		const char *source = v6 ? "[2001:db8::7]:5060" : "192.0.2.7:5060";
		pipeline_send_bytes(pipeline, source, wire_case_options(v6, 7, v6 ? 65527 : 65507));
		wire_case_expect_ok(pipeline, v6, 7);
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
		pipeline_put(pipeline, 0, "192.0.2.7:5060", span_of_text(text));
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
		PIPELINE_CASE_ROWS(others_frames_among_ours),
		PIPELINE_CASE_ROWS(a_frame_in_two_parts),
		PIPELINE_CASE_ROWS(checksums),
		PIPELINE_CASE_ROWS(vlan_tags),
		PIPELINE_CASE_ROWS(ipv6_extension_headers),
		PIPELINE_CASE_ROWS(frames_cut_short),
		PIPELINE_CASE_ROWS(messages_around_the_mtu),
		PIPELINE_CASE_ROWS(ipv6_answers_over_the_mtu),
		PIPELINE_CASE_ROWS(messages_of_64_kilobytes),
		PIPELINE_CASE_ROWS(fragment_ids),
		cmocka_unit_test(one_queue_spreads_over_the_workers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
