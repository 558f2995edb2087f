/*
 * bench_report.h - what every bench prints: a table for people, or with --json one object per line for programs
 * (DESIGN.md section 9).
 */
#ifndef AMITY_BENCH_REPORT_H
#define AMITY_BENCH_REPORT_H

#include <stdbool.h>

/* Reads --json and --short (fewer rounds, for a test run); ends the process with status 2 at anything else. */
void bench_report_begin(const char *bench, int argc, char **argv);
bool bench_report_is_short(void);
void bench_report_row(const char *workload, const char *unit, double value);
void bench_report_end(void);

#endif
