/*
 * Whole bursts: what peers send goes through all stages of two workers that share a provisioned directory, and
 * everything that must hold whatever comes is checked behind each input: each packet ends once and is counted, no mbuf
 * is lost, what leaves is SIP that our own parser takes, and no credentials for our realms leave.
 *
 * The input is datagrams, separated by a line "%%". The first three bytes of each say how it comes:
 *   source      which peer sends it
 *   prefix      a line of fuzz_prefix.h, or: a whole frame, or: a message of the control thread to that peer
 *   time        below 0x80: in the same burst; else what came before is run, and that many steps of time pass
 *
 * Time and keys are the harness's own, so that an input does the same each time.
 */
#include "fuzz_input.h"

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring_elem.h>
#include <sanitizer/lsan_interface.h>
#include <sodium.h>
#include <stdio.h>

#include "credentials_parse.h"
#include "fuzz_prefix.h"
#include "message_parse.h"
#include "pipeline.h"
#include "sip_client.h"
#include "worker.h"

#define WORKERS	       2
#define DATAGRAMS_MAX  48
#define STEP_S	       5
#define HEAD_FRAME     FUZZ_PREFIX_COUNT
#define HEAD_REINJECT  (FUZZ_PREFIX_COUNT + 1)
#define HEAD_KINDS     (FUZZ_PREFIX_COUNT + 2)
#define HEADERS_BYTES  64 /* Ethernet, IPv6, UDP */
#define DATAGRAM_BYTES 9000
#define SAME_BURST     0x80
#define UNIX_NOW_S     1800000000u

static const char provisioning[] =
	"carriers:\n"
	"  - name: telco\n"
	"    address: [\"udp:198.51.100.7:5060\"]\n"
	"    country: ES\n"
	"companies:\n"
	"  - name: acme\n"
	"    domain: acme.example.net\n"
	"    country: ES\n"
	"    outgoing_ddi: \"+34944000000\"\n"
	"    emergency: [\"112\"]\n"
	"    users:\n"
	"      - {name: alice, password: secret-a, extension: \"101\", display: Alice Doe, call_acl: national}\n"
	"      - {name: bob, password: secret-b, extension: \"102\"}\n"
	"    friends:\n"
	"      - {name: hq, password: secret-h, priority: 10, direct: \"udp:192.0.2.10:5060\", patterns: "
	"[\"^2[0-9]{3}$\"]}\n"
	"      - {name: lab, auth: source, priority: 5, direct: \"udp:192.0.2.11:5070\", patterns: [\"^20\"], "
	"ddi_in: true, from_user: trunk, from_domain: lab.example.org}\n"
	"      - {name: six, password: secret-6, priority: 6, direct: \"udp:[2001:db8::66]:5060\", patterns: [\"^6\"], "
	"ruri_domain: six.example.org}\n"
	"      - {name: ahead, password: secret-9, priority: 8, patterns: ['^4(?!2)[0-9]{2}$', '^8']}\n"
	"      - {name: silent, password: secret-s, priority: 7, direct: \"udp:192.0.2.99:5060\", patterns: [\"^7\"]}\n"
	"      - {name: pbx, password: secret-p, priority: 20, patterns: [\"^3\"], ddi_in: true}\n"
	"    extensions:\n"
	"      - {number: \"101\", route: {user: alice}}\n"
	"      - {number: \"102\", route: {user: bob}}\n"
	"      - {number: \"2001\", route: {user: bob}}\n"
	"      - {number: \"900\", route: {number: \"+34900123123\"}}\n"
	"      - {number: \"901\", route: {friend: \"5\"}}\n"
	"      - {number: \"199\"}\n"
	"    ddis:\n"
	"      - {number: \"+34944000000\", route: {friend: \"2500\"}}\n"
	"      - {number: \"+34944000001\", route: {user: bob}, display: Sales}\n"
	"      - {number: \"+34944000002\"}\n"
	"    call_acls:\n"
	"      - {name: national, default: deny, rules: [{allow: '^\\+34[6789]'}, {deny: '^\\+34806'}]}\n"
	"  - name: globex\n"
	"    domain: globex.example.net\n"
	"    country: US\n"
	"    sources: [192.0.2.0/28]\n"
	"    users:\n"
	"      - {name: alice, password: other, extension: \"101\"}\n"
	"    extensions:\n"
	"      - {number: \"101\", route: {user: alice}}\n";

static const char *const peers[] = {"192.0.2.7:5060",	  "192.0.2.10:5060", "192.0.2.11:5070", "198.51.100.7:5060",
				    "[2001:db8::7]:5060", "192.0.2.8:5062",  "192.0.2.99:5060", "203.0.113.9:40000"};

/* What a port may say of a whole frame. */
static const uint64_t frame_flags[FUZZ_PREFIX_VARIANTS] = {0, RTE_MBUF_F_RX_L4_CKSUM_BAD, RTE_MBUF_F_RX_IP_CKSUM_BAD,
							   RTE_MBUF_F_RX_L4_CKSUM_GOOD};

static struct pipeline *pipeline;
static struct dataplane *dataplane;
static uint64_t tsc_hz, tsc_base;

/* Of one input. */
static uint32_t now_s;
static uint32_t packets;	 /* that were put to the port */
static uint32_t unparsable_left; /* answers that need not parse: what they answer does not */

/* ------------------------------------------------------------ set-up */

/* In place of libsodium's source: the keys are the same in every run. */
static uint32_t random_state = 1;

static const char *random_name(void)
{
	return "none";
}

static uint32_t random_word(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state;
}

static void random_fill(void *const buffer, const size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)buffer)[i] = (uint8_t)(random_word() >> 24);
}

static void register_endpoint(const char *user, const char *password, const char *contact, const char *source)
{
	char text[SIP_TEXT_BYTES_MAX], aor[128], headers[1400], line[1024];
	struct pipeline_message message;
	struct sip_account account = {.user = user, .password = password, .nc = 1};
	struct sip_request request = {.method = "REGISTER",
				      .uri = "sip:acme.example.net",
				      .from = aor,
				      .to = aor,
				      .via = source,
				      .call_id = user,
				      .headers = ""};

	snprintf(aor, sizeof(aor), "<sip:%s@acme.example.net>", user);
	sip_request_write(text, &request);
	pipeline_send(pipeline, source, text);
	must(pipeline_take(pipeline, &message));
	sip_authorization_write(line, message.text, &account, "REGISTER", request.uri);
	snprintf(headers, sizeof(headers), "Contact: <%s>\r\n%s", contact, line);
	request.headers = headers;
	request.cseq = 2;
	sip_request_write(text, &request);
	pipeline_send(pipeline, source, text);
	must(pipeline_take(pipeline, &message));
	must(sip_status(message.text) == 200);
}

static void stop(void)
{
	pipeline_stop(pipeline);
}

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
	static randombytes_implementation random = {
		.implementation_name = random_name, .random = random_word, .buf = random_fill};

	(void)argument_count;
	(void)arguments;
	/* What DPDK's own memory alone points to looks lost. */
	__lsan_disable();
	must(randombytes_set_implementation(&random) == 0);
	must(sodium_init() >= 0);
	pipeline = pipeline_start(WORKERS, provisioning);
	dataplane = pipeline_dataplane(pipeline);
	register_endpoint("bob", "secret-b", "sip:bob@192.0.2.8:5062;ob", "192.0.2.8:5062");
	register_endpoint("pbx", "secret-p", "sip:pbx@10.0.0.8:5060;method=INVITE;x=y?a=b", "192.0.2.8:5062");
	tsc_hz = rte_get_tsc_hz();
	tsc_base = rte_rdtsc();
	atexit(stop);
	__lsan_enable();
	return 0;
}

/* Nothing of an input is left to the next one. */
static void forget(void)
{
	for (uint32_t i = 0; i < WORKERS; i++) {
		struct worker *worker = pipeline_worker(pipeline, i);
		memset(worker->nonce_window.entry, 0,
		       worker->nonce_window.set_count * NONCE_WINDOW_WAYS * sizeof(worker->nonce_window.entry[0]));
		worker->next_queue = 0;
	}
	now_s = UNIX_NOW_S;
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

	for (uint32_t i = 0; i < WORKERS; i++) {
		while (rte_ring_dequeue(dataplane->punt[i], (void **)&mbuf) == 0) {
			must(mbuf->nb_segs == 1);
			check_punt(rte_mbuf_to_priv(mbuf),
				   span_make(rte_pktmbuf_mtod(mbuf, const char *), rte_pktmbuf_data_len(mbuf)));
			rte_pktmbuf_free(mbuf);
		}
		while (rte_ring_dequeue_elem(dataplane->auth_failure[i], &failure, sizeof(failure)) == 0)
			;
	}
}

/* ------------------------------------------------------------ running */

/* worker_burst() with the harness's clock. */
static bool run_worker(struct worker *worker)
{
	uint64_t reinjected = worker->counters->value[COUNTER_REINJECTED];

	worker_begin_burst(worker);
	worker->now_s = now_s;
	worker->now_tsc = tsc_base + (uint64_t)(now_s - UNIX_NOW_S) * tsc_hz;
	for (uint32_t i = 0; i < worker_stage_count; i++)
		worker_stages[i].run(worker);
	bool moved = worker->packet_count > 0 || worker->counters->value[COUNTER_REINJECTED] != reinjected;
	worker_end_burst(worker);
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
	pipeline_put_mbuf(pipeline, peer, put_in_block(bytes, HEADERS_BYTES));
}

static void put_with_prefix(struct span bytes, const char *peer, enum fuzz_prefix prefix, uint32_t variant)
{
	static char line[FUZZ_PREFIX_BYTES_MAX], whole[DATAGRAM_BYTES + FUZZ_PREFIX_BYTES_MAX];
	struct worker *worker = pipeline_worker(pipeline, 0);
	const struct snapshot *snapshot = atomic_load(&worker->dataplane->snapshot);
	struct span inserted = fuzz_prefix_write(line, prefix, variant, bytes, snapshot->keys, now_s);
	const char *feed = bytes.length ? memchr(bytes.at, '\n', bytes.length) : NULL;
	uint32_t first = feed ? (uint32_t)(feed - bytes.at) + 1 : bytes.length;

	memcpy(whole, bytes.at, first);
	memcpy(whole + first, inserted.at, inserted.length);
	memcpy(whole + first + inserted.length, bytes.at + first, bytes.length - first);
	put_datagram(span_make(whole, bytes.length + inserted.length), peer);
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

static void put(struct span datagram)
{
	uint8_t source = fuzz_input_byte(&datagram), prefix = fuzz_input_byte(&datagram);
	uint8_t time = fuzz_input_byte(&datagram);
	uint32_t peer = source % RTE_DIM(peers), variant = prefix / HEAD_KINDS % FUZZ_PREFIX_VARIANTS;

	if (time >= SAME_BURST) {
		run_until_still();
		now_s += (uint32_t)(time - SAME_BURST) * STEP_S;
	}
	datagram = fuzz_input_take(&datagram, DATAGRAM_BYTES);
	packets += prefix % HEAD_KINDS != HEAD_REINJECT;
	if (prefix % HEAD_KINDS == HEAD_FRAME) {
		unparsable_left++;
		struct rte_mbuf *frame = put_in_block(datagram, 0);
		frame->ol_flags |= frame_flags[variant];
		pipeline_put_frame_mbuf(pipeline, frame);
	} else if (prefix % HEAD_KINDS == HEAD_REINJECT) {
		reinject(datagram, peer);
	} else {
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
	uint32_t available = rte_mempool_avail_count(dataplane->pool), count = 0;
	uint64_t ended = count_ended();

	forget();
	while (input.length && count++ < DATAGRAMS_MAX)
		put(take_datagram(&input));
	run_until_still();
	pipeline_check_identity(pipeline);
	must(count_ended() - ended == packets);
	for (uint32_t i = 0; i < WORKERS; i++)
		transaction_table_clear(&pipeline_worker(pipeline, i)->transactions);
	must(rte_mempool_avail_count(dataplane->pool) == available);
	return 0;
}
