#include "bench_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool bench_report_init(struct bench_report *report, const char *bench, int argc, char **argv)
{
	*report = (struct bench_report){.bench = bench};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			report->is_json = true;
		} else if (strcmp(argv[i], "--short") == 0) {
			report->is_short = true;
		} else {
			fprintf(stderr, "%s: %s: unknown option\nusage: %s [--json] [--short]\n", bench, argv[i],
				bench);
			return false;
		}
	}
	return true;
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

uint64_t bench_report_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
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
