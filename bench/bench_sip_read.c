/*
 * bench_sip_read - what reading parts of a message costs: lines, names, URIs, Vias, addresses, credentials, SDP. Each
 * row goes over the parts of that kind in all files of bench/messages, one after the other.
 */
#include <stdio.h>

#include "address_parse.h"
#include "bench_messages.h"
#include "bench_report.h"
#include "credentials_parse.h"
#include "message_parse.h"
#include "must.h"
#include "scan.h"
#include "sdp_parse.h"
#include "token_name.h"
#include "via_parse.h"

#define PARTS_MAX 1024

struct parts {
	struct span part[PARTS_MAX];
	uint32_t count;
};

struct bench {
	struct parts messages, names, methods, uris, hosts, vias, addresses, credentials, bodies;
	uint64_t found;
	uint64_t wrong; /* results that were not what they had to be */
};

static struct bench bench;
static struct bench_report report;

static void add(struct parts *parts, struct span part)
{
	must(parts->count < PARTS_MAX);
	parts->part[parts->count++] = part;
}

/* ---- the parts of the messages ---- */

static void collect_name(const struct sip_message *message, const struct sip_header *header)
{
	const char *at = message->bytes.at + header->start,
		   *colon = memchr(at, ':', message->bytes.length - header->start);

	add(&bench.names, span_trim(span_make(at, (size_t)(colon - at))));
}

static void collect_header(const struct sip_message *message, uint8_t index)
{
	struct span value = sip_message_header_value(message, index), rest;
	struct sip_address address;
	struct sip_via via;

	collect_name(message, &message->header[index]);
	switch ((enum sip_header_name)message->header[index].name) {
	case SIP_HEADER_VIA:
		add(&bench.vias, value);
		must(via_parse(&via, &rest, value));
		add(&bench.hosts, via.host);
		break;
	case SIP_HEADER_AUTHORIZATION:
	case SIP_HEADER_PROXY_AUTHORIZATION:
		add(&bench.credentials, value);
		break;
	case SIP_HEADER_FROM:
	case SIP_HEADER_TO:
	case SIP_HEADER_CONTACT:
	case SIP_HEADER_ROUTE:
	case SIP_HEADER_RECORD_ROUTE:
		add(&bench.addresses, value);
		must(address_parse(&address, &rest, value));
		add(&bench.uris, address.uri);
		break;
	default:
		break;
	}
}

static void collect(void)
{
	static struct bench_message file[BENCH_MESSAGES_MAX];
	static struct sip_message message;
	size_t count = bench_messages_load(file, BENCH_MESSAGES, ".sip");

	for (size_t i = 0; i < count; i++) {
		must(message_parse(&message, file[i].bytes) == REASON_NONE);
		add(&bench.messages, file[i].bytes);
		for (uint8_t h = 0; h < message.header_count; h++)
			collect_header(&message, h);
		if (message.is_request) {
			add(&bench.methods, sip_message_text(&message, message.method_text));
			add(&bench.uris, sip_message_text(&message, message.request_uri));
		}
		struct span body = sip_message_text(&message, message.body);
		if (span_starts_with(body, SPAN_LITERAL("v=0")))
			add(&bench.bodies, body);
	}
}

/* ---- what is measured: each goes over all parts once ---- */

static void scan_lines(void *argument)
{
	static struct scan scan;
	struct scan_line line;

	(void)argument;
	for (uint32_t i = 0; i < bench.messages.count; i++) {
		scan_init(&scan, bench.messages.part[i]);
		while (scan_take_line(&line, &scan))
			continue;
		bench.wrong += !scan.has_empty_line;
	}
}

static void find_call_ids(void *argument)
{
	(void)argument;
	for (uint32_t i = 0; i < bench.messages.count; i++)
		bench.wrong += message_find_call_id(bench.messages.part[i]).length == 0;
}

static void find_header_names(void *argument)
{
	(void)argument;
	/* Only whether it is found at all can be told here: some headers have no row. */
	for (uint32_t i = 0; i < bench.names.count; i++)
		bench.found += token_name_find_header(bench.names.part[i]) != SIP_HEADER_OTHER;
}

static void find_methods(void *argument)
{
	(void)argument;
	for (uint32_t i = 0; i < bench.methods.count; i++)
		bench.wrong += token_name_find_method(bench.methods.part[i]) == SIP_METHOD_OTHER;
}

static void parse_uris(void *argument)
{
	struct sip_uri uri;

	(void)argument;
	for (uint32_t i = 0; i < bench.uris.count; i++)
		bench.wrong += !uri_parse(&uri, bench.uris.part[i]);
}

static void parse_hosts(void *argument)
{
	uint8_t ip[16];

	(void)argument;
	for (uint32_t i = 0; i < bench.hosts.count; i++)
		bench.wrong += !uri_parse_ip(ip, bench.hosts.part[i]);
}

static void parse_vias(void *argument)
{
	struct sip_via via;
	struct span rest;

	(void)argument;
	for (uint32_t i = 0; i < bench.vias.count; i++)
		bench.wrong += !via_parse(&via, &rest, bench.vias.part[i]);
}

static void parse_addresses(void *argument)
{
	struct sip_address address;
	struct span rest, tag;

	(void)argument;
	for (uint32_t i = 0; i < bench.addresses.count; i++)
		bench.wrong += !address_parse_with_tag(&address, &tag, &rest, bench.addresses.part[i]);
}

static void parse_credentials(void *argument)
{
	struct digest_credentials credentials;

	(void)argument;
	for (uint32_t i = 0; i < bench.credentials.count; i++)
		bench.wrong += credentials_parse(&credentials, bench.credentials.part[i]) != CREDENTIALS_OK;
}

static void parse_bodies(void *argument)
{
	static struct sdp sdp;
	struct span name, value;

	(void)argument;
	for (uint32_t i = 0; i < bench.bodies.count; i++) {
		bench.wrong += !sdp_parse(&sdp, bench.bodies.part[i]);
		struct span cursor = sdp.media[0].section;
		while (sdp_next_attribute(&name, &value, &cursor))
			continue;
	}
}

int main(int argc, char **argv)
{
	static const char *const variants[] = {[SCAN_SCALAR] = "scan, scalar", [SCAN_AVX2] = "scan, AVX2"};
	const struct {
		const char *workload;
		const struct parts *parts;
		bench_run_fn run;
	} rows[] = {
		{"message_find_call_id", &bench.messages, find_call_ids},
		{"token_name_find_header", &bench.names, find_header_names},
		{"token_name_find_method", &bench.methods, find_methods},
		{"uri_parse", &bench.uris, parse_uris},
		{"uri_parse_ip", &bench.hosts, parse_hosts},
		{"via_parse", &bench.vias, parse_vias},
		{"address_parse_with_tag", &bench.addresses, parse_addresses},
		{"credentials_parse", &bench.credentials, parse_credentials},
		{"sdp_parse, all attributes", &bench.bodies, parse_bodies},
	};
	if (!bench_report_init(&report, "bench_sip_read", argc, argv))
		return 2;
	collect();
	for (int variant = SCAN_SCALAR; variant <= SCAN_AVX2; variant++)
		if (scan_select((enum scan_variant)variant))
			bench_report_measure(&report, variants[variant], bench.messages.count, scan_lines, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		bench_report_measure(&report, rows[i].workload, rows[i].parts->count, rows[i].run, NULL);
	if (bench.wrong || !bench.found)
		fprintf(stderr, "bench_sip_read: %llu operations had a wrong result: the numbers mean nothing\n",
			(unsigned long long)bench.wrong);
	return bench.wrong || !bench.found;
}
