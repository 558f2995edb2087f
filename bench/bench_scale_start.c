#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_process.h"
#include "bench_scale.h"
#include "clock_us.h"
#include "directory_build.h"
#include "model_part.h"
#include "model_read.h"
#include "model_validate.h"
#include "must.h"
#include "provision_store.h"

#define COMPANIES_PATTERNS 20

/* Less says nothing about a company: the allocator takes memory by the megabyte. */
#define STEP_BYTES_MIN (4u << 20)

struct start {
	uint64_t us, bytes; /* at the end of the last step */
	struct problem_list problems;
};

static void step(struct bench_scale *scale, struct start *start, const char *name)
{
	uint64_t us = clock_us(), bytes = bench_process_resident_bytes();
	char text[80];
	snprintf(text, sizeof(text), "start, %s", name);
	bench_scale_row_ms(scale, text, us - start->us);
	if (bytes > start->bytes + STEP_BYTES_MIN) {
		snprintf(text, sizeof(text), "memory, %s", name);
		bench_report_row(&scale->report, text, "bytes/company",
				 (double)(bytes - start->bytes) / scale->company_count);
	}
	start->us = clock_us();
	start->bytes = bytes;
}

/* The walk of provision_open() and provision_publish_initial(), step by step, on a state that no router uses. */
void bench_scale_start_measure(struct bench_scale *scale, const char *state)
{
	struct start start = {.us = clock_us(), .bytes = bench_process_resident_bytes()};
	uint64_t begin_us = start.us, begin_bytes = start.bytes, revision;
	struct provision_store *store;
	struct pattern_source patterns = {0};
	struct directory_build_count count;
	const struct directory *directory;
	struct secret_keys keys;
	struct model *model;
	char *text;

	must(provision_store_open(&store, state, &start.problems) == STATUS_OK);
	step(scale, &start, "open and check the store");
	must(provision_store_load_keys(store, &keys, &start.problems) == STATUS_OK);
	must(provision_store_load(store, &revision, &text, &start.problems) == STATUS_OK);
	step(scale, &start, "read the document");
	must(model_read(&model, span_of_text(text), "bench", &start.problems) == STATUS_OK);
	step(scale, &start, "model");
	must(model_validate(model, span_of_text(text), "bench", &start.problems) == STATUS_OK);
	step(scale, &start, "validate");
	must(model_part_prepare(model) == STATUS_OK);
	step(scale, &start, "room for changes of one company");
	free(text);
	must(pattern_cache_open(&patterns.cache, state, &keys) == STATUS_OK);
	const struct directory_build_input input = {.model = model, .keys = &keys, .patterns = &patterns};
	must(directory_build(&directory, &input, &count, &start.problems) == STATUS_OK);
	must(count.patterns_compiled == 0);
	step(scale, &start, "tables");
	bench_scale_row_ms(scale, "start, warm, without bindings", start.us - begin_us);
	if (start.bytes > begin_bytes + STEP_BYTES_MIN)
		bench_report_row(&scale->report, "memory, a company, all in", "bytes/company",
				 (double)(start.bytes - begin_bytes) / scale->company_count);
	bench_scale_memory_measure(scale, directory);
	directory_build_release(directory);
	model_free(model);
	pattern_cache_close(patterns.cache);
	provision_store_close(store);
}

void bench_scale_start_make_unplain(char *text)
{
	while ((text = strstr(text, "[0-9]+")))
		memcpy(text, "[0-8]+", 6);
}

static void measure_tables(struct bench_scale *scale, const char *name, const struct model *model, const char *state,
			   struct directory_build_count *count)
{
	const struct secret_keys keys = {.node_id = 1};
	struct pattern_source patterns = {0};
	struct problem_list problems = {0};
	const struct directory *directory;

	must(pattern_cache_open(&patterns.cache, state, &keys) == STATUS_OK);
	const struct directory_build_input input = {.model = model, .keys = &keys, .patterns = &patterns};
	uint64_t start_us = clock_us();
	must(directory_build(&directory, &input, count, &problems) == STATUS_OK);
	bench_report_row(&scale->report, name, "ms/company",
			 (double)(clock_us() - start_us) / 1000 / COMPANIES_PATTERNS);
	if (count->patterns_compiled > 0)
		bench_report_row(&scale->report, "memory, database of patterns, where needed", "bytes/company",
				 (double)bench_scale_memory_database_bytes(directory->company[0]));
	directory_build_release(directory);
	pattern_cache_close(patterns.cache);
}

/* Of so few companies that nobody waits. */
void bench_scale_start_measure_patterns(struct bench_scale *scale)
{
	char *text = bench_traffic_provisioning(COMPANIES_PATTERNS, UINT32_MAX);
	char state[] = "/tmp/amity-bench-patterns-XXXXXX", command[64];
	struct problem_list problems = {0};
	struct directory_build_count count;
	struct model *plain, *other;

	must(mkdtemp(state));
	must(model_read(&plain, span_of_text(text), "bench", &problems) == STATUS_OK);
	bench_scale_start_make_unplain(text);
	must(model_read(&other, span_of_text(text), "bench", &problems) == STATUS_OK);
	measure_tables(scale, "start, tables, plain patterns", plain, state, &count);
	must(count.patterns_compiled == 0 && count.patterns_loaded == 0);
	measure_tables(scale, "start, tables, patterns compiled", other, state, &count);
	must(count.patterns_compiled == COMPANIES_PATTERNS);
	measure_tables(scale, "start, tables, patterns in the cache", other, state, &count);
	must(count.patterns_loaded == COMPANIES_PATTERNS);
	model_free(plain);
	model_free(other);
	snprintf(command, sizeof(command), "rm -r %s", state);
	must(system(command) == 0);
	free(text);
}
