#include "bench_messages.h"
#include "bench_report.h"
#include "message_parse.h"
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>

#define MIX_COUNT 256 /* messages, each at its own place: more than the first cache level holds */

static double measure_ns(const struct span *messages, size_t count, const struct bench_report *report)
{
	size_t round_count = report->is_short ? 11 : 101, repeat_count = 4096 / count;
	double rounds[101];
	static struct sip_message message;
	uint32_t refused = 0;
	for (size_t round = 0; round < round_count; round++) {
		uint64_t start_ns = bench_report_cpu_ns();
		for (size_t repeat = 0; repeat < repeat_count; repeat++)
			for (size_t i = 0; i < count; i++)
				refused += message_parse(&message, messages[i]) != REASON_NONE;
		rounds[round] = (double)(bench_report_cpu_ns() - start_ns) / (double)(repeat_count * count);
	}
	if (refused) {
		fprintf(stderr, "bench_message_parse: a message of bench/messages does not parse\n");
		exit(1);
	}
	return bench_report_median(rounds, round_count);
}

static void make_mix(struct span mix[MIX_COUNT], const struct bench_message *messages, size_t count)
{
	uint32_t random = 1;
	for (size_t i = 0; i < MIX_COUNT; i++) {
		random = random * 1664525u + 1013904223u;
		struct span bytes = messages[(random >> 16) % count].bytes;
		char *copy = malloc(bytes.length);
		if (copy == NULL)
			exit(1);
		memcpy(copy, bytes.at, bytes.length);
		mix[i] = span_make(copy, bytes.length);
	}
}

static void measure_row(struct bench_report *report, const char *name, const struct span *messages, size_t count,
			const char *variant)
{
	char workload[2 * BENCH_MESSAGE_NAME_BYTES];
	snprintf(workload, sizeof(workload), "%.*s_%s", BENCH_MESSAGE_NAME_BYTES, name, variant);
	bench_report_row(report, workload, "ns", measure_ns(messages, count, report));
}

int main(int argc, char **argv)
{
	static const char *const variant_names[] = {
		[SCAN_SCALAR] = "scalar", [SCAN_AVX2] = "avx2", [SCAN_AVX512] = "avx512"};
	struct bench_report report;
	struct bench_message messages[BENCH_MESSAGES_MAX];
	struct span mix[MIX_COUNT];
	if (!bench_report_init(&report, "bench_message_parse", argc, argv))
		return 2;
	size_t count = bench_messages_load(messages, BENCH_MESSAGES, ".sip");
	make_mix(mix, messages, count);
	for (int variant = SCAN_SCALAR; variant < SCAN_VARIANTS; variant++) {
		if (!scan_select((enum scan_variant)variant))
			continue;
		for (size_t i = 0; i < count; i++)
			measure_row(&report, messages[i].name, &messages[i].bytes, 1, variant_names[variant]);
		measure_row(&report, "mix", mix, MIX_COUNT, variant_names[variant]);
	}
	return 0;
}
