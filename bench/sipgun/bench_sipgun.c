/*
 * bench_sipgun.c - what sipgun itself costs: CPU time of its own turns, on rings to a router that checks nothing.
 *
 * Without wire and without a real router, so that a rate found with sipgun can be told from sipgun's own limit. The
 * stand-in's turns are not in the figures. Some messages go each way in a burst, as under load.
 */
#include "bench_report.h"
#include "gun_caller.h"
#include "stand_in.h"

#include "scan.h"

#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>

#define CALLS_MAX      4096
#define BEGINS_A_TURN  4
#define TURNS	       20000
#define TURNS_SHORT    500
#define ROUNDS	       7
#define USERS	       2000
#define NUMBERS	       200
#define POOL_BYTES_MAX (USERS * 64 + NUMBERS * 32)

static const struct {
	const char *name;
	uint32_t workload;
} workloads[] = {
	{"call", GUN_WORKLOAD_CALL},
	{"invite_auth", GUN_WORKLOAD_INVITE_AUTH},
	{"register", GUN_WORKLOAD_REGISTER},
	{"options", GUN_WORKLOAD_OPTIONS},
};

static bool start_dpdk(void)
{
	char *arguments[] = {(char *)(uintptr_t) "bench_sipgun",
			     (char *)(uintptr_t) "--no-huge",
			     (char *)(uintptr_t) "--no-shconf",
			     (char *)(uintptr_t) "-m256",
			     (char *)(uintptr_t) "--no-pci",
			     (char *)(uintptr_t) "--no-telemetry",
			     (char *)(uintptr_t) "--log-level=*:error",
			     (char *)(uintptr_t) "--lcores=0@(0-1)"};

	return rte_eal_init(RTE_DIM(arguments), arguments) >= 0;
}

static bool make_pool(struct gun_pool *pool, char error[GUN_POOL_ERROR_BYTES])
{
	char *text = malloc(POOL_BYTES_MAX);
	int used = 0;

	if (text == NULL)
		return false;
	for (uint32_t i = 0; i < USERS; i++)
		used += snprintf(text + used, (size_t)(POOL_BYTES_MAX - used), "user acme.test user%u secret%u\n", i,
				 i);
	for (uint32_t i = 0; i < NUMBERS; i++)
		used += snprintf(text + used, (size_t)(POOL_BYTES_MAX - used), "dial acme.test %u\n", 3000 + i);
	bool is_read = gun_pool_read(pool, "bench", span_make(text, (size_t)used), error);
	free(text);
	return is_read;
}

struct figures {
	double cpu_ns;
	uint64_t sent, received, completed;
};

/* Turns of sipgun and the router, by turns; only sipgun's CPU time counts. */
static void shoot(struct figures *figures, struct gun_run *run, struct stand_in *router, uint32_t turns)
{
	struct gun *gun = &run->gun;

	*figures = (struct figures){0};
	memset(&gun->counts, 0, sizeof(gun->counts));
	memset(&gun->wire.counts, 0, sizeof(gun->wire.counts));
	gun->is_measuring = true;
	for (uint32_t turn = 0; turn < turns; turn++) {
		uint64_t start_ns = bench_report_cpu_ns();
		for (uint32_t i = 0; i < BEGINS_A_TURN; i++)
			gun_caller_begin(gun, gun->now_tsc);
		gun_run_turn(run);
		figures->cpu_ns += (double)(bench_report_cpu_ns() - start_ns);
		stand_in_turn(router);
	}
	figures->sent = gun->wire.counts.sent;
	figures->received = gun->counts.received;
	figures->completed = gun->counts.completed;
}

static void report_workload(struct bench_report *report, const char *name, struct gun_run *run, struct stand_in *router)
{
	double sent[ROUNDS], handled[ROUNDS], message_ns[ROUNDS];
	uint32_t turns = report->is_short ? TURNS_SHORT : TURNS;
	struct figures figures;
	char row[64];

	shoot(&figures, run, router, turns / 4);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		shoot(&figures, run, router, turns);
		sent[i] = (double)figures.sent / figures.cpu_ns * 1e9;
		handled[i] = (double)(figures.sent + figures.received) / figures.cpu_ns * 1e9;
		message_ns[i] = figures.cpu_ns / (double)(figures.sent + figures.received);
	}
	snprintf(row, sizeof(row), "%s_sent", name);
	bench_report_row(report, row, "messages/s", bench_report_median(sent, ROUNDS));
	snprintf(row, sizeof(row), "%s_sent_and_received", name);
	bench_report_row(report, row, "messages/s", bench_report_median(handled, ROUNDS));
	snprintf(row, sizeof(row), "%s_message", name);
	bench_report_row(report, row, "ns", bench_report_median(message_ns, ROUNDS));
}

/* Result: false, said, when not every call went through: then the figures mean nothing. */
static bool check(const char *name, const struct gun_run *run, const struct stand_in *router)
{
	const struct gun_counts *counts = &run->gun.counts;

	if (counts->failed == 0 && counts->completed > 0 && router->unread == 0 && counts->stray == 0)
		return true;
	fprintf(stderr, "bench_sipgun: %s: %llu failed, %llu completed, %llu stray, %llu that the router cannot read\n",
		name, (unsigned long long)counts->failed, (unsigned long long)counts->completed,
		(unsigned long long)counts->stray, (unsigned long long)router->unread);
	return false;
}

static bool run_workload(struct bench_report *report, uint32_t index, const struct gun_pool *pool)
{
	static char *arguments[] = {(char *)(uintptr_t) "sipgun",
				    (char *)(uintptr_t) "--device",
				    (char *)(uintptr_t)STAND_IN_DEVICE,
				    (char *)(uintptr_t) "--caller",
				    (char *)(uintptr_t) "10.9.0.2/24",
				    (char *)(uintptr_t) "--callee",
				    (char *)(uintptr_t) "10.9.0.3/24",
				    (char *)(uintptr_t) "--router",
				    (char *)(uintptr_t) "10.9.0.1:5060",
				    (char *)(uintptr_t) "--router-mac",
				    (char *)(uintptr_t) "02:00:00:00:00:0a",
				    (char *)(uintptr_t) "--pool",
				    (char *)(uintptr_t) "-"};
	struct gun_run *run = calloc(1, sizeof(*run));
	struct stand_in router;
	struct gun_options options;
	char error[GUN_RUN_ERROR_BYTES] = "no memory";

	if (run == NULL || !stand_in_open(&router) ||
	    gun_options_read(&options, RTE_DIM(arguments), arguments) != GUN_OPTIONS_OK) {
		fprintf(stderr, "bench_sipgun: %s\n", error);
		return false;
	}
	options.workload = workloads[index].workload;
	options.calls_max = CALLS_MAX;
	bool is_good = gun_run_open(run, &options, pool, error);
	if (is_good) {
		stand_in_join(&router, run);
		report_workload(report, workloads[index].name, run, &router);
		is_good = check(workloads[index].name, run, &router);
	} else {
		fprintf(stderr, "bench_sipgun: %s\n", error);
	}
	gun_run_close(run);
	stand_in_close(&router);
	free(run);
	return is_good;
}

int main(int argc, char **argv)
{
	struct bench_report report;
	struct gun_pool pool;
	char error[GUN_POOL_ERROR_BYTES] = "no memory";

	if (!bench_report_init(&report, "bench_sipgun", argc, argv))
		return 2;
	scan_select_best();
	if (!start_dpdk() || !make_pool(&pool, error)) {
		fprintf(stderr, "bench_sipgun: DPDK does not start, or %s\n", error);
		return 1;
	}
	bool is_good = true;
	for (uint32_t i = 0; i < RTE_DIM(workloads); i++)
		is_good &= run_workload(&report, i, &pool);
	gun_pool_free(&pool);
	return is_good ? 0 : 1;
}
