/*
 * bench_scale - large tables: 10,000 companies with 10 friends and 2 patterns each, 1,000,000 bindings.
 *
 *   start     each step from the store to tables that can be published (warm); and tables of some companies whose
 *             patterns are plain (include/pattern_plain.h), are compiled (cold), or are in the cache
 *   memory    resident bytes of each part
 *   apply     one company of all, from the request to the publication, by what changed in it; and all companies
 *   grace     from a publication until what was replaced is released, while an lcore works
 *   load      an lcore with as many calls as it takes, quiet, while companies are applied, and while dry runs do the
 *             same but publish nothing, by turns: what a burst takes, and whether each packet ended
 *   patterns  one company with 10,000 of them
 *
 * Times of steps are wall clock: they wait for the disk. Run it when nothing else runs.
 */
#include <stdio.h>
#include <stdlib.h>

#include <rte_rcu_qsbr.h>

#include "bench_scale.h"
#include "bench_scale_bindings.h"
#include "bench_state_kept.h"
#include "pattern_compile_serve.h"
#include "worker.h"

#define COMPANIES	10000
#define COMPANIES_SHORT 20
#define BINDINGS	1000000
#define BINDINGS_SHORT	2000
#define APPLIES		1000
#define APPLIES_SHORT	10
#define MESSAGES	4096
#define MESSAGES_SHORT	64

void bench_scale_row_ms(struct bench_scale *scale, const char *workload, uint64_t us)
{
	bench_report_row(&scale->report, workload, "ms", (double)us / 1000);
}

static int compare_values(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

void bench_scale_row_times(struct bench_scale *scale, const char *name, double *ms, uint32_t count)
{
	char text[80];
	bench_report_row(&scale->report, name, "ms", bench_report_median(ms, count));
	qsort(ms, count, sizeof(*ms), compare_values);
	snprintf(text, sizeof(text), "%s, slowest", name);
	bench_report_row(&scale->report, text, "ms", ms[count - 1]);
}

static void start_router(struct bench_scale *scale, const char *state, const char *document)
{
	scale->pipeline = pipeline_start_sized(1, document,
					       &(struct pipeline_sizes){.transaction_count = 16384,
									.call_count = 16384,
									.nonce_set_count = 16384,
									.endpoint_count = scale->binding_count,
									.wants_hugepages = true,
									.state_from = state});
	pipeline_use_tsc(scale->pipeline);
}

/* Nobody polls until bench_scale_load.c does. A worker that neither polls nor says so would keep all that is replaced
 * from being released, and each apply would then pay for memory that the kernel has yet to give: five times its cost.
 */
static void rest(struct pipeline *pipeline)
{
	rte_rcu_qsbr_thread_offline(pipeline_dataplane(pipeline)->qsbr, pipeline_worker(pipeline, 0)->index);
}

int main(int argc, char **argv)
{
	if (pattern_compile_serve_is_asked(argv))
		return pattern_compile_serve();
	static struct bench_scale scale; /* large */
	const struct bench_option options[] = {
		{"--companies", &scale.company_count, 20, 100000},
		{"--bindings", &scale.binding_count, 1, 10000000},
		{"--applies", &scale.apply_count, BENCH_SCALE_ROUNDS, 100000},
		{0},
	};
	if (!bench_report_init_with(&scale.report, "bench_scale", argc, argv, options))
		return 2;
	scale.company_count = scale.company_count     ? scale.company_count
			      : scale.report.is_short ? COMPANIES_SHORT
						      : COMPANIES;
	scale.binding_count = scale.binding_count     ? scale.binding_count
			      : scale.report.is_short ? BINDINGS_SHORT
						      : BINDINGS;
	scale.apply_count = scale.apply_count ? scale.apply_count : scale.report.is_short ? APPLIES_SHORT : APPLIES;
	char *document = bench_traffic_provisioning(scale.company_count, UINT32_MAX);
	const char *state = bench_state_kept_obtain(span_of_text(document));
	bench_scale_start_measure_patterns(&scale);
	bench_scale_start_measure(&scale, state);
	start_router(&scale, state, document);
	free(document);
	bench_scale_bindings_measure(&scale.report, scale.pipeline, scale.binding_count, scale.company_count);
	bench_traffic_make(&scale.traffic, scale.pipeline, scale.company_count,
			   scale.report.is_short ? MESSAGES_SHORT : MESSAGES);
	rest(scale.pipeline);
	bench_scale_apply_measure_parts(&scale);
	bench_scale_apply_measure(&scale);
	bench_scale_load_measure(&scale);
	bench_scale_large_measure(&scale);
	bench_scale_apply_measure_whole(&scale);
	pipeline_stop(scale.pipeline);
	return 0;
}
