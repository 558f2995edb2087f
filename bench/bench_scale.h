/*
 * bench_scale.h - the parts of bench_scale, and what they share.
 */
#ifndef AMITY_BENCH_SCALE_H
#define AMITY_BENCH_SCALE_H

#include "bench_report.h"
#include "bench_traffic.h"
#include "directory.h"
#include "provision.h"

#define BENCH_SCALE_ROUNDS     5 /* of an lcore at work: quiet, dry runs, applies, by turns */
#define BENCH_SCALE_TEXT_BYTES 4096

struct bench_scale {
	struct bench_report report;
	struct pipeline *pipeline;
	struct bench_traffic traffic;
	uint32_t company_count, binding_count, apply_count;
};

void bench_scale_row_ms(struct bench_scale *scale, const char *workload, uint64_t us);

/* The median and the slowest of `ms` [count], which it sorts. */
void bench_scale_row_times(struct bench_scale *scale, const char *name, double *ms, uint32_t count);

/* ---- bench_scale_start.c ---- */

/* The walk of provision_open() and provision_publish_initial(), step by step, on a state that no router uses. */
void bench_scale_start_measure(struct bench_scale *scale, const char *state);

/* Tables by what their patterns are, of so few companies that nobody waits. */
void bench_scale_start_measure_patterns(struct bench_scale *scale);

/* The companies' second patterns are of another shape then, and all behind the first of them go into a database. */
void bench_scale_start_make_unplain(char *text);

/* ---- bench_scale_memory.c ---- */

/* What a company's tables are made of, by the sizes of what they hold. */
void bench_scale_memory_measure(struct bench_scale *scale, const struct directory *directory);

/* Of what Hyperscan compiled of a company's friends; 0: nothing. */
uint64_t bench_scale_memory_database_bytes(const struct company *company);

/* ---- bench_scale_apply.c ---- */

enum bench_scale_change {
	BENCH_CHANGE_PASSWORD,
	BENCH_CHANGE_DDI,
	BENCH_CHANGE_PLAIN_PATTERNS,
	BENCH_CHANGE_KNOWN_PATTERNS,
	BENCH_CHANGE_NEW_PATTERNS,
	BENCH_CHANGE_ADD,
	BENCH_CHANGE_REMOVE,
};

/* The company `number` as bench_traffic_provisioning() has it, changed for the `turn`th time. */
void bench_scale_apply_write_company(char text[BENCH_SCALE_TEXT_BYTES], uint32_t number, enum bench_scale_change change,
				     uint32_t turn);

struct apply_result bench_scale_apply_company(struct bench_scale *scale, uint32_t number, const char *text);
struct apply_result bench_scale_apply_company_dry(struct bench_scale *scale, uint32_t number, const char *text);
void bench_scale_apply_release_waiting(struct bench_scale *scale);

void bench_scale_apply_measure(struct bench_scale *scale);
void bench_scale_apply_measure_parts(struct bench_scale *scale); /* where the time of one goes, each part by itself */
void bench_scale_apply_measure_whole(struct bench_scale *scale); /* as people do who have one file of all */

/* ---- bench_scale_load.c, bench_scale_large.c ---- */

void bench_scale_load_measure(struct bench_scale *scale);
void bench_scale_large_measure(struct bench_scale *scale);

#endif
