/*
 * bench_body_filter - what the codecs of a call cost (R25): the edits for one message of bench/bodies, each by itself,
 * then all of them mixed. PCMA alone is allowed, so that much is removed; a further row restricts video as well.
 * Applying the edits is not in it: the rewrite copies the message in any case. The last rows are for each byte of
 * bodies that are made to cost much, of two sizes: the larger one's bytes must not be dearer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench_messages.h"
#include "bench_report.h"
#include "body_filter.h"
#include "codec.h"
#include "message_parse.h"
#include "must.h"

#define MIX_COUNT 256 /* messages, each at its own place: more than the first cache level holds */

struct work {
	struct sip_message *messages;
	uint32_t count;
	uint64_t allowed;
};

struct bench {
	struct bench_report report;
	struct bench_message files[BENCH_MESSAGES_MAX];
	struct sip_message parsed[BENCH_MESSAGES_MAX];
	struct sip_message mix[MIX_COUNT];
	uint32_t file_count;
	uint64_t wrong;
};

static struct bench bench;

static void filter_messages(void *argument)
{
	static struct edit_list edits;
	const struct work *work = argument;

	for (uint32_t i = 0; i < work->count; i++) {
		edit_list_init(&edits);
		bench.wrong += body_filter(&edits, &work->messages[i], work->allowed, NULL) == BODY_FILTER_MALFORMED;
		bench.wrong += edits.overflowed;
	}
}

/* Their lists run over: what counts is that it ends, and when. */
static void filter_hostile(void *argument)
{
	static struct edit_list edits;
	const struct work *work = argument;

	edit_list_init(&edits);
	bench.wrong += body_filter(&edits, work->messages, work->allowed, NULL) == BODY_FILTER_PASSED;
}

static void find_codecs(void *argument)
{
	(void)argument;
	for (uint32_t i = 0; i < CODEC_ROW_COUNT; i++)
		bench.wrong += codec_find(codec_rows[i].name) != (enum codec)i;
}

static void measure(const char *workload, struct sip_message *messages, uint32_t count, uint64_t allowed)
{
	struct work work = {messages, count, allowed};

	bench_report_measure(&bench.report, workload, count, filter_messages, &work);
}

static void make_mix(void)
{
	uint32_t random = 1;

	for (uint32_t i = 0; i < MIX_COUNT; i++) {
		random = random * 1664525u + 1013904223u;
		struct span bytes = bench.files[(random >> 16) % bench.file_count].bytes;
		char *copy = malloc(bytes.length);
		must(copy != NULL);
		memcpy(copy, bytes.at, bytes.length);
		must(message_parse(&bench.mix[i], span_make(copy, bytes.length)) == REASON_NONE);
	}
}

#define HOSTILE_HEAD                                                                                                   \
	"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"           \
	"To: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n"

/* `piece` over and over, up to so many bytes of message. */
static void measure_hostile(const char *workload, const char *start, const char *piece, uint32_t bytes)
{
	static char text[SIP_MESSAGE_BYTES_MAX];
	static struct sip_message message;
	struct work work = {&message, 1, codec_set_complete(CODEC_BIT(PCMA))};
	uint32_t piece_length = (uint32_t)strlen(piece);
	int length = snprintf(text, sizeof(text), HOSTILE_HEAD "%s", start);

	must(length > 0 && bytes <= sizeof(text));
	for (; (uint32_t)length + piece_length <= bytes; length += (int)piece_length)
		memcpy(text + length, piece, piece_length);
	must(message_parse(&message, span_make(text, (size_t)length)) == REASON_NONE);
	bench_report_measure(&bench.report, workload, message.body.length, filter_hostile, &work);
}

static void measure_hostile_bodies(void)
{
	const char *sdp = "c: application/sdp\r\n\r\nv=0\r\nm=audio 5 RTP/AVP 8 18 0\r\n";
	const char *again = "a=fmtp:18 x\r\na=y\r\na=rtpmap:18 PCMA/8000\r\n";
	const char *parts = "c: multipart/mixed;boundary=b\r\n\r\n--b\r\nc: application/sdp\r\n\r\nv=0\r\n"
			    "m=audio 5 RTP/AVP 8 18\r\n";

	measure_hostile("attributes, 4 kB, a byte", sdp, "a=fmtp:18 x\r\na=y\r\n", 4096);
	measure_hostile("attributes, 60 kB, a byte", sdp, "a=fmtp:18 x\r\na=y\r\n", 60000);
	measure_hostile("walked again, 4 kB, a byte", sdp, again, 4096);
	measure_hostile("walked again, 60 kB, a byte", sdp, again, 60000);
	measure_hostile("empty lines, 60 kB, a byte", sdp, "\n", 60000);
	measure_hostile("like delimiters, 60 kB, a byte", parts, "--b-\n", 60000);
}

int main(int argc, char **argv)
{
	uint64_t audio = codec_set_complete(CODEC_BIT(PCMA));
	uint64_t both = codec_set_complete(CODEC_BIT(PCMA) | CODEC_BIT(H264));

	if (!bench_report_init(&bench.report, "bench_body_filter", argc, argv))
		return 2;
	bench.file_count = (uint32_t)bench_messages_load(bench.files, BENCH_BODIES, ".sip");
	for (uint32_t i = 0; i < bench.file_count; i++)
		must(message_parse(&bench.parsed[i], bench.files[i].bytes) == REASON_NONE);
	make_mix();
	for (uint32_t i = 0; i < bench.file_count; i++)
		measure(bench.files[i].name, &bench.parsed[i], 1, audio);
	measure("mix", bench.mix, MIX_COUNT, audio);
	measure("mix, video restricted too", bench.mix, MIX_COUNT, both);
	measure("mix, nothing restricted", bench.mix, MIX_COUNT, CODEC_SET_ALL);
	bench_report_measure(&bench.report, "codec_find", CODEC_ROW_COUNT, find_codecs, NULL);
	measure_hostile_bodies();
	if (bench.wrong)
		fprintf(stderr, "bench_body_filter: %llu operations had a wrong result: the numbers mean nothing\n",
			(unsigned long long)bench.wrong);
	return bench.wrong != 0;
}
