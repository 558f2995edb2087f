/*
 * bench_pipeline - what a message costs on one lcore, through all stages, and where: bursts of 32 over a port made of
 * rings, a directory of 10,000 companies with 10 friends and 2 patterns each.
 *
 *   parse        receive, reassemble, steer and parse of a mix of messages (bench/messages)
 *   invite_auth  an INVITE with credentials to a friend, forwarded
 *   response     180 and 200 to such an INVITE, passed back
 *   in_dialog    ACK and BYE with our cookie, passed on
 *
 * The messages are made through the router itself (challenge, answer, Record-Route), so they are what peers would send.
 * Copying a message into an mbuf and taking what left away are outside the clock.
 */
#include <inttypes.h>
#include <rte_cycles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_messages.h"
#include "bench_report.h"
#include "must.h"
#include "pipeline.h"
#include "sip_client.h"
#include "worker.h"

#define COMPANIES	10000
#define COMPANIES_SHORT 20
#define FRIENDS		10
#define MESSAGES	4096
#define MESSAGES_SHORT	64
#define ROUNDS		15
#define STAGES_MAX	32

struct message {
	struct span bytes;
	char source[32];
};

struct workload {
	const char *name;
	struct message *message;
	uint32_t count;
	uint32_t stages;   /* how many of the walk are run; the last one always is */
	uint64_t expected; /* packets that have to leave in a round */
};

struct bench {
	struct bench_report report;
	struct pipeline *pipeline;
	uint32_t company_count, message_count;
	struct message *invite, *response, *in_dialog;
};

/* Every company has patterns of its own, so that no two share a compiled database. */
static char *make_provisioning(uint32_t company_count)
{
	size_t size = 512 + (size_t)company_count * 2600;
	char *text = malloc(size);
	must(text != NULL);
	size_t length = (size_t)snprintf(text, size, "companies:\n");

	for (uint32_t c = 0; c < company_count; c++) {
		length += (size_t)snprintf(
			text + length, size - length,
			"  - name: company-%u\n    domain: c%u.example.net\n    country: ES\n    users:\n"
			"      - {name: alice, password: secret, extension: \"101\"}\n"
			"    extensions:\n      - {number: \"101\", route: {user: alice}}\n    friends:\n",
			c, c);
		for (uint32_t f = 0; f < FRIENDS; f++)
			length += (size_t)snprintf(text + length, size - length,
						   "      - {name: friend-%u, password: secret, priority: %u, direct: "
						   "\"udp:192.0.2.%u:5060\", "
						   "patterns: [\"^2%u[0-9]{2}$\", \"^%u7%u[0-9]+$\"]}\n",
						   f, 10 + f, 10 + f, f, 3 + f % 7, c);
		must(length < size - 1);
	}
	return text;
}

static struct span keep(const char *text)
{
	char *copy = strdup(text);
	must(copy != NULL);
	return span_of_text(copy);
}

static const char body[] =
	"v=0\r\no=alice 53655765 2353687637 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
	"m=audio 49170 RTP/AVP 8 0 18 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
	"a=rtpmap:18 G729/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n";

/* INVITE -> 407 -> INVITE with credentials -> what the friend gets -> 180, 200 -> ACK, BYE. */
static void make_call(struct bench *bench, uint32_t index)
{
	uint32_t company = (uint32_t)(index * 2654435761u) % bench->company_count, friend = index % FRIENDS;
	char text[SIP_TEXT_BYTES_MAX], uri[128], from[128], to[160], call_id[64], branch[64], authorization[1024],
		headers[2600];
	char route[2048];
	struct pipeline_message challenge, forwarded;
	struct sip_account account = {.user = "alice", .password = "secret", .nc = 1};

	snprintf(uri, sizeof(uri), "sip:2%u%02u@c%u.example.net", friend, index % 100, company);
	snprintf(from, sizeof(from), "\"Alice Doe\" <sip:alice@c%u.example.net>", company);
	snprintf(to, sizeof(to), "<%s>", uri);
	snprintf(call_id, sizeof(call_id), "%08x-3848276298220188511@192.0.2.7", index * 2246822519u);
	snprintf(branch, sizeof(branch), "z9hG4bK-524287-1---%08x", index);
	struct sip_request request = {
		.uri = uri,
		.from = from,
		.to = to,
		.call_id = call_id,
		.branch = branch,
		.body = body,
		.headers = "Contact: <sip:alice@192.0.2.7:5060>\r\nContent-Type: application/sdp\r\n"};
	sip_request_write(text, &request);
	pipeline_send(bench->pipeline, "192.0.2.7:5060", text);
	must(pipeline_take(bench->pipeline, &challenge));
	sip_authorization_write(authorization, challenge.text, &account, "INVITE", uri);
	snprintf(headers, sizeof(headers),
		 "Contact: <sip:alice@192.0.2.7:5060>\r\nUser-Agent: bench 1.0\r\nSupported: replaces, timer\r\n"
		 "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, INFO\r\n%sContent-Type: "
		 "application/sdp\r\n",
		 authorization);
	request.headers = headers;
	request.cseq = 2;
	sip_request_write(text, &request);
	pipeline_send(bench->pipeline, "192.0.2.7:5060", text);
	must(pipeline_take(bench->pipeline, &forwarded));
	if (sip_status(forwarded.text) != 0)
		must_fail(forwarded.text);
	bench->invite[index].bytes = keep(text);
	snprintf(bench->invite[index].source, sizeof(bench->invite[index].source), "192.0.2.7:5060");

	sip_response_write(text, forwarded.text, index % 2 ? 180 : 200, "calleetag",
			   "Contact: <sip:2000@192.0.2.10:5060>\r\n");
	bench->response[index].bytes = keep(text);
	snprintf(bench->response[index].source, sizeof(bench->response[index].source), "192.0.2.%u:5060", 10 + friend);

	must(sip_find_header(route, sizeof(route), forwarded.text, "Record-Route", 0));
	snprintf(headers, sizeof(headers), "Route: %s\r\n", route);
	strcat(to, ";tag=calleetag");
	struct sip_request later = {.method = index % 2 ? "ACK" : "BYE",
				    .uri = "sip:2000@192.0.2.10:5060",
				    .from = from,
				    .to = to,
				    .call_id = call_id,
				    .branch = branch,
				    .cseq = 3,
				    .headers = headers};
	sip_request_write(text, &later);
	bench->in_dialog[index].bytes = keep(text);
	snprintf(bench->in_dialog[index].source, sizeof(bench->in_dialog[index].source), "192.0.2.7:5060");
}

/* What the stages cost, in TSC ticks, for a whole round of messages. */
struct ticks {
	uint64_t stage[STAGES_MAX];
	uint64_t all;
};

static void run_burst(struct ticks *ticks, struct worker *worker, uint32_t stages)
{
	uint64_t start = rte_rdtsc(), last = start;

	worker_begin_burst(worker);
	for (uint32_t i = 0; i < worker_stage_count; i++) {
		if (i >= stages && i + 1 < worker_stage_count)
			continue;
		if (i >= stages)
			for (uint32_t j = 0; j < worker->packet_count; j++)
				packet_end(&worker->packet[j], VERDICT_DROP, REASON_KEEPALIVE);
		worker_stages[i].run(worker);
		uint64_t now = rte_rdtsc();
		ticks->stage[i] += now - last;
		last = now;
	}
	worker_end_burst(worker);
	ticks->all += rte_rdtsc() - start;
}

static struct ticks run_round(struct bench *bench, const struct workload *workload)
{
	struct ticks ticks = {0};
	struct worker *worker = pipeline_worker(bench->pipeline, 0);
	uint64_t left = 0;

	for (uint32_t i = 0; i < workload->count; i += BURST_MAX) {
		for (uint32_t j = i; j < i + BURST_MAX && j < workload->count; j++)
			pipeline_put(bench->pipeline, workload->message[j].source, workload->message[j].bytes);
		run_burst(&ticks, worker, workload->stages);
		left += pipeline_discard_sent(bench->pipeline);
	}
	if (left != workload->expected) {
		fprintf(stderr, "bench_pipeline: %s: %" PRIu64 " of %" PRIu64 " messages left\n", workload->name, left,
			workload->expected);
		exit(1);
	}
	return ticks;
}

static double to_ns(uint64_t ticks, uint32_t count)
{
	return (double)ticks * 1e9 / (double)rte_get_tsc_hz() / count;
}

static void measure(struct bench *bench, const struct workload *workload)
{
	uint32_t rounds = bench->report.is_short ? 3 : ROUNDS;
	double all[ROUNDS], stage[STAGES_MAX][ROUNDS];
	char name[64];

	run_round(bench, workload); /* warm */
	for (uint32_t round = 0; round < rounds; round++) {
		struct ticks ticks = run_round(bench, workload);
		all[round] = to_ns(ticks.all, workload->count);
		for (uint32_t i = 0; i < worker_stage_count; i++)
			stage[i][round] = to_ns(ticks.stage[i], workload->count);
	}
	double total = bench_report_median(all, rounds);
	bench_report_row(&bench->report, workload->name, "ns", total);
	bench_report_row(&bench->report, workload->name, "messages/s", 1e9 / total);
	for (uint32_t i = 0; i < worker_stage_count; i++) {
		if (i >= workload->stages)
			continue;
		snprintf(name, sizeof(name), "%s/%s", workload->name, worker_stages[i].name);
		bench_report_row(&bench->report, name, "ns", bench_report_median(stage[i], rounds));
	}
}

/* The files of bench/messages, over and over. */
static struct workload make_parse(const struct bench *bench)
{
	static struct bench_message files[BENCH_MESSAGES_MAX];
	struct workload workload = {.name = "parse", .count = bench->message_count, .stages = 4};
	size_t file_count = bench_messages_load(files, BENCH_MESSAGES, ".sip");

	workload.message = calloc(workload.count, sizeof(*workload.message));
	must(workload.message != NULL);
	for (uint32_t i = 0; i < workload.count; i++) {
		workload.message[i].bytes = files[i % file_count].bytes;
		snprintf(workload.message[i].source, sizeof(workload.message[i].source), "192.0.2.7:5060");
	}
	return workload;
}

int main(int argc, char **argv)
{
	static struct bench bench;

	if (!bench_report_init(&bench.report, "bench_pipeline", argc, argv))
		return 2;
	bench.company_count = bench.report.is_short ? COMPANIES_SHORT : COMPANIES;
	bench.message_count = bench.report.is_short ? MESSAGES_SHORT : MESSAGES;
	bench.invite = calloc(bench.message_count, sizeof(struct message));
	bench.response = calloc(bench.message_count, sizeof(struct message));
	bench.in_dialog = calloc(bench.message_count, sizeof(struct message));
	must(bench.invite && bench.response && bench.in_dialog);

	fprintf(stderr, "bench_pipeline: building the tables of %u companies\n", bench.company_count);
	char *provisioning = make_provisioning(bench.company_count);
	bench.pipeline = pipeline_start(1, provisioning);
	free(provisioning);
	for (uint32_t i = 0; i < bench.message_count; i++)
		make_call(&bench, i);

	struct workload parse = make_parse(&bench);
	struct workload workloads[] = {
		{"invite_auth", bench.invite, bench.message_count, worker_stage_count, bench.message_count},
		{"response", bench.response, bench.message_count, worker_stage_count, bench.message_count},
		{"in_dialog", bench.in_dialog, bench.message_count, worker_stage_count, bench.message_count},
	};
	measure(&bench, &parse);
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		measure(&bench, &workloads[i]);
	pipeline_stop(bench.pipeline);
	return 0;
}
