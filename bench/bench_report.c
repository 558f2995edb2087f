#include "bench_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MEASURE_ROUNDS	     25
#define MEASURE_ROUNDS_SHORT 3
#define MEASURE_ROUND_NS     2000000 /* a round repeats `run` until it is that long */

static bool print_usage(const char *bench, const char *argument, const struct bench_option *options)
{
	fprintf(stderr, "%s: %s: not understood\nusage: %s [--json] [--short]", bench, argument, bench);
	for (; options->name; options++)
		fprintf(stderr, " [%s %u..%u]", options->name, options->least, options->greatest);
	fprintf(stderr, "\n");
	return false;
}

static bool read_number(const struct bench_option *option, const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < option->least || value > option->greatest)
		return false;
	*option->value = (uint32_t)value;
	return true;
}

bool bench_report_init_with(struct bench_report *report, const char *bench, int argc, char **argv,
			    const struct bench_option *options)
{
	*report = (struct bench_report){.bench = bench};
	for (int i = 1; i < argc; i++) {
		const struct bench_option *option = options;
		while (option->name && strcmp(argv[i], option->name) != 0)
			option++;
		if (strcmp(argv[i], "--json") == 0)
			report->is_json = true;
		else if (strcmp(argv[i], "--short") == 0)
			report->is_short = true;
		else if (!option->name || i + 1 == argc)
			return print_usage(bench, argv[i], options);
		else if (!read_number(option, argv[++i]))
			return print_usage(bench, argv[i], options);
	}
	return true;
}

bool bench_report_init(struct bench_report *report, const char *bench, int argc, char **argv)
{
	static const struct bench_option none = {0};

	return bench_report_init_with(report, bench, argc, argv, &none);
}

void bench_report_measure(struct bench_report *report, const char *workload, uint32_t operations, bench_run_fn run,
			  void *argument)
{
	uint32_t rounds = report->is_short ? MEASURE_ROUNDS_SHORT : MEASURE_ROUNDS, repeats = 1;
	double values[MEASURE_ROUNDS];

	run(argument);
	uint64_t start_ns = bench_report_cpu_ns();
	run(argument);
	uint64_t once_ns = bench_report_cpu_ns() - start_ns;
	if (!report->is_short && once_ns < MEASURE_ROUND_NS)
		repeats = (uint32_t)(MEASURE_ROUND_NS / (once_ns + 1)) + 1;
	for (uint32_t round = 0; round < rounds; round++) {
		start_ns = bench_report_cpu_ns();
		for (uint32_t i = 0; i < repeats; i++)
			run(argument);
		values[round] = (double)(bench_report_cpu_ns() - start_ns) / repeats / operations;
	}
	bench_report_row(report, workload, "ns", bench_report_median(values, rounds));
}

void bench_report_row(struct bench_report *report, const char *workload, const char *unit, double value)
{
	if (report->is_json) {
		printf("{\"bench\":\"%s\",\"workload\":\"%s\",\"unit\":\"%s\",\"value\":%.1f}\n", report->bench,
		       workload, unit, value);
	} else {
		if (!report->has_rows)
			printf("%s\n%-40s %14s  %s\n", report->bench, "workload", "value", "unit");
		printf("%-40s %14.1f  %s\n", workload, value, unit);
	}
	report->has_rows = true;
	fflush(stdout);
}

uint64_t bench_report_cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

double bench_report_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_doubles);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}
