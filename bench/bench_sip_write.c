/*
 * bench_sip_write - what writing costs: an edit list applied to a message, the topmost Via stamped, a whole answer.
 * Each row goes over all requests of bench/messages, one after the other.
 */
#include <stdio.h>

#include "answer_write.h"
#include "bench_messages.h"
#include "bench_report.h"
#include "edit_list.h"
#include "message_parse.h"
#include "must.h"
#include "via_stamp.h"

#define OUT_BYTES 4096

struct bench {
	struct sip_message request[BENCH_MESSAGES_MAX];
	uint32_t count;
	struct edit_list edits;
	char out[OUT_BYTES];
	uint64_t wrong; /* results that were not what they had to be */
};

static struct bench bench;
static struct bench_report report;
static struct answer answer = {.status = 407, .source = {.port = 40000}};
static const uint8_t tag_key[16] = {1, 2, 3};

static void load(void)
{
	static struct bench_message file[BENCH_MESSAGES_MAX];
	size_t count = bench_messages_load(file, BENCH_MESSAGES, ".sip");

	for (size_t i = 0; i < count; i++) {
		struct sip_message *message = &bench.request[bench.count];
		must(message_parse(message, file[i].bytes) == REASON_NONE);
		bench.count += message->is_request;
	}
	net_address_set_v4(answer.source.ip, "\xc0\x00\x02\x07");
	answer.phrase = SPAN_LITERAL("Proxy Authentication Required");
	answer.to_tag = SPAN_LITERAL("b27e1a1d33761e85");
	answer.extra_headers =
		SPAN_LITERAL("Proxy-Authenticate: Digest realm=\"acme.example.net\",nonce=\"AQAAAABlX0d3\","
			     "qop=\"auth\",algorithm=MD5\r\n");
}

static struct slice slice_of(uint32_t start, uint32_t end)
{
	return (struct slice){.offset = (uint16_t)start, .length = (uint16_t)(end - start)};
}

/* As a forwarded request is edited: request line, Via, Record-Route, Max-Forwards, From, To, and three headers go. */
static void edit(const struct sip_message *message)
{
	static const enum sip_header_name gone[] = {SIP_HEADER_PROXY_AUTHORIZATION, SIP_HEADER_P_ASSERTED_IDENTITY,
						    SIP_HEADER_ROUTE};
	static const enum sip_header_name replaced[] = {SIP_HEADER_FROM, SIP_HEADER_TO, SIP_HEADER_MAX_FORWARDS};
	struct edit_list *edits = &bench.edits;
	uint32_t first = message->header[0].start;

	edit_list_init(edits);
	edit_list_replace(edits, message->request_uri, SPAN_LITERAL("sip:2001@192.0.2.11:5070"));
	text_write_literal(&edits->writer, "Via: SIP/2.0/UDP 203.0.113.5;branch=z9hG4bK0a13f9c2d7be85a41d6\r\n"
					   "Record-Route: <sip:203.0.113.5;lr;ck=AbCdEfGhIjKlMnOpQrStUvWxYz>\r\n");
	edit_list_replace(edits, slice_of(first, first), edit_list_take(edits));
	for (size_t i = 0; i < sizeof(replaced) / sizeof(replaced[0]); i++) {
		uint8_t index = message->first[replaced[i]];
		if (index == SIP_HEADER_NONE)
			continue;
		const struct sip_header *header = &message->header[index];
		edit_list_replace(edits, slice_of(header->value, header->value + header->value_length),
				  SPAN_LITERAL("\"Anna Berger\" <sip:101@acme.example.net>;tag=5d0e9a71"));
	}
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		uint8_t index = message->first[gone[i]];
		if (index != SIP_HEADER_NONE)
			edit_list_replace(
				edits, slice_of(message->header[index].start, sip_message_header_end(message, index)),
				(struct span){0});
	}
}

static void apply_edits(void *argument)
{
	(void)argument;
	for (uint32_t i = 0; i < bench.count; i++) {
		edit(&bench.request[i]);
		bench.wrong += edit_list_apply(&bench.edits, bench.out, OUT_BYTES, bench.request[i].bytes) <= 0;
	}
}

static void stamp_vias(void *argument)
{
	(void)argument;
	for (uint32_t i = 0; i < bench.count; i++) {
		struct text_writer writer = text_write_begin(bench.out, OUT_BYTES);
		via_stamp_write(&writer, &bench.request[i], &answer.source);
		bench.wrong += writer.overflowed || writer.length == 0;
	}
}

static void write_answers(void *argument)
{
	(void)argument;
	for (uint32_t i = 0; i < bench.count; i++)
		bench.wrong += answer_write(bench.out, OUT_BYTES, &bench.request[i], &answer) <= 0;
}

static void make_tags(void *argument)
{
	(void)argument;
	for (uint32_t i = 0; i < bench.count; i++) {
		answer_make_tag(bench.out, &bench.request[i], tag_key);
		bench.wrong += bench.out[0] == 0;
	}
}

int main(int argc, char **argv)
{
	if (!bench_report_init(&report, "bench_sip_write", argc, argv))
		return 2;
	load();
	bench_report_measure(&report, "edit_list_apply", bench.count, apply_edits, NULL);
	bench_report_measure(&report, "via_stamp_write", bench.count, stamp_vias, NULL);
	bench_report_measure(&report, "answer_write", bench.count, write_answers, NULL);
	bench_report_measure(&report, "answer_make_tag", bench.count, make_tags, NULL);
	if (bench.wrong)
		fprintf(stderr, "bench_sip_write: %llu operations had a wrong result: the numbers mean nothing\n",
			(unsigned long long)bench.wrong);
	return bench.wrong != 0;
}
