/*
 * bench_scale - large tables: 10,000 companies with 10 friends and 2 patterns each, 1,000,000 bindings.
 *
 *   start     each step from the store to tables that can be published (warm); and tables of some companies whose
 *             patterns are plain (include/pattern_plain.h), are compiled (cold), or are in the cache
 *   memory    resident bytes of each part
 *   apply     one company of all, from the request to the publication, by what changed in it; and all companies
 *   grace     from a publication until what was replaced is released, while an lcore works
 *   load      an lcore with as many calls as it takes, quiet and while companies are applied, by turns: what a burst
 *             takes, and whether each packet ended
 *   patterns  one company with 10,000 of them
 *
 * Times of steps are wall clock: they wait for the disk. Run it when nothing else runs.
 */
#include <hs.h>
#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_rcu_qsbr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_lcores.h"
#include "bench_report.h"
#include "bench_scale_bindings.h"
#include "bench_state_kept.h"
#include "bench_traffic.h"
#include "directory_build.h"
#include "hdr_histogram.h"
#include "location_table.h"
#include "model_read.h"
#include "model_validate.h"
#include "must.h"
#include "pattern_compile_serve.h"
#include "provision.h"
#include "provision_store.h"
#include "publish.h"
#include "setup.h"

#define COMPANIES	  10000
#define COMPANIES_SHORT	  20
#define COMPANIES_COLD	  20
#define BINDINGS	  1000000
#define BINDINGS_SHORT	  2000
#define APPLIES		  1000
#define APPLIES_SHORT	  10
#define SAMPLES		  100 /* of applies of one kind */
#define SAMPLES_SHORT	  5
#define MESSAGES	  4096
#define MESSAGES_SHORT	  64
#define ROUNDS		  5 /* quiet and changing, by turns */
#define FRIENDS_OF_LARGE  1000
#define PATTERNS_A_FRIEND 10
#define TEXT_BYTES	  4096

static struct bench_report report;
static struct pipeline *pipeline;
static struct bench_traffic traffic;
static uint32_t company_count, binding_count, apply_count;

static uint64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void row_ms(const char *workload, uint64_t us)
{
	bench_report_row(&report, workload, "ms", (double)us / 1000);
}

static uint64_t resident_bytes(void)
{
	unsigned long long total, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	must(file && fscanf(file, "%llu %llu", &total, &resident) == 2);
	fclose(file);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* ---- start ---- */

struct start {
	uint64_t us, bytes; /* at the end of the last step */
	struct problem_list problems;
};

static void step(struct start *start, const char *name)
{
	uint64_t us = now_us(), bytes = resident_bytes();
	char text[80];
	snprintf(text, sizeof(text), "start, %s", name);
	row_ms(text, us - start->us);
	if (bytes > start->bytes + (1u << 20)) {
		snprintf(text, sizeof(text), "memory, %s", name);
		bench_report_row(&report, text, "bytes/company", (double)(bytes - start->bytes) / company_count);
	}
	start->us = now_us();
	start->bytes = bytes;
}

/* The walk of provision_open() and provision_publish_initial(), step by step, on a state that no router uses. */
static void measure_start(const char *state)
{
	struct start start = {.us = now_us(), .bytes = resident_bytes()};
	uint64_t begin_us = start.us, revision;
	struct provision_store *store;
	struct pattern_source patterns = {0};
	struct directory_build_count count;
	const struct directory *directory;
	struct secret_keys keys;
	struct model *model;
	char *text;

	must(provision_store_open(&store, state, &start.problems) == STATUS_OK);
	step(&start, "open and check the store");
	must(provision_store_load_keys(store, &keys, &start.problems) == STATUS_OK);
	must(provision_store_load(store, &revision, &text, &start.problems) == STATUS_OK);
	step(&start, "read the document");
	must(model_read(&model, span_of_text(text), "bench", &start.problems) == STATUS_OK);
	step(&start, "model");
	must(model_validate(model, span_of_text(text), "bench", &start.problems) == STATUS_OK);
	step(&start, "validate");
	free(text);
	must(pattern_cache_open(&patterns.cache, state, &keys) == STATUS_OK);
	const struct directory_build_input input = {.model = model, .keys = &keys, .patterns = &patterns};
	must(directory_build(&directory, &input, &count, &start.problems) == STATUS_OK);
	must(count.patterns_compiled == 0);
	step(&start, "tables");
	row_ms("start, warm, without bindings", start.us - begin_us);
	directory_build_release(directory);
	model_free(model);
	pattern_cache_close(patterns.cache);
	provision_store_close(store);
}

/* The companies' second patterns are of another shape then, and all behind the first of them go into a database. */
static void make_unplain(char *text)
{
	while ((text = strstr(text, "[0-9]+")))
		memcpy(text, "[0-8]+", 6);
}

static void measure_tables(const char *name, const struct model *model, const char *state,
			   struct directory_build_count *count)
{
	const struct secret_keys keys = {.node_id = 1};
	struct pattern_source patterns = {0};
	struct problem_list problems = {0};
	const struct directory *directory;

	must(pattern_cache_open(&patterns.cache, state, &keys) == STATUS_OK);
	const struct directory_build_input input = {.model = model, .keys = &keys, .patterns = &patterns};
	uint64_t start_us = now_us();
	must(directory_build(&directory, &input, count, &problems) == STATUS_OK);
	bench_report_row(&report, name, "ms/company", (double)(now_us() - start_us) / 1000 / COMPANIES_COLD);
	directory_build_release(directory);
	pattern_cache_close(patterns.cache);
}

/* Of so few companies that nobody waits. */
static void measure_patterns(void)
{
	char *text = bench_traffic_provisioning(COMPANIES_COLD, UINT32_MAX);
	char state[] = "/tmp/amity-bench-patterns-XXXXXX", command[64];
	struct problem_list problems = {0};
	struct directory_build_count count;
	struct model *plain, *other;

	must(mkdtemp(state));
	must(model_read(&plain, span_of_text(text), "bench", &problems) == STATUS_OK);
	make_unplain(text);
	must(model_read(&other, span_of_text(text), "bench", &problems) == STATUS_OK);
	measure_tables("start, tables, plain patterns", plain, state, &count);
	must(count.patterns_compiled == 0 && count.patterns_loaded == 0);
	measure_tables("start, tables, patterns compiled", other, state, &count);
	must(count.patterns_compiled == COMPANIES_COLD);
	measure_tables("start, tables, patterns in the cache", other, state, &count);
	must(count.patterns_loaded == COMPANIES_COLD);
	model_free(plain);
	model_free(other);
	snprintf(command, sizeof(command), "rm -r %s", state);
	must(system(command) == 0);
	free(text);
}

/* ---- applies ---- */

enum change {
	CHANGE_PASSWORD,
	CHANGE_DDI,
	CHANGE_PLAIN_PATTERNS,
	CHANGE_KNOWN_PATTERNS,
	CHANGE_NEW_PATTERNS,
	CHANGE_ADD,
	CHANGE_REMOVE
};

static const struct {
	enum change change;
	const char *name;
} changes[] = {
	{CHANGE_PASSWORD, "apply one, passwords"},
	{CHANGE_DDI, "apply one, a DDI more or less"},
	{CHANGE_PLAIN_PATTERNS, "apply one, plain patterns"},
	{CHANGE_KNOWN_PATTERNS, "apply one, patterns in the cache"},
	{CHANGE_NEW_PATTERNS, "apply one, patterns compiled"},
	{CHANGE_ADD, "apply one, a new company"},
	{CHANGE_REMOVE, "apply one, removed again"},
};

/* The company `number` as bench_traffic_provisioning() has it, changed for the `turn`th time. */
static void write_company(char text[TEXT_BYTES], uint32_t number, enum change change, uint32_t turn)
{
	char ddis[60] = "", new[12] = "";
	if (change == CHANGE_DDI && turn % 2)
		snprintf(ddis, sizeof(ddis), "    ddis: [{number: '+349%08u'}]\n", number);
	if (change == CHANGE_NEW_PATTERNS || change == CHANGE_PLAIN_PATTERNS)
		snprintf(new, sizeof(new), "%u", turn);
	size_t at =
		(size_t)snprintf(text, TEXT_BYTES,
				 "companies:\n  - name: company-%u\n    domain: c%u.example.net\n    country: ES\n"
				 "    users:\n      - {name: alice, password: secret, extension: \"101\"}\n"
				 "    extensions:\n      - {number: \"101\", route: {user: alice}}\n%s    friends:\n",
				 number, number, ddis);
	for (uint32_t i = 0; i < BENCH_FRIENDS; i++) {
		bool turned = change == CHANGE_KNOWN_PATTERNS && turn % 2;
		at += (size_t)snprintf(text + at, TEXT_BYTES - at,
				       "      - {name: friend-%u, password: secret%u, priority: %u, direct: "
				       "\"udp:192.0.2.%u:5060\", patterns: [\"^2%u[0-9]{2}$\", \"^%u7%u%s[0-9]+$\"]}\n",
				       i, change == CHANGE_PASSWORD ? turn : 0, turned ? 30 - i : 10 + i, 10 + i, i,
				       3 + i % 7, number, new);
	}
	must(at < TEXT_BYTES - 1);
	if (change == CHANGE_KNOWN_PATTERNS || change == CHANGE_NEW_PATTERNS)
		make_unplain(text);
}

static void note_result(void *argument, const struct apply_result *result)
{
	if (!result->accepted)
		problem_list_print(result->problems, stderr);
	must(result->accepted && !result->is_same);
	*(struct apply_result *)argument = *result;
}

static struct apply_result apply_company(uint32_t number, const char *text)
{
	char name[32];
	struct apply_result result = {0};
	snprintf(name, sizeof(name), "company-%u", number);
	const struct provision_request request = {.action = PROVISION_APPLY,
						  .company = name,
						  .text = span_of_text(text),
						  .file_name = "bench.yaml",
						  .origin = "bench"};
	must(provision_submit(pipeline_provision(pipeline), &request, note_result, &result) == STATUS_OK);
	return result;
}

static void release_waiting(void)
{
	publish_poll(pipeline_publisher(pipeline));
}

static int compare_values(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static void report_times(const char *name, double *ms, uint32_t count)
{
	char text[80];
	bench_report_row(&report, name, "ms", bench_report_median(ms, count));
	qsort(ms, count, sizeof(*ms), compare_values);
	snprintf(text, sizeof(text), "%s, slowest", name);
	bench_report_row(&report, text, "ms", ms[count - 1]);
}

static uint32_t number_of(enum change change, uint32_t sample)
{
	if (change == CHANGE_ADD)
		return company_count + sample;
	return (sample * 7919) % company_count;
}

static void measure_applies(void)
{
	uint32_t samples = report.is_short ? SAMPLES_SHORT : SAMPLES;
	double ms[SAMPLES];
	char text[TEXT_BYTES];

	for (size_t k = 0; k < RTE_DIM(changes); k++) {
		for (uint32_t i = 0; i < samples; i++) {
			enum change change = changes[k].change;
			uint32_t number = change == CHANGE_REMOVE ? company_count + i : number_of(change, i);
			if (change == CHANGE_REMOVE)
				snprintf(text, sizeof(text), "companies: []\n");
			else
				write_company(text, number, change, 2 * i + 1);
			/* What it goes back to is in the cache, and no longer live. */
			if (change == CHANGE_KNOWN_PATTERNS) {
				apply_company(number, text);
				write_company(text, number, change, 2 * i);
				apply_company(number, text);
				write_company(text, number, change, 2 * i + 1);
			}
			uint64_t start_us = now_us();
			struct apply_result result = apply_company(number, text);
			ms[i] = (double)(now_us() - start_us) / 1000;
			must(result.patterns_compiled == (change == CHANGE_NEW_PATTERNS));
			must(result.patterns_loaded == (change == CHANGE_KNOWN_PATTERNS));
			release_waiting();
		}
		report_times(changes[k].name, ms, samples);
	}
}

/* Where the time of one goes: each part by itself. */
static void measure_apply_parts(void)
{
	struct provision *provision = pipeline_provision(pipeline);
	const struct directory *live = provision_directory(provision), *directory;
	struct problem_list problems = {0};
	struct model *part;
	char text[TEXT_BYTES];
	double read[SAMPLES], build[SAMPLES], release[SAMPLES];
	uint32_t samples = report.is_short ? SAMPLES_SHORT : SAMPLES;

	for (uint32_t i = 0; i < samples; i++) {
		write_company(text, 1, CHANGE_PASSWORD, 1000 + i);
		uint64_t start_us = now_us();
		must(model_read(&part, span_of_text(text), "bench", &problems) == STATUS_OK);
		must(model_validate_part(part, live, 1, span_of_text(text), "bench", &problems) == STATUS_OK);
		uint64_t read_us = now_us();
		const struct directory_change change = {.index = 1, .company = model_companies(part)};
		const struct directory_build_input input = {.model = provision_model(provision),
							    .keys = provision_keys(provision),
							    .previous = live,
							    .change = &change};
		must(directory_build(&directory, &input, NULL, &problems) == STATUS_OK);
		uint64_t built_us = now_us();
		directory_build_release(directory);
		release[i] = (double)(now_us() - built_us) / 1000;
		read[i] = (double)(read_us - start_us) / 1000;
		build[i] = (double)(built_us - read_us) / 1000;
		model_free(part);
	}
	bench_report_row(&report, "apply one, of it: parse and validate", "ms", bench_report_median(read, samples));
	bench_report_row(&report, "apply one, of it: tables", "ms", bench_report_median(build, samples));
	bench_report_row(&report, "apply one, after it: release", "ms", bench_report_median(release, samples));
}

/* As people do who have one file of all. */
static void measure_whole(void)
{
	struct apply_result result = {0};
	char *text = bench_traffic_provisioning(company_count, 1), *at = text;

	uint64_t start_us = now_us();
	must(provision_apply(pipeline_provision(pipeline), span_of_text(text), "bench", note_result, &result) ==
	     STATUS_OK);
	row_ms("apply all, one differs", now_us() - start_us);
	while ((at = strstr(at, "secret")))
		*at++ = 'S';
	start_us = now_us();
	must(provision_apply(pipeline_provision(pipeline), span_of_text(text), "bench", note_result, &result) ==
	     STATUS_OK);
	row_ms("apply all, all differ", now_us() - start_us);
	release_waiting();
	free(text);
}

/* ---- an lcore at work ---- */

struct load {
	struct bench_workload *workload;
	struct worker *worker;
	struct hdr_histogram bursts; /* TSC ticks; by the lcore, read after it ended */
	uint64_t sent;
	atomic_bool is_ending; /* by the control thread; relaxed: nothing is read through it */
	atomic_uint rounds;    /* by the lcore: whole rounds of the workload */
};

static void send_round(struct load *load)
{
	struct bench_workload *workload = load->workload;
	uint32_t count;

	bench_traffic_begin(&traffic, workload);
	while ((count = bench_traffic_next(&traffic, workload)) > 0)
		for (uint32_t i = 0; i < count; i += BURST_MAX) {
			for (uint32_t j = i; j < i + BURST_MAX && j < count; j++, load->sent++)
				pipeline_put(pipeline, 0, workload->datagram[j].source, workload->datagram[j].bytes);
			uint64_t start = rte_rdtsc();
			worker_burst(load->worker);
			hdr_histogram_record(&load->bursts, rte_rdtsc() - start);
			bench_traffic_take(&traffic);
			bench_lcores_drain_punts(pipeline);
		}
}

static int run_load(void *argument)
{
	struct load *load = argument;
	struct rte_rcu_qsbr *qsbr = load->worker->dataplane->qsbr;

	rte_rcu_qsbr_thread_online(qsbr, load->worker->index);
	while (!atomic_load_explicit(&load->is_ending, memory_order_relaxed)) {
		send_round(load);
		atomic_fetch_add_explicit(&load->rounds, 1, memory_order_relaxed);
	}
	rte_rcu_qsbr_thread_offline(qsbr, load->worker->index);
	return 0;
}

static uint64_t ended_packets(const struct worker *worker)
{
	uint64_t sum = 0;
	for (uint32_t v = VERDICT_NONE + 1; v < VERDICT_COUNT; v++)
		sum += counters_load(&worker->counters->verdict[v]);
	return sum;
}

/* From the publication until nothing that it replaced waits any more. */
static double apply_and_wait(uint32_t turn)
{
	struct publisher *publisher = pipeline_publisher(pipeline);
	char text[TEXT_BYTES];
	uint32_t number = turn % company_count;

	write_company(text, number, CHANGE_PASSWORD, 100000 + turn);
	apply_company(number, text);
	uint64_t start_us = now_us();
	while (publish_poll(publisher) > 0)
		usleep(50);
	return (double)(now_us() - start_us) / 1000;
}

static uint32_t turns;

/* Result: how many were applied. `grace` NULL: quiet, for as long as it takes. */
static uint32_t run_meanwhile(struct load *load, double *grace, uint32_t count)
{
	for (uint32_t i = 0; grace && i < count; i++)
		grace[i] = apply_and_wait(turns++);
	while (atomic_load_explicit(&load->rounds, memory_order_relaxed) < 2 ||
	       (!grace && atomic_load_explicit(&load->rounds, memory_order_relaxed) < count))
		usleep(1000);
	return grace ? count : 0;
}

/* Result: rounds of the workload that the lcore did meanwhile. */
static uint32_t run_under_load(struct hdr_histogram *bursts, double *grace, uint32_t count)
{
	struct setup *setup = (struct setup *)pipeline_dataplane(pipeline);
	struct load load = {.workload = &traffic.workload[TRAFFIC_CALL], .worker = pipeline_worker(pipeline, 0)};
	uint64_t ended = ended_packets(load.worker);

	/* What making ready needs is made before others look. */
	must(rte_eal_remote_launch(run_load, &load, setup->lcore[0]) == 0);
	run_meanwhile(&load, grace, count);
	atomic_store_explicit(&load.is_ending, true, memory_order_relaxed);
	rte_eal_wait_lcore(setup->lcore[0]);
	must(ended_packets(load.worker) - ended == load.sent);
	for (uint32_t i = 0; i < HDR_HISTOGRAM_BUCKET_MAX; i++)
		bursts->bucket[i] += load.bursts.bucket[i];
	bursts->count += load.bursts.count;
	if (load.bursts.greatest > bursts->greatest)
		bursts->greatest = load.bursts.greatest;
	return atomic_load_explicit(&load.rounds, memory_order_relaxed);
}

static void report_bursts(const char *name, const struct hdr_histogram *bursts)
{
	static const struct {
		double share;
		const char *name;
	} shares[] = {{0.5, "p50"}, {0.99, "p99"}, {0.999, "p99.9"}};
	char text[80];

	for (size_t i = 0; i < RTE_DIM(shares); i++) {
		snprintf(text, sizeof(text), "burst of 32, %s, %s", name, shares[i].name);
		bench_report_row(&report, text, "us",
				 (double)hdr_histogram_find(bursts, shares[i].share) * 1e6 / (double)rte_get_tsc_hz());
	}
}

static void measure_load(void)
{
	static struct hdr_histogram quiet, changing;
	struct dataplane *dataplane = pipeline_dataplane(pipeline);
	uint32_t all_workers = dataplane->worker_count, a_round = (apply_count + ROUNDS - 1) / ROUNDS, rounds = 3;
	double *grace = calloc((size_t)ROUNDS * a_round, sizeof(*grace));

	must(grace);
	dataplane->worker_count = 1;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		run_under_load(&quiet, NULL, rounds);
		rounds = run_under_load(&changing, grace + (size_t)i * a_round, a_round);
	}
	dataplane->worker_count = all_workers;
	bench_report_row(&report, "load: applied meanwhile", "companies", (double)ROUNDS * a_round);
	report_bursts("quiet", &quiet);
	report_bursts("applies", &changing);
	report_times("grace period", grace, ROUNDS * a_round);
	free(grace);
}

/* ---- one company with many patterns ---- */

static void measure_large(void)
{
	uint32_t friends = report.is_short ? 10 : FRIENDS_OF_LARGE;
	size_t size = 300 + (size_t)friends * (100 + PATTERNS_A_FRIEND * 24);
	char *text = malloc(size);
	must(text);
	size_t at = (size_t)snprintf(text, size,
				     "companies:\n  - name: company-%u\n    domain: large.example.net\n"
				     "    country: ES\n    friends:\n",
				     company_count);
	for (uint32_t i = 0; i < friends; i++) {
		at += (size_t)snprintf(text + at, size - at, "      - {name: f%u, password: secret, patterns: [", i);
		for (uint32_t j = 0; j < PATTERNS_A_FRIEND; j++)
			at += (size_t)snprintf(text + at, size - at, "%s'^%05u[0-9]{4}$'", j ? ", " : "",
					       10000 + i * PATTERNS_A_FRIEND + j);
		at += (size_t)snprintf(text + at, size - at, "]}\n");
	}
	must(at < size - 1);
	bench_report_row(&report, "large company", "patterns", friends * PATTERNS_A_FRIEND);
	uint64_t start_us = now_us();
	struct apply_result result = apply_company(company_count, text);
	must(result.patterns_compiled == 1);
	row_ms("large company, applied and compiled", now_us() - start_us);
	/* Another password: the set is the live one. */
	memcpy(strstr(text, "secret"), "SECRET", 6);
	start_us = now_us();
	result = apply_company(company_count, text);
	must(result.patterns_compiled == 0 && result.patterns_loaded == 0);
	row_ms("large company, applied again", now_us() - start_us);

	const struct directory *live = provision_directory(pipeline_provision(pipeline));
	const struct pattern_set *set = &live->company[company_count]->friends;
	size_t bytes = 0;
	if (set->database)
		must(hs_database_size(set->database, &bytes) == HS_SUCCESS);
	bench_report_row(&report, "large company, database", "bytes", (double)bytes);
	struct match_scratch *scratch = publish_control_scratch(pipeline_publisher(pipeline));
	uint32_t id;
	enum { SCANS = 2000 };
	uint64_t start_ns = bench_report_cpu_ns();
	for (uint32_t i = 0; i < SCANS; i++) {
		char number[16];
		snprintf(number, sizeof(number), "%05u0000", 10000 + i % (friends * PATTERNS_A_FRIEND));
		must(pattern_match_first(&id, set, span_of_text(number), scratch));
	}
	bench_report_row(&report, "large company, scan", "ns", (double)(bench_report_cpu_ns() - start_ns) / SCANS);
	apply_company(company_count, "companies: []\n");
	release_waiting();
	free(text);
}

/* ---- all of it ---- */

static void start_router(const char *state, const char *document)
{
	pipeline = pipeline_start_sized(1, document,
					&(struct pipeline_sizes){.transaction_count = 16384,
								 .call_count = 16384,
								 .nonce_set_count = 16384,
								 .endpoint_count = binding_count,
								 .state_from = state});
	pipeline_use_tsc(pipeline);
}

int main(int argc, char **argv)
{
	if (pattern_compile_serve_is_asked(argv))
		return pattern_compile_serve();
	const struct bench_option options[] = {
		{"--companies", &company_count, 20, 100000},
		{"--bindings", &binding_count, 1, 10000000},
		{"--applies", &apply_count, ROUNDS, 100000},
		{0},
	};
	if (!bench_report_init_with(&report, "bench_scale", argc, argv, options))
		return 2;
	company_count = company_count ? company_count : report.is_short ? COMPANIES_SHORT : COMPANIES;
	binding_count = binding_count ? binding_count : report.is_short ? BINDINGS_SHORT : BINDINGS;
	apply_count = apply_count ? apply_count : report.is_short ? APPLIES_SHORT : APPLIES;
	char *document = bench_traffic_provisioning(company_count, UINT32_MAX);
	const char *state = bench_state_kept_obtain(span_of_text(document));
	measure_patterns();
	measure_start(state);
	start_router(state, document);
	free(document);
	bench_scale_bindings_measure(&report, pipeline, binding_count, company_count);
	bench_traffic_make(&traffic, pipeline, company_count, report.is_short ? MESSAGES_SHORT : MESSAGES);
	measure_apply_parts();
	measure_applies();
	measure_load();
	measure_large();
	measure_whole();
	pipeline_stop(pipeline);
	return 0;
}
