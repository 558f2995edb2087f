/*
 * bench_report.h - options and output that all benches share (DESIGN.md section 9).
 *
 * A bench prints a table, or with --json one object per line: {"bench":..,"workload":..,"unit":..,"value":..}.
 */
#ifndef AMITY_BENCH_REPORT_H
#define AMITY_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_report {
	const char *bench;
	bool is_json;
	bool is_short; /* a quick look: fewer rounds */
	bool has_rows;
};

/* Reads --json, --short and --help. Result: false when the program should end with status 2 (usage was printed). */
bool bench_report_init(struct bench_report *report, const char *bench, int argc, char **argv);

/* Prints one row. `unit` is "ns", "messages/s", ... */
void bench_report_row(struct bench_report *report, const char *workload, const char *unit, double value);

/* Nanoseconds of a clock that only goes forward. */
uint64_t bench_report_now_ns(void);

/* The median; sorts `values`. */
double bench_report_median(double *values, size_t count);

#endif
