#include <rte_common.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_scale.h"
#include "clock_us.h"
#include "directory_build.h"
#include "model_read.h"
#include "model_validate.h"
#include "must.h"
#include "publish.h"

#define SAMPLES	      100 /* of applies of one kind */
#define SAMPLES_SHORT 5

static const struct {
	enum bench_scale_change change;
	const char *name;
} changes[] = {
	{BENCH_CHANGE_PASSWORD, "apply one, passwords"},
	{BENCH_CHANGE_DDI, "apply one, a DDI more or less"},
	{BENCH_CHANGE_PLAIN_PATTERNS, "apply one, plain patterns"},
	{BENCH_CHANGE_KNOWN_PATTERNS, "apply one, patterns in the cache"},
	{BENCH_CHANGE_NEW_PATTERNS, "apply one, patterns compiled"},
	{BENCH_CHANGE_ADD, "apply one, a new company"},
	{BENCH_CHANGE_REMOVE, "apply one, removed again"},
};

void bench_scale_apply_write_company(char text[BENCH_SCALE_TEXT_BYTES], uint32_t number, enum bench_scale_change change,
				     uint32_t turn)
{
	char ddis[60] = "", new[12] = "";
	if (change == BENCH_CHANGE_DDI && turn % 2)
		snprintf(ddis, sizeof(ddis), "    ddis: [{number: '+349%08u'}]\n", number);
	if (change == BENCH_CHANGE_NEW_PATTERNS || change == BENCH_CHANGE_PLAIN_PATTERNS)
		snprintf(new, sizeof(new), "%u", turn);
	size_t at =
		(size_t)snprintf(text, BENCH_SCALE_TEXT_BYTES,
				 "companies:\n  - name: company-%u\n    domain: c%u.example.net\n    country: ES\n"
				 "    users:\n      - {name: alice, password: secret, extension: \"101\"}\n"
				 "    extensions:\n      - {number: \"101\", route: {user: alice}}\n%s    friends:\n",
				 number, number, ddis);
	for (uint32_t i = 0; i < BENCH_FRIENDS; i++) {
		bool turned = change == BENCH_CHANGE_KNOWN_PATTERNS && turn % 2;
		at += (size_t)snprintf(text + at, BENCH_SCALE_TEXT_BYTES - at,
				       "      - {name: friend-%u, password: secret%u, priority: %u, direct: "
				       "\"udp:192.0.2.%u:5060\", patterns: [\"^2%u[0-9]{2}$\", \"^%u7%u%s[0-9]+$\"]}\n",
				       i, change == BENCH_CHANGE_PASSWORD ? turn : 0, turned ? 30 - i : 10 + i, 10 + i,
				       i, 3 + i % 7, number, new);
	}
	must(at < BENCH_SCALE_TEXT_BYTES - 1);
	if (change == BENCH_CHANGE_KNOWN_PATTERNS || change == BENCH_CHANGE_NEW_PATTERNS)
		bench_scale_start_make_unplain(text);
}

static void note_result(void *argument, const struct apply_result *result)
{
	if (!result->accepted)
		problem_list_print(result->problems, stderr);
	must(result->accepted && !result->is_same);
	*(struct apply_result *)argument = *result;
}

static struct apply_result submit(struct bench_scale *scale, enum provision_action action, uint32_t number,
				  const char *text)
{
	char name[32];
	struct apply_result result = {0};
	snprintf(name, sizeof(name), "company-%u", number);
	const struct provision_request request = {.action = action,
						  .company = name,
						  .text = span_of_text(text),
						  .file_name = "bench.yaml",
						  .origin = "bench"};
	must(provision_submit(pipeline_provision(scale->pipeline), &request, note_result, &result) == STATUS_OK);
	return result;
}

struct apply_result bench_scale_apply_company(struct bench_scale *scale, uint32_t number, const char *text)
{
	return submit(scale, PROVISION_APPLY, number, text);
}

struct apply_result bench_scale_apply_company_dry(struct bench_scale *scale, uint32_t number, const char *text)
{
	return submit(scale, PROVISION_DRY_RUN, number, text);
}

void bench_scale_apply_release_waiting(struct bench_scale *scale)
{
	must(publish_poll(pipeline_publisher(scale->pipeline)) == 0);
}

static uint32_t number_of(const struct bench_scale *scale, enum bench_scale_change change, uint32_t sample)
{
	if (change == BENCH_CHANGE_ADD)
		return scale->company_count + sample;
	return (sample * 7919) % scale->company_count;
}

void bench_scale_apply_measure(struct bench_scale *scale)
{
	uint32_t samples = scale->report.is_short ? SAMPLES_SHORT : SAMPLES;
	double ms[SAMPLES], rest_ms[SAMPLES], store_ms[RTE_DIM(changes) * SAMPLES];
	uint32_t stored = 0;
	char text[BENCH_SCALE_TEXT_BYTES];

	for (size_t k = 0; k < RTE_DIM(changes); k++) {
		for (uint32_t i = 0; i < samples; i++) {
			enum bench_scale_change change = changes[k].change;
			uint32_t number =
				change == BENCH_CHANGE_REMOVE ? scale->company_count + i : number_of(scale, change, i);
			if (change == BENCH_CHANGE_REMOVE)
				snprintf(text, sizeof(text), "companies: []\n");
			else
				bench_scale_apply_write_company(text, number, change, 2 * i + 1);
			/* What it goes back to is in the cache, and no longer live. */
			if (change == BENCH_CHANGE_KNOWN_PATTERNS) {
				bench_scale_apply_company(scale, number, text);
				bench_scale_apply_write_company(text, number, change, 2 * i);
				bench_scale_apply_company(scale, number, text);
				bench_scale_apply_write_company(text, number, change, 2 * i + 1);
			}
			uint64_t start_us = clock_us();
			struct apply_result result = bench_scale_apply_company(scale, number, text);
			ms[i] = (double)(clock_us() - start_us) / 1000;
			store_ms[stored] = (double)result.store_us / 1000;
			rest_ms[i] = ms[i] - (double)result.compile_us / 1000 - store_ms[stored++];
			must(result.patterns_compiled == (change == BENCH_CHANGE_NEW_PATTERNS));
			must(result.patterns_loaded == (change == BENCH_CHANGE_KNOWN_PATTERNS));
			bench_scale_apply_release_waiting(scale);
		}
		bench_scale_row_times(scale, changes[k].name, ms, samples);
		snprintf(text, sizeof(text), "%s, but for store and compile", changes[k].name);
		bench_scale_row_times(scale, text, rest_ms, samples);
	}
	bench_scale_row_times(scale, "apply one, of it: stored", store_ms, stored);
}

void bench_scale_apply_measure_parts(struct bench_scale *scale)
{
	struct provision *provision = pipeline_provision(scale->pipeline);
	const struct directory *live = provision_directory(provision), *directory;
	struct problem_list problems = {0};
	struct model *part;
	char text[BENCH_SCALE_TEXT_BYTES];
	double read[SAMPLES], build[SAMPLES], release[SAMPLES];
	uint32_t samples = scale->report.is_short ? SAMPLES_SHORT : SAMPLES;

	for (uint32_t i = 0; i < samples; i++) {
		bench_scale_apply_write_company(text, 1, BENCH_CHANGE_PASSWORD, 1000 + i);
		uint64_t start_us = clock_us();
		must(model_read(&part, span_of_text(text), "bench", &problems) == STATUS_OK);
		must(model_validate_part(part, live, 1, span_of_text(text), "bench", &problems) == STATUS_OK);
		uint64_t read_us = clock_us();
		const struct directory_change change = {.index = 1, .company = model_companies(part)};
		const struct directory_build_input input = {.model = provision_model(provision),
							    .keys = provision_keys(provision),
							    .previous = live,
							    .change = &change};
		must(directory_build(&directory, &input, NULL, &problems) == STATUS_OK);
		uint64_t built_us = clock_us();
		directory_build_release(directory);
		release[i] = (double)(clock_us() - built_us) / 1000;
		read[i] = (double)(read_us - start_us) / 1000;
		build[i] = (double)(built_us - read_us) / 1000;
		model_free(part);
	}
	bench_report_row(&scale->report, "apply one, of it: parse and validate", "ms",
			 bench_report_median(read, samples));
	bench_report_row(&scale->report, "apply one, of it: tables", "ms", bench_report_median(build, samples));
	bench_report_row(&scale->report, "apply one, after it: release", "ms", bench_report_median(release, samples));
}

void bench_scale_apply_measure_whole(struct bench_scale *scale)
{
	struct apply_result result = {0};
	char *text = bench_traffic_provisioning(scale->company_count, 1), *at = text;

	uint64_t start_us = clock_us();
	must(provision_apply(pipeline_provision(scale->pipeline), span_of_text(text), "bench", note_result, &result) ==
	     STATUS_OK);
	bench_scale_row_ms(scale, "apply all, one differs", clock_us() - start_us);
	while ((at = strstr(at, "secret")))
		*at++ = 'S';
	start_us = clock_us();
	must(provision_apply(pipeline_provision(scale->pipeline), span_of_text(text), "bench", note_result, &result) ==
	     STATUS_OK);
	bench_scale_row_ms(scale, "apply all, all differ", clock_us() - start_us);
	bench_scale_apply_release_waiting(scale);
	free(text);
}
