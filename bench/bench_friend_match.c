/*
 * bench_friend_match - what it costs to find the friend that takes a number (R7, R8), by count of patterns, hit and
 * miss.
 *
 * Patterns are those of a company with one PBX for each range of four-digit numbers; each round asks for another
 * number.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench_report.h"
#include "pattern_set_fixture.h"

#define PATTERNS_MAX 1000
#define NUMBERS	     1024
#define RUNS	     9
#define ROUNDS	     200000
#define ROUNDS_SHORT 1024

struct bench {
	char pattern_text[PATTERNS_MAX][32];
	struct pattern_row row[PATTERNS_MAX];
	char number_text[NUMBERS][16];
	struct span number[NUMBERS];
	struct match_scratch scratch;
	struct pattern_set set;
};

static struct bench bench;
static struct bench_report report;

/* ^10[0-9]{3}$, ^11[0-9]{3}$, ...: pattern i takes the numbers 10000 + 1000 * i to 10999 + 1000 * i. */
static void make_patterns(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		snprintf(bench.pattern_text[i], sizeof(bench.pattern_text[i]), "^%u[0-9]{3}$", 10 + i);
		bench.row[i] = (struct pattern_row){bench.pattern_text[i], i};
	}
	pattern_set_fixture_build(&bench.set, bench.row, count, &bench.scratch);
}

static void make_numbers(uint32_t pattern_count, bool hit)
{
	uint32_t random = 1;

	for (uint32_t i = 0; i < NUMBERS; i++) {
		random = random * 1664525u + 1013904223u;
		uint32_t value = (random >> 8) % (pattern_count * 1000);
		int length = hit ? snprintf(bench.number_text[i], sizeof(bench.number_text[i]), "%u", 10000 + value)
				 : snprintf(bench.number_text[i], sizeof(bench.number_text[i]), "+346%08u", value);
		bench.number[i] = span_make(bench.number_text[i], (size_t)length);
	}
}

static double one_run_ns(uint32_t rounds, bool hit)
{
	uint32_t found = 0, id = 0;
	uint64_t start_ns = bench_report_cpu_ns();

	for (uint32_t round = 0; round < rounds; round++)
		found += pattern_match_first(&id, &bench.set, bench.number[round % NUMBERS], &bench.scratch);
	double each_ns = (double)(bench_report_cpu_ns() - start_ns) / rounds;
	if (found != (hit ? rounds : 0)) {
		fprintf(stderr, "bench_friend_match: %u of %u numbers matched\n", found, rounds);
		exit(1);
	}
	return each_ns;
}

static void measure(uint32_t pattern_count, bool hit)
{
	double values[RUNS];
	char workload[48];

	make_numbers(pattern_count, hit);
	for (uint32_t run = 0; run < RUNS; run++)
		values[run] = one_run_ns(report.is_short ? ROUNDS_SHORT : ROUNDS, hit);
	snprintf(workload, sizeof(workload), "%u patterns, %s", pattern_count, hit ? "hit" : "miss");
	bench_report_row(&report, workload, "ns", bench_report_median(values, RUNS));
}

int main(int argc, char **argv)
{
	static const uint32_t counts[] = {10, 100, PATTERNS_MAX};

	if (!bench_report_init(&report, "bench_friend_match", argc, argv))
		return 2;
	pattern_set_fixture_init(&bench.scratch);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		make_patterns(counts[i]);
		measure(counts[i], true);
		measure(counts[i], false);
		pattern_set_fixture_free(&bench.set);
	}
	pattern_set_fixture_free_scratch(&bench.scratch);
	return 0;
}
