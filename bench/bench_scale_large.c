#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_process.h"
#include "bench_scale.h"
#include "must.h"
#include "publish.h"

#define FRIENDS_OF_LARGE  1000
#define PATTERNS_A_FRIEND 10

void bench_scale_large_measure(struct bench_scale *scale)
{
	uint32_t friends = scale->report.is_short ? 10 : FRIENDS_OF_LARGE;
	size_t size = 300 + (size_t)friends * (100 + PATTERNS_A_FRIEND * 24);
	char *text = malloc(size);
	must(text);
	size_t at = (size_t)snprintf(text, size,
				     "companies:\n  - name: company-%u\n    domain: large.example.net\n"
				     "    country: ES\n    friends:\n",
				     scale->company_count);
	for (uint32_t i = 0; i < friends; i++) {
		at += (size_t)snprintf(text + at, size - at, "      - {name: f%u, password: secret, patterns: [", i);
		for (uint32_t j = 0; j < PATTERNS_A_FRIEND; j++)
			at += (size_t)snprintf(text + at, size - at, "%s'^%05u[0-9]{4}$'", j ? ", " : "",
					       10000 + i * PATTERNS_A_FRIEND + j);
		at += (size_t)snprintf(text + at, size - at, "]}\n");
	}
	must(at < size - 1);
	bench_report_row(&scale->report, "large company", "patterns", friends * PATTERNS_A_FRIEND);
	uint64_t start_us = bench_process_now_us();
	struct apply_result result = bench_scale_apply_company(scale, scale->company_count, text);
	must(result.patterns_compiled == 1);
	bench_scale_row_ms(scale, "large company, applied and compiled", bench_process_now_us() - start_us);
	/* Another password: the set is the live one. */
	memcpy(strstr(text, "secret"), "SECRET", 6);
	start_us = bench_process_now_us();
	result = bench_scale_apply_company(scale, scale->company_count, text);
	must(result.patterns_compiled == 0 && result.patterns_loaded == 0);
	bench_scale_row_ms(scale, "large company, applied again", bench_process_now_us() - start_us);

	const struct directory *live = provision_directory(pipeline_provision(scale->pipeline));
	const struct pattern_set *set = &live->company[scale->company_count]->friends;
	size_t bytes = 0;
	if (set->database)
		must(hs_database_size(set->database, &bytes) == HS_SUCCESS);
	bench_report_row(&scale->report, "large company, database", "bytes", (double)bytes);
	struct match_scratch *scratch = publish_control_scratch(pipeline_publisher(scale->pipeline));
	uint32_t id;
	enum { SCANS = 2000 };
	uint64_t start_ns = bench_report_cpu_ns();
	for (uint32_t i = 0; i < SCANS; i++) {
		char number[16];
		snprintf(number, sizeof(number), "%05u0000", 10000 + i % (friends * PATTERNS_A_FRIEND));
		must(pattern_match_first(&id, set, span_of_text(number), scratch));
	}
	bench_report_row(&scale->report, "large company, scan", "ns",
			 (double)(bench_report_cpu_ns() - start_ns) / SCANS);
	bench_scale_apply_company(scale, scale->company_count, "companies: []\n");
	bench_scale_apply_release_waiting(scale);
	free(text);
}
