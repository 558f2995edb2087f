/*
 * Whole bursts: what peers send goes through all stages of two workers that share a provisioned directory, and
 * everything that must hold whatever comes is checked behind each input: each packet ends once and is counted, no mbuf
 * is lost, the tables of transactions and calls add up, whatever began ends when nothing more comes, what leaves is SIP
 * that our own parser takes, and no credentials for our realms leave.
 *
 * The input is datagrams, separated by a line "%%". The first three bytes of each say how it comes:
 *   source      which peer sends it
 *   prefix      a line of fuzz_prefix.h, or: a whole frame, or: a message of the control thread to that peer, or: words
 *               of a message that fits what was said so far (fuzz_exchange.h)
 *   time        below 0x80: in the same burst; else what came before is run, and time passes
 *
 * Time and keys are the harness's own, so that an input does the same each time.
 */
#include "fuzz_input.h"

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring_elem.h>
#include <sanitizer/lsan_interface.h>
#include <stdio.h>

#include "call_track.h"
#include "credentials_parse.h"
#include "fuzz_exchange.h"
#include "fuzz_prefix.h"
#include "fuzz_router.h"
#include "message_parse.h"
#include "pipeline.h"
#include "worker.h"
#include "worker_check.h"

#define WORKERS	       2
#define DATAGRAMS_MAX  48
#define HEAD_FRAME     FUZZ_PREFIX_COUNT
#define HEAD_REINJECT  (FUZZ_PREFIX_COUNT + 1)
#define HEAD_RESPOND   (FUZZ_PREFIX_COUNT + 2)
#define HEAD_ASK       (FUZZ_PREFIX_COUNT + 3)
#define HEAD_KINDS     (FUZZ_PREFIX_COUNT + 4)
#define HEADERS_BYTES  64 /* Ethernet, IPv6, UDP */
#define DATAGRAM_BYTES 9000
#define SAME_BURST     0x80
#define UNIX_NOW_S     1800000000u
#define TICK_MS	       TIMER_WHEEL_TICK_MS

/* A wait is cut into so many steps: timers come in order, not to the tick. */
#define WAIT_STEPS 16

/* How long transactions may go on by themselves: a ring of two minutes and timer C, 64*T1 beside them, target after
 * target. In steps of T2. */
#define END_STEP_MS   4000
#define END_STEPS_MAX 2000

/* T1, T2, T4, 64*T1, C with its CANCEL, more than a nonce lives. */
static const uint32_t waits_ms[] = {0, TICK_MS, 500, 4000, 5000, 33000, 190000, 3600000};

static const char *const peers[] = {"192.0.2.7:5060",	  "192.0.2.10:5060", "192.0.2.11:5070", "198.51.100.7:5060",
				    "[2001:db8::7]:5060", "192.0.2.8:5062",  "192.0.2.99:5060", "203.0.113.9:40000"};

/* What a port may say of a whole frame. */
static const uint64_t frame_flags[FUZZ_PREFIX_VARIANTS] = {0, RTE_MBUF_F_RX_L4_CKSUM_BAD, RTE_MBUF_F_RX_IP_CKSUM_BAD,
							   RTE_MBUF_F_RX_L4_CKSUM_GOOD};

static struct pipeline *pipeline;
static struct dataplane *dataplane;
static uint64_t tsc_hz, tsc_base;

/* Of one input. */
static uint64_t now_ms;		 /* since it began */
static uint32_t packets;	 /* that were put to the port */
static uint32_t unparsable_left; /* answers that need not parse: what they answer does not */

/* ------------------------------------------------------------ set-up */

static void stop(void)
{
	pipeline_stop(pipeline);
}

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
	(void)argument_count;
	(void)arguments;
	/* What DPDK's own memory alone points to looks lost. */
	__lsan_disable();
	pipeline = fuzz_router_start(WORKERS);
	dataplane = pipeline_dataplane(pipeline);
	tsc_hz = rte_get_tsc_hz();
	tsc_base = dataplane->virtual_tsc;
	atexit(stop);
	__lsan_enable();
	return 0;
}

/* Nothing of an input is left to the next one; time begins anew. */
static void forget(void)
{
	now_ms = 0;
	for (uint32_t i = 0; i < WORKERS; i++) {
		struct worker *worker = pipeline_worker(pipeline, i);
		memset(worker->nonce_window.entry, 0,
		       worker->nonce_window.set_count * NONCE_WINDOW_WAYS * sizeof(worker->nonce_window.entry[0]));
		timer_wheel_init(&worker->wheel, tsc_base / worker->tick_tsc);
		worker->next_queue = 0;
	}
	fuzz_exchange_forget();
	packets = 0;
	unparsable_left = 0;
}

/* ------------------------------------------------------------ what leaves */

static bool is_our_realm(struct span realm)
{
	return span_equals_nocase(realm, SPAN_LITERAL("acme.example.net")) ||
	       span_equals_nocase(realm, SPAN_LITERAL("globex.example.net"));
}

/* R2: credentials are removed before forwarding. */
static void check_credentials(const struct sip_message *message)
{
	struct digest_credentials credentials;

	for (uint8_t i = 0; i < message->header_count; i++) {
		uint8_t name = message->header[i].name;
		if (name != SIP_HEADER_AUTHORIZATION && name != SIP_HEADER_PROXY_AUTHORIZATION)
			continue;
		must(credentials_parse(&credentials, sip_message_header_value(message, i)) == CREDENTIALS_OK);
		must(!is_our_realm(credentials.realm));
	}
}

/* A request does not come back to us; an answer goes where its request says that it came from. */
static void check_destination(const struct sip_message *request, const struct net_address *destination)
{
	static const char *const own[] = {"192.0.2.1", "2001:db8::1", "2001:db8::10"};
	uint8_t ip[16];

	if (span_starts_with(sip_message_text(request, request->via_branch), SPAN_LITERAL("z9hG4bKping")))
		return;
	for (uint32_t i = 0; i < RTE_DIM(own); i++) {
		must(uri_parse_ip(ip, span_of_text(own[i])));
		must(memcmp(ip, destination->ip, 16) != 0 || destination->port != 5060);
	}
}

static void check_sent(struct span text, const struct net_address *destination)
{
	static struct sip_message message;
	enum reason reason = message_parse(&message, text);

	if (reason != REASON_NONE) {
		/* Only an answer may be as bad as its request. */
		must(!message.is_request && unparsable_left > 0);
		unparsable_left--;
		return;
	}
	if (!message.is_request)
		return;
	fuzz_exchange_note_sent(text);
	struct span host = sip_message_text(&message, message.via_host);
	must(span_equals(host, SPAN_LITERAL("192.0.2.1")) || span_equals(host, SPAN_LITERAL("[2001:db8::1]")) ||
	     span_equals(host, SPAN_LITERAL("[2001:db8::10]")));
	check_credentials(&message);
	check_destination(&message, destination);
	for (uint8_t i = 0; i < message.header_count; i++)
		must(!(message.header[i].flags & SIP_HEADER_FOLDED));
}

static void take_sent(void)
{
	static struct pipeline_message message;

	while (pipeline_take(pipeline, &message)) {
		must(message.source.port == 5060);
		check_sent(span_make(message.text, message.length), &message.destination);
	}
}

static void check_punt(const struct punt *punt, struct span payload)
{
	switch (punt->kind) {
	case PUNT_REGISTER:
		must((uint32_t)punt->endpoint_name_offset + punt->endpoint_name_length <= payload.length);
		must(punt->endpoint_name_length > 0 && punt->company_id != 0);
		must(span_starts_with(payload, SPAN_LITERAL("REGISTER ")));
		break;
	case PUNT_KERNEL_SEND:
		check_sent(payload, &punt->peer);
		break;
	default:
		must(punt->kind == PUNT_PING_ANSWER);
	}
}

static void take_punted(void)
{
	struct rte_mbuf *mbuf;
	struct auth_failure failure;
	struct call_record record;

	for (uint32_t i = 0; i < WORKERS; i++) {
		while (rte_ring_dequeue(dataplane->punt[i], (void **)&mbuf) == 0) {
			must(mbuf->nb_segs == 1);
			check_punt(rte_mbuf_to_priv(mbuf),
				   span_make(rte_pktmbuf_mtod(mbuf, const char *), rte_pktmbuf_data_len(mbuf)));
			rte_pktmbuf_free(mbuf);
		}
		while (rte_ring_dequeue_elem(dataplane->auth_failure[i], &failure, sizeof(failure)) == 0)
			;
		while (rte_ring_dequeue_elem(dataplane->call_record[i], &record, sizeof(record)) == 0)
			must(record.state == CALL_ENDED && record.end != CALL_END_NONE);
	}
}

/* ------------------------------------------------------------ running */

static uint32_t now_s(void)
{
	return UNIX_NOW_S + (uint32_t)(now_ms / 1000);
}

/* With the harness's clock. */
static void begin_burst(struct worker *worker)
{
	worker_begin_burst(worker);
	worker->now_s = now_s();
	worker->now_ms = UNIX_NOW_S * UINT64_C(1000) + now_ms;
	worker->now_tsc = tsc_base + tsc_hz / 1000 * now_ms;
	worker->now_tick = worker->now_tsc / worker->tick_tsc;
}

/* worker_burst(). Result: whether there may be more to do. */
static bool run_worker(struct worker *worker)
{
	uint64_t reinjected = worker->counters->value[COUNTER_REINJECTED];

	begin_burst(worker);
	for (uint32_t i = 0; i < worker_stage_count; i++)
		worker_stages[i].run(worker);
	bool moved = worker->packet_count > 0 || worker->counters->value[COUNTER_REINJECTED] != reinjected ||
		     (worker->wheel.count > 0 && worker->wheel.tick <= worker->now_tick);
	worker_end_burst(worker);
	worker_check(worker);
	return moved;
}

static void run_until_still(void)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (uint32_t i = 0; i < WORKERS; i++)
			moved |= run_worker(pipeline_worker(pipeline, i));
	}
	take_punted();
	take_sent();
}

static void wait_ms(uint32_t ms)
{
	uint32_t step_ms = RTE_MAX(ms / WAIT_STEPS, (uint32_t)TICK_MS);

	for (uint32_t passed_ms = 0; passed_ms < ms; passed_ms += step_ms) {
		now_ms += step_ms;
		run_until_still();
	}
}

static uint32_t count_transactions(void)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < WORKERS; i++)
		sum += pipeline_worker(pipeline, i)->transactions.used_count;
	return sum;
}

/* Calls that were answered, and that nobody hung up: as if their longest duration had passed. */
static void end_calls(struct worker *worker)
{
	begin_burst(worker);
	for (uint32_t i = 0; i < worker->calls.count; i++) {
		struct call *call = &worker->calls.call[i];
		if (call->record.state == CALL_FREE)
			continue;
		must(call->record.state == CALL_ANSWERED);
		timer_wheel_stop(&worker->wheel, &call->timer);
		call_track_expire(worker, call);
	}
	worker_end_burst(worker);
	worker_check(worker);
	must(worker->calls.used_count == 0 && worker->limits.held_count == 0 && worker->wheel.count == 0);
}

/* Nobody says anything more: all that began ends. */
static void let_end(void)
{
	for (uint32_t i = 0; i < END_STEPS_MAX && count_transactions() > 0; i++)
		wait_ms(END_STEP_MS);
	must(count_transactions() == 0);
	for (uint32_t i = 0; i < WORKERS; i++)
		end_calls(pipeline_worker(pipeline, i));
	take_punted();
}

/* ------------------------------------------------------------ what comes */

static void free_block(void *address, void *block)
{
	(void)address;
	free(block);
}

/* An mbuf around a heap block that ends with the bytes, so that ASan sees a step too far; in front of them room. */
static struct rte_mbuf *put_in_block(struct span bytes, uint16_t room)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(dataplane->pool);
	static struct rte_mbuf_ext_shared_info shared[DATAGRAMS_MAX];
	static uint32_t next_shared;
	struct rte_mbuf_ext_shared_info *info = &shared[next_shared++ % DATAGRAMS_MAX];
	uint32_t length = room + bytes.length;
	char *block = malloc(length ? length : 1);

	must(mbuf != NULL && block != NULL);
	memcpy(block + room, bytes.at, bytes.length);
	info->free_cb = free_block;
	info->fcb_opaque = block;
	rte_mbuf_ext_refcnt_set(info, 1);
	rte_pktmbuf_attach_extbuf(mbuf, block, RTE_BAD_IOVA, (uint16_t)length, info);
	mbuf->data_off = room;
	mbuf->data_len = (uint16_t)bytes.length;
	mbuf->pkt_len = bytes.length;
	return mbuf;
}

static void put_datagram(struct span bytes, const char *peer)
{
	static char parsed_bytes[DATAGRAM_BYTES + FUZZ_PREFIX_BYTES_MAX];
	static struct sip_message message;

	/* The parse stage may unfold the one in the mbuf. */
	memcpy(parsed_bytes, bytes.at, bytes.length);
	if (message_parse(&message, span_make(parsed_bytes, bytes.length)) != REASON_NONE)
		unparsable_left++;
	fuzz_exchange_note_received(bytes);
	pipeline_put_mbuf(pipeline, peer, put_in_block(bytes, HEADERS_BYTES));
}

static void put_with_prefix(struct span bytes, const char *peer, enum fuzz_prefix prefix, uint32_t variant)
{
	static char line[FUZZ_PREFIX_BYTES_MAX], whole[DATAGRAM_BYTES + FUZZ_PREFIX_BYTES_MAX];
	struct worker *worker = pipeline_worker(pipeline, 0);
	const struct snapshot *snapshot = atomic_load(&worker->dataplane->snapshot);
	struct span inserted = fuzz_prefix_write(line, prefix, variant, bytes, snapshot->keys, now_s());
	const char *feed = bytes.length ? memchr(bytes.at, '\n', bytes.length) : NULL;
	uint32_t first = feed ? (uint32_t)(feed - bytes.at) + 1 : bytes.length;

	memcpy(whole, bytes.at, first);
	memcpy(whole + first, inserted.at, inserted.length);
	memcpy(whole + first + inserted.length, bytes.at + first, bytes.length - first);
	put_datagram(span_make(whole, bytes.length + inserted.length), peer);
}

static void put_fitting(struct span words, const char *peer, bool response, uint32_t variant)
{
	static char made[FUZZ_EXCHANGE_BYTES_MAX];
	struct span message =
		response ? fuzz_exchange_respond(made, variant, words) : fuzz_exchange_ask(made, variant, words);

	if (message.length == 0 || message.length > DATAGRAM_BYTES)
		return;
	packets++;
	put_datagram(message, peer);
}

/* As the registrar sends a ping: where to and from which of our addresses is the input's. */
static void reinject(struct span bytes, uint32_t peer)
{
	static const char ping[] = "OPTIONS sip:pbx@192.0.2.8 SIP/2.0\r\n"
				   "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKping1\r\n"
				   "From: <sip:192.0.2.1>;tag=1\r\nTo: <sip:pbx@192.0.2.8>\r\nCall-ID: ping\r\n"
				   "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(dataplane->pool);
	must(mbuf != NULL);
	struct punt *punt = rte_mbuf_to_priv(mbuf);

	*punt = (struct punt){.kind = PUNT_SEND, .peer = {.port = (uint16_t)(5060 + peer)}, .local = {.port = 5060}};
	struct span ip = fuzz_input_take(&bytes, 16), local = fuzz_input_take(&bytes, 16);
	memcpy(punt->peer.ip, ip.at, ip.length);
	memcpy(punt->local.ip, local.at, local.length);
	memcpy(rte_pktmbuf_append(mbuf, sizeof(ping) - 1), ping, sizeof(ping) - 1);
	must(rte_ring_enqueue(dataplane->reinject[peer % WORKERS], mbuf) == 0);
}

static void put_frame(struct span frame, uint32_t variant)
{
	struct rte_mbuf *mbuf = put_in_block(frame, 0);

	packets++;
	unparsable_left++;
	mbuf->ol_flags |= frame_flags[variant];
	pipeline_put_frame_mbuf(pipeline, mbuf);
}

static void put(struct span datagram)
{
	uint8_t source = fuzz_input_byte(&datagram), prefix = fuzz_input_byte(&datagram);
	uint8_t time = fuzz_input_byte(&datagram);
	uint32_t peer = source % RTE_DIM(peers), variant = prefix / HEAD_KINDS % FUZZ_PREFIX_VARIANTS;

	if (time >= SAME_BURST) {
		run_until_still();
		wait_ms(waits_ms[time % RTE_DIM(waits_ms)]);
	}
	datagram = fuzz_input_take(&datagram, DATAGRAM_BYTES);
	switch (prefix % HEAD_KINDS) {
	case HEAD_FRAME:
		put_frame(datagram, variant);
		break;
	case HEAD_REINJECT:
		reinject(datagram, peer);
		break;
	case HEAD_RESPOND:
	case HEAD_ASK:
		put_fitting(datagram, peers[peer], prefix % HEAD_KINDS == HEAD_RESPOND, variant);
		break;
	default:
		packets++;
		put_with_prefix(datagram, peers[peer], (enum fuzz_prefix)(prefix % HEAD_KINDS), variant);
	}
}

static struct span take_datagram(struct span *input)
{
	static const char separator[] = "\n%%\n";
	const char *at = memmem(input->at, input->length, separator, sizeof(separator) - 1);

	if (at == NULL)
		return fuzz_input_take(input, input->length);
	struct span datagram = fuzz_input_take(input, (uint32_t)(at - input->at));
	*input = span_skip(*input, sizeof(separator) - 1);
	return datagram;
}

static uint64_t count_ended(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < WORKERS; i++)
		for (uint32_t verdict = VERDICT_FORWARD; verdict < VERDICT_COUNT; verdict++)
			sum += dataplane->counters[i]->verdict[verdict];
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span input = fuzz_input_span(bytes, length);
	uint32_t available = pipeline_free_mbufs(pipeline), count = 0;
	uint64_t ended = count_ended();

	forget();
	while (input.length && count++ < DATAGRAMS_MAX)
		put(take_datagram(&input));
	run_until_still();
	let_end();
	pipeline_check_identity(pipeline);
	must(count_ended() - ended == packets);
	must(pipeline_free_mbufs(pipeline) == available);
	return 0;
}
