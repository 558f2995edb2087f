#include "gun_report.h"

#include <stdio.h>

static const char *const step_names[GUN_STEP_COUNT] = {
#define GUN_STEP(name, text) text,
	GUN_STEPS(GUN_STEP)
#undef GUN_STEP
};

static const struct {
	const char *metric;
	const char *text;
} latency_names[GUN_LATENCY_COUNT] = {
#define GUN_LATENCY(name, metric, text) {metric, text},
	GUN_LATENCIES(GUN_LATENCY)
#undef GUN_LATENCY
};

static const char *const cause_names[GUN_CAUSE_COUNT] = {
	[GUN_CAUSE_TIMEOUT] = "no answer in time",
	[GUN_CAUSE_NO_BUFFER] = "sipgun had no buffer (--buffers)",
	[GUN_CAUSE_NO_CALL] = "no call was free (--calls-max)",
	[GUN_CAUSE_LONG_DIALOG] = "Record-Route and Contact are too long",
	[GUN_CAUSE_UNFINISHED] = "unfinished at the end (--drain)",
	[GUN_CAUSE_CHALLENGE] = "a challenge that sipgun cannot answer",
};

static const struct {
	const char *name;
	double share;
} percentiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1}};

/* Of a generator that has its CPU alone. */
#define CPU_SHARE_MIN 0.95

#define PERCENTILE_COUNT (sizeof(percentiles) / sizeof(percentiles[0]))

/* A number of the report: METRIC, unit, value, and how people read it. */
struct row {
	const char *metric;
	const char *unit;
	double value;
	const char *text;
	bool is_always; /* else only when it is not zero */
};

static double microseconds(const struct gun_run *run, uint64_t cycles)
{
	return (double)cycles * 1e6 / (double)run->cycles_per_s;
}

static void print_json(const struct gun_run *run, const char *metric, const char *unit, double value, const char *more)
{
	printf("{\"bench\":\"sipgun\",\"workload\":\"%s\",\"metric\":\"%s\",\"unit\":\"%s\",\"value\":%.10g%s}\n",
	       gun_options_workload(run->gun.options->workload), metric, unit, value, more);
}

static void print_rows(const struct gun_run *run, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (run->gun.options->json)
			print_json(run, rows[i].metric, rows[i].unit, rows[i].value, "");
		else if (rows[i].is_always || rows[i].value != 0)
			printf("  %-34s %14.*f  %s\n", rows[i].text,
			       rows[i].unit[0] == '%' || rows[i].unit[0] == 'u' ||
					       (rows[i].value < 100 && strchr(rows[i].unit, '/'))
				       ? 2
				       : 0,
			       rows[i].value, rows[i].unit);
	}
}

static void print_head(const struct gun_run *run, const struct gun_result *result)
{
	const struct gun_counts *counts = &run->gun.counts;
	const char *what = gun_options_counts(run->gun.options->workload);
	char per_s[32];

	snprintf(per_s, sizeof(per_s), "%s/s", what);
	const struct row rows[] = {
		{"rate_offered", per_s, result->rate, "offered", true},
		{"rate_done", per_s, result->done_per_s, "completed", true},
		{"tried", what, (double)counts->tried, "tried", true},
		{"completed", what, (double)counts->completed, "completed", true},
		{"failed", what, (double)counts->failed, "failed", true},
		{"failed_percent", "%", result->failed_share * 100, "failed", true},
		{"sent_rate", "messages/s", result->sent_per_s, "sent", true},
		{"received_rate", "messages/s", result->received_per_s, "received", true},
		{"garbage_rate", "packets/s", result->garbage_per_s, "garbage sent", false},
		{"garbage_answers", "packets", (double)counts->garbage_answers, "garbage that was answered", false},
	};
	if (!run->gun.options->json)
		printf("sipgun, workload %s, %.1f s measured\n", gun_options_workload(run->gun.options->workload),
		       result->seconds);
	print_rows(run, rows, sizeof(rows) / sizeof(rows[0]));
}

static void print_wire(const struct gun_run *run, const struct gun_result *result)
{
	const struct gun_counts *counts = &run->gun.counts;
	const struct gun_wire_counts *wire = &run->gun.wire.counts;
	uint64_t timeouts = 0;

	for (uint32_t step = 0; step < GUN_STEP_COUNT; step++)
		timeouts += counts->failures[step][GUN_CAUSE_TIMEOUT];
	const struct row rows[] = {
		{"retransmissions", "messages", (double)counts->sent_again, "sent again by sipgun", false},
		{"received_again", "messages", (double)counts->received_again, "received again", false},
		{"unanswered", "requests", (double)timeouts, "sent and never answered", false},
		{"lost_on_purpose", "messages", (double)wire->lost, "lost on purpose (--loss)", false},
		{"ack_missing", "calls", (double)counts->acks_missing, "200 never acknowledged", false},
		{"stray", "messages", (double)counts->stray, "of no live call", false},
		{"pings", "messages", (double)counts->pings, "OPTIONS of the router", false},
		{"unreadable", "packets", (double)counts->unreadable, "no SIP message", false},
		{"fragments", "packets", (double)counts->fragments, "IP fragments, not read", false},
		{"too_long", "messages", (double)wire->too_long, "longer than a frame, not sent", false},
		{"device_full", "messages", (double)wire->device_full, "not taken by the device", false},
		{"no_buffer", "messages", (double)wire->no_buffer, "not sent, no buffer (--buffers)", false},
		{"not_kept", "messages", (double)wire->not_kept, "not repeatable, few buffers", false},
		{"generator_busy", "%", result->busy_share * 100, "sipgun busy", true},
		{"generator_cpu", "%", result->cpu_share * 100, "sipgun's share of a CPU", true},
		{"generator_late", "us", result->start_lag_us, "sipgun late, p99", true},
	};
	print_rows(run, rows, sizeof(rows) / sizeof(rows[0]));
}

static void print_failures(const struct gun_run *run)
{
	char more[160], cause[16];

	for (uint32_t step = 0; step < GUN_STEP_COUNT; step++) {
		for (uint32_t code = 0; code < GUN_COUNTS_CODES; code++) {
			uint64_t count = run->gun.counts.failures[step][code];
			if (count == 0)
				continue;
			snprintf(cause, sizeof(cause), "%u", code);
			const char *text = code < GUN_CAUSE_COUNT ? cause_names[code] : cause;
			snprintf(more, sizeof(more), ",\"step\":\"%s\",\"cause\":\"%s\"", step_names[step], text);
			if (run->gun.options->json)
				print_json(run, "failed_by", gun_options_counts(run->gun.options->workload),
					   (double)count, more);
			else
				printf("  failed at %-24s %14llu  %s\n", step_names[step], (unsigned long long)count,
				       text);
		}
	}
}

static void print_answers(const struct gun_run *run)
{
	char more[32];

	if (!run->gun.options->json)
		printf("  answers\n");
	for (uint32_t code = 0; code < GUN_COUNTS_CODES; code++) {
		uint64_t count = run->gun.counts.answers[code];
		if (count == 0)
			continue;
		snprintf(more, sizeof(more), ",\"code\":%u", code);
		if (run->gun.options->json)
			print_json(run, "answers", "messages", (double)count, more);
		else
			printf("    %-32u %14llu  messages\n", code, (unsigned long long)count);
	}
}

static void print_latencies(const struct gun_run *run)
{
	char more[48];

	if (!run->gun.options->json)
		printf("  %-30s %10s %10s %10s %10s %10s  us\n", "latency", "p50", "p90", "p99", "p99.9", "max");
	for (uint32_t i = 0; i < GUN_LATENCY_COUNT; i++) {
		const struct hdr_histogram *histogram = &run->gun.counts.latency[i];
		if (histogram->count == 0)
			continue;
		if (!run->gun.options->json)
			printf("    %-28s", latency_names[i].text);
		for (uint32_t p = 0; p < PERCENTILE_COUNT; p++) {
			double value = microseconds(run, hdr_histogram_find(histogram, percentiles[p].share));
			snprintf(more, sizeof(more), ",\"percentile\":\"%s\"", percentiles[p].name);
			if (run->gun.options->json)
				print_json(run, latency_names[i].metric, "us", value, more);
			else
				printf(" %10.1f", value);
		}
		if (!run->gun.options->json)
			printf("\n");
	}
}

void gun_report_print(const struct gun_run *run, const struct gun_result *result)
{
	print_head(run, result);
	print_failures(run);
	print_wire(run, result);
	print_answers(run);
	print_latencies(run);
	if (result->is_generator_late && !run->gun.options->json)
		printf("  sipgun was late: it began %.0f of %.0f a second, %.0f us late (p99), %s\n",
		       result->started_per_s, result->rate, result->start_lag_us,
		       result->cpu_share < CPU_SHARE_MIN
			       ? "because other programs had its CPU. Latencies have that in them."
			       : "and is the bottleneck. The router may do more.");
	if (run->gun.options->json)
		print_json(run, "generator_is_bottleneck", "bool", result->is_generator_late, "");
	fflush(stdout);
}

void gun_report_step(const struct gun_run *run, const struct gun_result *result, bool is_good)
{
	const struct hdr_histogram *histogram = &run->gun.counts.latency[GUN_LATENCY_INVITE_100];
	double p99_us = microseconds(run, hdr_histogram_find(histogram, 0.99));
	char more[160];

	snprintf(more, sizeof(more),
		 ",\"rate\":%.10g,\"done\":%.1f,\"invite_to_100_p99_us\":%.1f,\"generator_late\":%s,\"good\":%s",
		 result->rate, result->done_per_s, p99_us, result->is_generator_late ? "true" : "false",
		 is_good ? "true" : "false");
	if (run->gun.options->json)
		print_json(run, "step", "failed_share", result->failed_share, more);
	else
		printf("  %12.0f offered %12.0f done %10.4f %% failed   INVITE->100 p99 %9.1f us   %s\n", result->rate,
		       result->done_per_s, result->failed_share * 100, p99_us,
		       is_good			   ? "good"
		       : result->is_generator_late ? "sipgun was late"
						   : "too much");
	fflush(stdout);
}

void gun_report_limit(const struct gun_run *run, double rate)
{
	const char *what = gun_options_counts(run->gun.options->workload);
	char per_s[32];

	snprintf(per_s, sizeof(per_s), "%s/s", what);
	if (run->gun.options->json)
		print_json(run, "limit", per_s, rate, "");
	else
		printf("  the limit: %.0f %s a second with less than 0.01 %% failed\n", rate, what);
	fflush(stdout);
}
