/*
 * bench_report.h - options and output that all benches share (DESIGN.md section 9).
 *
 * A bench prints a table, or with --json one object per line: {"bench":..,"workload":..,"unit":..,"value":..}. Every
 * row is the median of several rounds, so that the odd disturbed one does not count.
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

/* An option of one bench with a number behind it: --workers 2. `value` holds the default. */
struct bench_option {
	const char *name;
	uint32_t *value;
	uint32_t least, greatest;
};

/* Reads --json and --short. Result: false when the program should end with status 2 (usage was printed). */
bool bench_report_init(struct bench_report *report, const char *bench, int argc, char **argv);

/* The same with options of the bench's own, behind which stands a row without name. */
bool bench_report_init_with(struct bench_report *report, const char *bench, int argc, char **argv,
			    const struct bench_option *options);

/*
 * Measures `run`, which does `operations` of something, over and over, and prints a row of nanoseconds per operation:
 * CPU time of the thread, which other programs do not add to.
 */
typedef void (*bench_run_fn)(void *argument);
void bench_report_measure(struct bench_report *report, const char *workload, uint32_t operations, bench_run_fn run,
			  void *argument);

/* Prints one row. `unit` is "ns", "messages/s", ... */
void bench_report_row(struct bench_report *report, const char *workload, const char *unit, double value);

/* Nanoseconds that this thread has had of a CPU: what other programs take is not in it. */
uint64_t bench_report_cpu_ns(void);

/* The median; sorts `values`. */
double bench_report_median(double *values, size_t count);

#endif
