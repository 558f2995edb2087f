/*
 * bench_call_acl - what a call ACL of 20 rules costs (R13), by which rule decides.
 *
 * Rules are those of a company that pays for its calls: countries, kinds of numbers, single numbers; each round asks
 * for another number.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench_report.h"
#include "call_acl.h"
#include "pattern_set_fixture.h"

#define RULES	     20
#define NUMBERS	     1024
#define RUNS	     9
#define ROUNDS	     (200 * NUMBERS)
#define ROUNDS_SHORT NUMBERS

struct rule {
	const char *pattern;
	bool allow;
};

static const struct rule prefixes[RULES] = {
	{"^\\+34(80[367]|905)", false}, {"^\\+3490[02]", true},
	{"^\\+34[6789]", true},		{"^\\+33[1-79]", true},
	{"^\\+338[19]", false},		{"^\\+49(1[567]|[2-9])", true},
	{"^\\+44(1|2|7[1-9])", true},	{"^\\+44(9|87)", false},
	{"^\\+1(900|976)", false},	{"^\\+1[2-9][0-9]{9}$", true},
	{"^\\+351[29]", true},		{"^\\+390?[0-9]", true},
	{"^\\+41[2-7]", true},		{"^\\+4190", false},
	{"^\\+212[56]", true},		{"^\\+53", false},
	{"^\\+5[1-8]", true},		{"^\\+88[123]", false},
	{"^\\+97[0-9]", false},		{"^\\+8[16]", true},
};

/* Not only beginnings: whole numbers, endings, what stands somewhere. */
static const struct rule shapes[RULES] = {
	{"^\\+34(80[367]|905)", false},
	{"(0000|9999)$", false},
	{"^\\+34[6789][0-9]{8}$", true},
	{"^\\+33[1-79]\\d{8}$", true},
	{"^\\+338[19]", false},
	{"^\\+49(1[567]|[2-9])\\d{6,11}$", true},
	{"^\\+44(1|2|7[1-9])\\d{8,9}$", true},
	{"^\\+44(9|87)", false},
	{"^\\+1(900|976)", false},
	{"^\\+1[2-9][0-9]{2}[2-9][0-9]{6}$", true},
	{"^\\+351[29]", true},
	{"^\\+390?[0-9]{6,10}$", true},
	{"^\\+41[2-7]", true},
	{"^\\+4190.*", false},
	{"^\\+212[56]", true},
	{"^\\+53", false},
	{"^\\+5[1-8]", true},
	{"^\\+.*12345$", false},
	{"^\\+97[0-9]", false},
	{"^\\+8[16]", true},
};

struct bench {
	struct pattern_row row[RULES];
	char number_text[NUMBERS][20];
	struct span number[NUMBERS];
	struct match_scratch scratch;
	struct call_acl acl;
};

static struct bench bench;
static struct bench_report report;

/* What stands in `begins`, and eight digits behind. */
static void make_numbers(const char *const *begins, uint32_t count)
{
	uint32_t random = 1;

	for (uint32_t i = 0; i < NUMBERS; i++) {
		random = random * 1664525u + 1013904223u;
		int length = snprintf(bench.number_text[i], sizeof(bench.number_text[i]), "%s%08u", begins[i % count],
				      (random >> 3) % 100000000);
		bench.number[i] = span_make(bench.number_text[i], (size_t)length);
	}
}

static void measure_numbers(const char *workload, uint32_t allowed_wanted)
{
	double values[RUNS];
	uint32_t rounds = report.is_short ? ROUNDS_SHORT : ROUNDS, wrong = 0;

	for (uint32_t run = 0; run < RUNS; run++) {
		uint32_t allowed = 0, rule;
		bool found;
		uint64_t start_ns = bench_report_cpu_ns();
		for (uint32_t round = 0; round < rounds; round++)
			allowed += call_acl_allows(&rule, &found, &bench.acl, bench.number[round % NUMBERS],
						   &bench.scratch);
		values[run] = (double)(bench_report_cpu_ns() - start_ns) / rounds;
		wrong += allowed != rounds / NUMBERS * allowed_wanted;
	}
	if (wrong) {
		fprintf(stderr, "bench_call_acl: %s: other numbers were allowed\n", workload);
		exit(1);
	}
	bench_report_row(&report, workload, "ns", bench_report_median(values, RUNS));
}

static void measure_rules(const char *what, const struct rule *rules)
{
	static const struct {
		const char *which, *begins[4];
		uint32_t count, allowed; /* of the begins */
	} callers[] = {
		{"the first decides", {"+34803"}, 1, 0},
		{"the third decides", {"+346"}, 1, 1},
		{"the last decides", {"+81"}, 1, 1},
		{"none decides", {"+60"}, 1, 0},
		{"mixed numbers", {"+346", "+331", "+60", "+53"}, 4, 2},
	};

	for (uint32_t i = 0; i < RULES; i++)
		bench.row[i] = (struct pattern_row){rules[i].pattern, rules[i].allow};
	pattern_set_fixture_build(&bench.acl.rules, bench.row, RULES, &bench.scratch);
	for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++) {
		char workload[64];
		make_numbers(callers[i].begins, callers[i].count);
		snprintf(workload, sizeof(workload), "%s, %s", what, callers[i].which);
		measure_numbers(workload, NUMBERS * callers[i].allowed / callers[i].count);
	}
	pattern_set_fixture_free(&bench.acl.rules);
}

int main(int argc, char **argv)
{
	if (!bench_report_init(&report, "bench_call_acl", argc, argv))
		return 2;
	pattern_set_fixture_init(&bench.scratch);
	measure_rules("20 prefixes", prefixes);
	measure_rules("20 rules of all shapes", shapes);
	pattern_set_fixture_free_scratch(&bench.scratch);
	return 0;
}
