#include "bench_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	const char *bench;
	bool json;
	bool is_short;
} report;

void bench_report_begin(const char *bench, int argc, char **argv)
{
	report.bench = bench;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			report.json = true;
		} else if (strcmp(argv[i], "--short") == 0) {
			report.is_short = true;
		} else {
			fprintf(stderr, "%s: unknown option \"%s\"; usage: %s [--json] [--short]\n", bench, argv[i],
				argv[0]);
			exit(2);
		}
	}
	if (!report.json)
		printf("%s\n  %-36s %12s\n", bench, "workload", "value");
}

bool bench_report_is_short(void)
{
	return report.is_short;
}

void bench_report_row(const char *workload, const char *unit, double value)
{
	if (report.json)
		printf("{\"bench\":\"%s\",\"workload\":\"%s\",\"unit\":\"%s\",\"value\":%.1f}\n", report.bench,
		       workload, unit, value);
	else
		printf("  %-36s %12.1f %s\n", workload, value, unit);
}

void bench_report_end(void)
{
	fflush(stdout);
}
