/* ICMP errors for what we sent: which are taken (RFC 3261 18.4), which lcore gets them, and what it is told. */
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>

#include "branch_name.h"
#include "cmocka_all.h"
#include "must.h"
#include "pipeline_case.h"
#include "wire_case.h"
#include "wire_frame.h"
#include "worker.h"

#define REPORTER 254 /* the router on the way that says so */
#define CALLEE	 9

/* An error as the tests change it: everything is right at first. */
struct report {
	struct wire_frame frame;
	struct wire_icmp icmp;
	char quoted[WIRE_FRAME_BYTES_MAX];
};

static struct pipeline *start(void **state)
{
	return pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
}

/* What we sent, with a branch that no table knows. */
static struct span write_request(uint8_t worker)
{
	static char text[512];
	char branch[BRANCH_NAME_TEXT_BYTES + 1] = "";
	const struct branch_name name = {.node = 1, .worker = worker, .generation = 9, .slot = 0xc0ffee, .secret = 99};

	branch_name_write(branch, &name);
	int length = snprintf(text, sizeof(text),
			      "CANCEL sip:102@192.0.2.9:5060 SIP/2.0\r\n"
			      "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n"
			      "From: <sip:101@acme.example.net>;tag=1\r\n",
			      branch);
	return span_make(text, (size_t)length);
}

static void quote(struct report *report, const struct wire_frame *sent, struct span payload)
{
	static char datagram[WIRE_FRAME_BYTES_MAX];
	struct span whole = wire_frame_write(sent, wire_frame_udp(datagram, sent, payload, WIRE_CHECKSUM_RIGHT));

	report->icmp.quoted = span_make(report->quoted, whole.length - 14);
	memcpy(report->quoted, whole.at + 14, whole.length - 14);
}

static struct wire_frame frame_of_ours(bool v6)
{
	struct wire_frame sent = wire_frame_make(v6, 1);

	sent.destination = CALLEE;
	return sent;
}

/* Port unreachable for a request of that worker. */
static void make_report(struct report *report, bool v6, uint8_t worker)
{
	struct wire_frame sent = frame_of_ours(v6);

	*report = (struct report){
		.frame = wire_frame_make(v6, REPORTER),
		.icmp = {.type = v6 ? 1 : 3, .code = v6 ? 4 : 3},
	};
	report->frame.protocol = v6 ? 58 : 1;
	quote(report, &sent, write_request(worker));
}

static void send_report(struct pipeline *pipeline, const struct report *report)
{
	static char icmp[WIRE_FRAME_BYTES_MAX];

	pipeline_send_frame(pipeline,
			    wire_frame_write(&report->frame, wire_frame_icmp(icmp, &report->frame, &report->icmp)));
	wire_case_expect_nothing(pipeline);
}

/* Sends it; it must end with that reason. `what` and `which` name it when it does not. */
static void expect(struct pipeline *pipeline, const struct report *report, enum reason reason, const char *what,
		   uint32_t which)
{
	uint64_t before = pipeline_reason(pipeline, reason);

	send_report(pipeline, report);
	if (pipeline_reason(pipeline, reason) != before + 1)
		fail_msg("%s %u, IPv%u: not %s", what, which, report->frame.v6 ? 6 : 4, reason_rows[reason].name);
}

/* All that ICMP has: unreachable of every kind but "fragmentation needed", and parameter problem. */
static void types_and_codes(void **state)
{
	struct pipeline *pipeline = start(state);
	static struct report report;

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		make_report(&report, v6, 0);
		for (uint32_t type = 0; type < 256; type++)
			for (uint32_t code = 0; code < 18; code++) {
				bool taken = v6 ? type == 1 || type == 4
						: (type == 3 && code < 16 && code != 4) || type == 12;
				report.icmp.type = (uint8_t)type;
				report.icmp.code = (uint8_t)code;
				expect(pipeline, &report, taken ? REASON_UNREACHABLE_UNKNOWN : REASON_NOT_OURS,
				       "type and code", type << 8 | code);
			}
	}
	pipeline_stop(pipeline);
}

/* A byte of the quotation is another one; the checksum is right. */
static void what_it_quotes(void **state)
{
	static const struct {
		bool v6;
		uint32_t at;
		uint8_t value;
		enum reason reason;
	} rows[] = {
		{false, 0, 0x45, REASON_UNREACHABLE_UNKNOWN},
		{false, 0, 0x55, REASON_NOT_OURS},	      /* version */
		{false, 0, 0x44, REASON_NOT_OURS},	      /* a header of 16 bytes */
		{false, 0, 0x4f, REASON_NOT_OURS},	      /* of 60: no port of ours stands there */
		{false, 6, 0x20, REASON_UNREACHABLE_UNKNOWN}, /* the first fragment */
		{false, 7, 0x01, REASON_NOT_OURS},	      /* another one */
		{false, 9, 6, REASON_NOT_OURS},		      /* TCP */
		{false, 9, 1, REASON_NOT_OURS},		      /* ICMP in ICMP */
		{false, 15, 2, REASON_NOT_OURS},	      /* not from us */
		{false, 15, 7, REASON_NOT_OURS},
		{false, 21, 5061 & 0xff, REASON_NOT_OURS},	      /* from another port of ours */
		{false, 23, 5061 & 0xff, REASON_UNREACHABLE_UNKNOWN}, /* to another port of theirs */
		{false, 2, 0x00, REASON_UNREACHABLE_UNKNOWN},	      /* total length: systems differ */
		{false, 25, 7, REASON_LENGTH_WRONG},		      /* less than a UDP header */
		{false, 25, 8, REASON_UNREACHABLE_WITHOUT_BRANCH},
		{false, 28, 'c', REASON_UNREACHABLE_UNKNOWN}, /* "cANCEL" */
		{true, 0, 0x60, REASON_UNREACHABLE_UNKNOWN},
		{true, 0, 0x40, REASON_NOT_OURS},
		{true, 6, 6, REASON_NOT_OURS},
		{true, 6, 58, REASON_NOT_OURS},
		{true, 6, 0, REASON_NOT_OURS}, /* hop-by-hop options: we send none */
		{true, 23, 2, REASON_NOT_OURS},
		{true, 23, 0x10, REASON_NOT_OURS}, /* another address of ours than it was sent to */
		{true, 41, 5061 & 0xff, REASON_NOT_OURS},
		{true, 43, 5061 & 0xff, REASON_UNREACHABLE_UNKNOWN},
		{true, 45, 7, REASON_LENGTH_WRONG},
		{true, 45, 8, REASON_UNREACHABLE_WITHOUT_BRANCH},
	};
	struct pipeline *pipeline = start(state);
	static struct report report;

	for (uint32_t i = 0; i < RTE_DIM(rows); i++) {
		make_report(&report, rows[i].v6, 0);
		if (rows[i].at == 25 || rows[i].at == 45)
			report.quoted[rows[i].at - 1] = 0;
		report.quoted[rows[i].at] = (char)rows[i].value;
		expect(pipeline, &report, rows[i].reason, "row", i);
	}
	pipeline_stop(pipeline);
}

/* Large messages leave in fragments; IPv4 packets may have got options on their way. */
static void quoted_headers(void **state)
{
	static char copy[WIRE_FRAME_BYTES_MAX];
	struct pipeline *pipeline = start(state);
	static struct report report;

	for (uint32_t offset = 0; offset <= 16; offset += 8) {
		struct wire_frame sent = frame_of_ours(true);
		make_report(&report, true, 0);
		sent.fragment = sent.more = true;
		sent.offset = offset;
		quote(&report, &sent, write_request(0));
		expect(pipeline, &report, offset ? REASON_NOT_OURS : REASON_UNREACHABLE_UNKNOWN, "offset", offset);
	}
	/* A header too short for one, with our port where UDP would then be. */
	make_report(&report, false, 0);
	report.quoted[0] = 0x44;
	memcpy(report.quoted + 16, "\x13\xc4\x13\xc4\x01\x00", 6);
	expect(pipeline, &report, REASON_NOT_OURS, "header of", 16);
	for (uint32_t words = 0; words <= 10; words++) {
		make_report(&report, false, 0);
		uint32_t length = report.icmp.quoted.length;
		memcpy(copy, report.quoted + 20, length - 20);
		report.quoted[0] = (char)(0x45 + words);
		memset(report.quoted + 20, 1, words * 4); /* no operation */
		memcpy(report.quoted + 20 + words * 4, copy, length - 20);
		report.icmp.quoted.length = length + words * 4;
		expect(pipeline, &report, REASON_UNREACHABLE_UNKNOWN, "options", words);
	}
	pipeline_stop(pipeline);
}

/* Routers quote as little as 8 bytes behind IP. Only with all of the branch can the request be told. */
static void every_length_of_a_quotation(void **state)
{
	struct pipeline *pipeline = start(state);
	static struct report report;

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		make_report(&report, v6, 0);
		uint32_t whole = report.icmp.quoted.length, udp = v6 ? 48 : 28;
		struct span request = write_request(0);
		uint32_t branch_end =
			udp + (uint32_t)(strstr(request.at, "branch=") - request.at) + 7 + BRANCH_NAME_TEXT_BYTES;
		for (uint32_t length = 0; length <= whole; length++) {
			report.icmp.quoted.length = length;
			expect(pipeline, &report,
			       length < udp	     ? REASON_NOT_OURS
			       : length < branch_end ? REASON_UNREACHABLE_WITHOUT_BRANCH
						     : REASON_UNREACHABLE_UNKNOWN,
			       "length", length);
		}
	}
	pipeline_stop(pipeline);
}

/* RFC 4884: extensions behind the quotation are none of it. Here they would be the rest of the branch. */
static void extensions_behind_the_quotation(void **state)
{
	static const struct {
		bool v6;
		uint8_t type, code;
		uint32_t rest;
		enum reason reason;
	} rows[] = {
		{false, 3, 3, 0, REASON_UNREACHABLE_UNKNOWN},
		{false, 3, 3, 32 << 16, REASON_UNREACHABLE_WITHOUT_BRANCH}, /* 128 bytes */
		{false, 12, 0, 32 << 16, REASON_UNREACHABLE_WITHOUT_BRANCH},
		{false, 3, 3, 255 << 16, REASON_UNREACHABLE_UNKNOWN}, /* more than there is */
		{true, 1, 4, 0, REASON_UNREACHABLE_UNKNOWN},
		{true, 1, 4, 16u << 24, REASON_UNREACHABLE_WITHOUT_BRANCH},
		{true, 4, 0, 16u << 24, REASON_UNREACHABLE_UNKNOWN}, /* a pointer */
	};
	struct pipeline *pipeline = start(state);
	static struct report report;

	for (uint32_t i = 0; i < RTE_DIM(rows); i++) {
		make_report(&report, rows[i].v6, 0);
		report.icmp.type = rows[i].type;
		report.icmp.code = rows[i].code;
		report.icmp.rest = rows[i].rest;
		expect(pipeline, &report, rows[i].reason, "row", i);
	}
	pipeline_stop(pipeline);
}

/* The frame around it: checksums, fragments, tags, headers before ICMPv6. */
static void frames(void **state)
{
	struct pipeline *pipeline = start(state);
	static struct report report;

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		make_report(&report, v6, 0);
		report.icmp.checksum_wrong = true;
		expect(pipeline, &report, REASON_CHECKSUM_WRONG, "checksum", 0);
		report.icmp.checksum_wrong = false;
		report.frame.vlan = 100;
		expect(pipeline, &report, REASON_NOT_OURS, "tag", 100);
		pipeline_interface(pipeline)->vlan = 100;
		expect(pipeline, &report, REASON_UNREACHABLE_UNKNOWN, "tag of ours", 100);
		pipeline_interface(pipeline)->vlan = 0;
		report.frame.vlan = 0x6000;
		expect(pipeline, &report, REASON_UNREACHABLE_UNKNOWN, "priority", 0);
		report.frame.vlan = WIRE_UNTAGGED;
		report.frame.fragment = report.frame.more = true;
		expect(pipeline, &report, REASON_NOT_OURS, "fragment", 0);
		report.frame.more = false;
		report.frame.offset = 8;
		expect(pipeline, &report, REASON_NOT_OURS, "fragment", 8);
		report.frame.fragment = false;
		report.frame.offset = 0;
		report.frame.protocol = v6 ? 1 : 58;
		expect(pipeline, &report, REASON_NOT_OURS, "the other family's", v6);
		report.frame.protocol = v6 ? 58 : 1;
		report.frame.destination = 2;
		expect(pipeline, &report, REASON_NOT_OURS, "to another host", 2);
	}
	make_report(&report, false, 0);
	report.frame.header_checksum_wrong = true;
	expect(pipeline, &report, REASON_CHECKSUM_WRONG, "header checksum", 0);
	make_report(&report, true, 0);
	report.frame.extensions = span_make("\x3a\0\1\4\0\0\0\0", 8);
	expect(pipeline, &report, REASON_UNREACHABLE_UNKNOWN, "hop-by-hop options", 0);
	report.frame.extensions = (struct span){0};
	report.frame.fragment = true; /* alone: the whole (RFC 6946) */
	expect(pipeline, &report, REASON_UNREACHABLE_UNKNOWN, "fragment header", 0);
	pipeline_stop(pipeline);
}

/* Every cut of the frame itself ends counted, and none is taken. */
static void frames_cut_short(void **state)
{
	static char icmp[WIRE_FRAME_BYTES_MAX], copy[WIRE_FRAME_BYTES_MAX];
	struct pipeline *pipeline = start(state);
	static struct report report;

	for (uint32_t v6 = 0; v6 < 2; v6++) {
		make_report(&report, v6, 0);
		struct span whole = wire_frame_write(&report.frame, wire_frame_icmp(icmp, &report.frame, &report.icmp));
		memcpy(copy, whole.at, whole.length);
		for (uint32_t length = 0; length < whole.length; length++)
			pipeline_send_frame(pipeline, span_make(copy, length));
	}
	assert_int_equal(pipeline_reason(pipeline, REASON_NOT_OURS) + pipeline_reason(pipeline, REASON_LENGTH_WRONG),
			 pipeline_counter(pipeline, COUNTER_RECEIVED));
	assert_true(pipeline_reason(pipeline, REASON_LENGTH_WRONG) > 0);
	pipeline_stop(pipeline);
}

/* A datagram in fragments cannot turn out to be ICMPv6. */
static void fragments_of_it(void **state)
{
	static char icmp[WIRE_FRAME_BYTES_MAX];
	struct pipeline *pipeline = start(state);
	static struct report report;

	make_report(&report, true, 0);
	struct span bytes = wire_frame_icmp(icmp, &report.frame, &report.icmp);
	struct wire_frame frame = report.frame;
	frame.fragment = true;
	/* The first one says that options come first, and ICMPv6 behind them. */
	memmove(icmp + 8, bytes.at, bytes.length);
	memcpy(icmp, "\x3a\0\1\4\0\0\0\0", 8);
	bytes = span_make(icmp, bytes.length + 8);
	frame.protocol = 60;
	frame.more = true;
	pipeline_send_frame(pipeline, wire_frame_write(&frame, span_make(icmp, 64)));
	frame.more = false;
	frame.offset = 64;
	pipeline_send_frame(pipeline, wire_frame_write(&frame, span_skip(bytes, 64)));
	assert_int_equal(pipeline_counter(pipeline, COUNTER_REASSEMBLED), 1);
	assert_int_equal(pipeline_reason(pipeline, REASON_NOT_OURS), 1);
	pipeline_stop(pipeline);
}

/* The lcore that the branch names gets it, by whichever queue it came, with all that it needs. */
static void lcore_of_the_branch(void **state)
{
	struct pipeline *pipeline = start(state);
	struct dataplane *dataplane = pipeline_dataplane(pipeline);
	static struct report report;

	for (uint32_t v6 = 0; v6 < 2; v6++)
		for (uint32_t owner = 0; owner < dataplane->worker_count; owner++) {
			const uint64_t *reasons = dataplane->counters[owner]->reason;
			uint64_t before = reasons[REASON_UNREACHABLE_UNKNOWN];
			make_report(&report, v6, (uint8_t)owner);
			send_report(pipeline, &report);
			assert_int_equal(reasons[REASON_UNREACHABLE_UNKNOWN], before + 1);

			const struct packet *packet = &pipeline_worker(pipeline, owner)->packet[0];
			assert_true(packet->is_unreachable);
			assert_int_equal(packet->steered_in, owner != 0);
			assert_int_equal(packet->quoted.method, SIP_METHOD_CANCEL);
			assert_int_equal(packet->quoted.branch.worker, owner);
			assert_int_equal(packet->quoted.branch.slot, 0xc0ffee);
			assert_int_equal(packet->source.ip[15], CALLEE);
			assert_int_equal(packet->source.port, 5060);
			assert_int_equal(packet->local.ip[15], 1);
			assert_int_equal(packet->local.port, 5060);
		}
	make_report(&report, false, (uint8_t)dataplane->worker_count);
	expect(pipeline, &report, REASON_UNREACHABLE_WITHOUT_BRANCH, "worker", dataplane->worker_count);
	make_report(&report, false, 255);
	expect(pipeline, &report, REASON_UNREACHABLE_WITHOUT_BRANCH, "worker", 255);
	pipeline_stop(pipeline);
}

/* A message that the kernel was to send for us, to an address that no neighbour has: any lcore is told first. */
static void what_the_kernel_could_not_deliver(void **state)
{
	struct pipeline *pipeline = start(state);
	struct dataplane *dataplane = pipeline_dataplane(pipeline);

	for (uint32_t first = 0; first < dataplane->worker_count; first++)
		for (uint32_t owner = 0; owner < dataplane->worker_count; owner++) {
			const uint64_t *reasons = dataplane->counters[owner]->reason;
			uint64_t before = reasons[REASON_UNREACHABLE_UNKNOWN];
			struct span request = write_request((uint8_t)owner);
			struct rte_mbuf *mbuf = rte_pktmbuf_alloc(dataplane->pool);
			must(mbuf != NULL);
			struct punt *punt = rte_mbuf_to_priv(mbuf);
			*punt = (struct punt){.is_unreachable = true, .peer = {.port = 5099}, .local = {.port = 5060}};
			memcpy(rte_pktmbuf_append(mbuf, (uint16_t)request.length), request.at, request.length);
			must(rte_ring_enqueue(dataplane->from_kernel[first], mbuf) == 0);
			pipeline_run(pipeline);
			pipeline_run(pipeline); /* a worker that hands all on seems to stand still */
			wire_case_expect_nothing(pipeline);
			assert_int_equal(reasons[REASON_UNREACHABLE_UNKNOWN], before + 1);
			assert_int_equal(pipeline_worker(pipeline, owner)->packet[0].source.port, 5099);
		}
	pipeline_stop(pipeline);
}

/* What we send besides requests with a branch of ours. */
static void other_messages_of_ours(void **state)
{
	static const char *const texts[] = {
		"",
		"\r\n\r\n",
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1\r\n",
		"OPTIONS sip:pbx@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKping1\r\n",
		"INVITE sip:102@192.0.2.9 SIP/2.0\r\nCall-ID: 1\r\n",
	};
	struct pipeline *pipeline = start(state);
	struct wire_frame sent = frame_of_ours(false);
	static struct report report;

	for (uint32_t i = 0; i < RTE_DIM(texts); i++) {
		make_report(&report, false, 0);
		quote(&report, &sent, span_of_text(texts[i]));
		expect(pipeline, &report, REASON_UNREACHABLE_WITHOUT_BRANCH, "text", i);
	}
	pipeline_stop(pipeline);
}

/* A message that came over a ring right behind an error is a message, and the other way round. */
static void among_messages(void **state)
{
	struct pipeline *pipeline = start(state);
	static char icmp[WIRE_FRAME_BYTES_MAX];
	static struct report report;
	static char text[SIP_TEXT_BYTES_MAX];
	uint64_t answered = 0, taken = 0;

	for (uint32_t i = 0; i < 300; i++) {
		if (i % 3 == 1) {
			make_report(&report, i % 2, (uint8_t)(i % pipeline_dataplane(pipeline)->worker_count));
			pipeline_put_frame(
				pipeline,
				wire_frame_write(&report.frame, wire_frame_icmp(icmp, &report.frame, &report.icmp)), 0,
				0);
			taken++;
		} else {
			char call_id[32];
			snprintf(call_id, sizeof(call_id), "among-%u", i);
			struct sip_request request = {.method = "OPTIONS",
						      .uri = "sip:192.0.2.1",
						      .from = "<sip:alice@acme.example.net>",
						      .to = "<sip:192.0.2.1>",
						      .call_id = call_id};
			sip_request_write(text, &request);
			pipeline_put(pipeline, 0, "192.0.2.7:5060", span_of_text(text));
			answered++;
		}
	}
	pipeline_run(pipeline);
	assert_int_equal(pipeline_discard_sent(pipeline), answered);
	assert_int_equal(pipeline_reason(pipeline, REASON_OPTIONS_ANSWERED), answered);
	assert_int_equal(pipeline_reason(pipeline, REASON_UNREACHABLE_UNKNOWN), taken);
	pipeline_stop(pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(types_and_codes),
		PIPELINE_CASE_ROWS(what_it_quotes),
		PIPELINE_CASE_ROWS(quoted_headers),
		PIPELINE_CASE_ROWS(every_length_of_a_quotation),
		PIPELINE_CASE_ROWS(extensions_behind_the_quotation),
		PIPELINE_CASE_ROWS(frames),
		PIPELINE_CASE_ROWS(frames_cut_short),
		PIPELINE_CASE_ROWS(fragments_of_it),
		PIPELINE_CASE_ROWS(lcore_of_the_branch),
		PIPELINE_CASE_ROWS(what_the_kernel_could_not_deliver),
		PIPELINE_CASE_ROWS(other_messages_of_ours),
		PIPELINE_CASE_ROWS(among_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
