#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_scale.h"
#include "clock_us.h"
#include "must.h"
#include "publish.h"

#define FRIENDS_OF_LARGE  1000
#define PATTERNS_A_FRIEND 10

/* A company of so many patterns: rows alone, or all of it by Hyperscan. */
struct large {
	const char *name, *digits; /* of a pattern, behind its five own */
	uint32_t compiled;
	uint32_t friends;
	char *text;
};

static const struct large kinds[] = {{.name = "plain", .digits = "[0-9]{4}"},
				     {.name = "to compile", .digits = "[0-8]{4}", .compiled = 1}};

static void write_text(struct large *large, uint32_t company)
{
	size_t size = 300 + (size_t)large->friends * (100 + PATTERNS_A_FRIEND * 24);

	large->text = malloc(size);
	must(large->text);
	size_t at = (size_t)snprintf(large->text, size,
				     "companies:\n  - name: company-%u\n    domain: large.example.net\n"
				     "    country: ES\n    friends:\n",
				     company);
	for (uint32_t i = 0; i < large->friends; i++) {
		at += (size_t)snprintf(large->text + at, size - at, "      - {name: f%u, password: secret, patterns: [",
				       i);
		for (uint32_t j = 0; j < PATTERNS_A_FRIEND; j++)
			at += (size_t)snprintf(large->text + at, size - at, "%s'^%05u%s$'", j ? ", " : "",
					       10000 + i * PATTERNS_A_FRIEND + j, large->digits);
		at += (size_t)snprintf(large->text + at, size - at, "]}\n");
	}
	must(at < size - 1);
}

static void row_ms(struct bench_scale *scale, const struct large *large, const char *what, uint64_t us)
{
	char name[64];

	snprintf(name, sizeof(name), "large company, %s, %s", large->name, what);
	bench_scale_row_ms(scale, name, us);
}

static void row(struct bench_scale *scale, const struct large *large, const char *what, const char *unit, double value)
{
	char name[64];

	snprintf(name, sizeof(name), "large company, %s, %s", large->name, what);
	bench_report_row(&scale->report, name, unit, value);
}

static void apply(struct bench_scale *scale, const struct large *large)
{
	uint64_t start_us = clock_us();
	struct apply_result result = bench_scale_apply_company(scale, scale->company_count, large->text);

	must(result.patterns_compiled == large->compiled);
	row_ms(scale, large, "applied", clock_us() - start_us);
	/* Another password: the set is the live one. */
	memcpy(strstr(large->text, "secret"), "SECRET", 6);
	start_us = clock_us();
	result = bench_scale_apply_company(scale, scale->company_count, large->text);
	must(result.patterns_compiled == 0 && result.patterns_loaded == 0);
	row_ms(scale, large, "applied again", clock_us() - start_us);
}

static void match(struct bench_scale *scale, const struct large *large)
{
	const struct directory *live = provision_directory(pipeline_provision(scale->pipeline));
	const struct pattern_set *set = &live->company[scale->company_count]->friends;
	struct match_scratch *scratch = publish_control_scratch(pipeline_publisher(scale->pipeline));
	size_t bytes = 0;
	uint32_t id;
	enum { MATCHES = 2000 };

	must((set->database != NULL) == (large->compiled > 0));
	if (set->database)
		must(hs_database_size(set->database, &bytes) == HS_SUCCESS);
	else
		bytes = pattern_plains_bytes(set->plain);
	row(scale, large, "matcher", "bytes", (double)bytes);
	uint64_t start_ns = bench_report_cpu_ns();
	for (uint32_t i = 0; i < MATCHES; i++) {
		char number[16];
		snprintf(number, sizeof(number), "%05u0000", 10000 + i % (large->friends * PATTERNS_A_FRIEND));
		must(pattern_match_first(&id, set, span_of_text(number), scratch));
	}
	row(scale, large, "a match", "ns", (double)(bench_report_cpu_ns() - start_ns) / MATCHES);
}

void bench_scale_large_measure(struct bench_scale *scale)
{
	uint32_t friends = scale->report.is_short ? 10 : FRIENDS_OF_LARGE;

	bench_report_row(&scale->report, "large company", "patterns", friends * PATTERNS_A_FRIEND);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct large large = kinds[i];
		large.friends = friends;
		write_text(&large, scale->company_count);
		apply(scale, &large);
		match(scale, &large);
		bench_scale_apply_company(scale, scale->company_count, "companies: []\n");
		bench_scale_apply_release_waiting(scale);
		free(large.text);
	}
}
