/*
 * bench_pipeline - what a message costs through all stages, and where: bursts of 32 over a port made of rings, a
 * directory of 10,000 companies with 10 friends and 2 patterns each, and 1,000,000 bindings. The workloads:
 * bench_traffic.h. What Hyperscan makes of the patterns is kept for the next run (bench_state_kept.h).
 *
 *   workload             one worker on this thread, ns of each stage by the TSC; and of those bursts alone before and
 *                        after which the core was ours (core_probe.h)
 *   workload, n lcores   n worker lcores that run, CPU time of all of them per message
 *   workload, changes    one lcore, while the control thread changes one company of all 100 times in each second that
 *                        the lcore is busy; by turns with runs without changes, and the ratio of the two
 *
 * --workload N measures the stages of the Nth workload alone, from 1, in the order of enum traffic: for a profiler.
 *
 * Beside these, the memory of a transaction and a call, and how many mbufs the transactions of a workload keep.
 *
 * Copying a message into an mbuf and taking what left away are outside the clock.
 */
#include <inttypes.h>
#include <rte_cycles.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench_bindings.h"
#include "bench_change.h"
#include "bench_lcores.h"
#include "bench_report.h"
#include "bench_state_kept.h"
#include "bench_traffic.h"
#include "core_probe.h"
#include "must.h"
#include "pattern_compile_serve.h"
#include "publish.h"
#include "worker.h"

#define COMPANIES	    10000
#define COMPANIES_SHORT	    20
#define COMPANIES_KEPT	    500
#define COMPANIES_HUGE	    500 /* fewer do without hugepages: valgrind cannot have them */
#define BINDINGS	    1000000
#define BINDINGS_SHORT	    2000
#define MESSAGES	    4096
#define TRANSACTIONS	    16384 /* of a worker */
#define MESSAGES_SHORT	    64
#define CHANGES_PER_S	    100
#define CHANGES_PER_S_SHORT 1000
#define ROUNDS		    15
#define ROUNDS_SHORT	    3
#define STAGES_MAX	    32
#define STAGES_OF_PARSE	    4 /* receive, reassemble, steer, parse */
#define WORKERS_MAX	    3
#define BLOCK_RUNS	    5 /* of one kind, before it is the other's turn */

struct bench {
	struct bench_report report;
	struct pipeline *pipeline;
	struct bench_traffic traffic;
	uint32_t company_count, binding_count, worker_count, change_rate_per_s, rounds;
	uint32_t only_workload; /* 0: all */
	struct core_probe probe;
	struct bench_change *change;
	uint64_t change_count;
	uint64_t changing_ns; /* lcore time of all runs with changes that ended */
};

static struct bench bench;

/* ---- stages of one worker, on this thread ---- */

/* What the stages cost, in TSC ticks, for `count` messages. */
struct ticks {
	uint64_t stage[STAGES_MAX];
	uint64_t all;
	uint32_t count;
};

/* What a round of messages cost: all of them, and those in whose bursts the core was ours. */
struct round {
	struct ticks every, ours;
};

/* The rounds of a workload, in ns a message. */
struct costs {
	double all[ROUNDS], stage[STAGES_MAX][ROUNDS];
	uint32_t rounds; /* with messages */
	uint64_t count;
};

/* Not inlined: a profiler that counts only this function has the messages of the workload without their making. */
static __attribute__((noinline)) void run_measured_burst(struct ticks *ticks, struct worker *worker, uint32_t stages)
{
	uint64_t start = rte_rdtsc(), last = start;

	worker_begin_burst(worker);
	for (uint32_t i = 0; i < worker_stage_count; i++) {
		if (i >= stages && i + 1 < worker_stage_count)
			continue;
		if (i >= stages)
			for (uint32_t j = 0; j < worker->packet_count; j++)
				packet_end(&worker->packet[j], VERDICT_DROP, REASON_KEEPALIVE);
		worker_stages[i].run(worker);
		uint64_t now = rte_rdtsc();
		ticks->stage[i] += now - last;
		last = now;
	}
	worker_end_burst(worker);
	ticks->all += rte_rdtsc() - start;
}

static uint32_t stages_of(const struct bench_workload *workload)
{
	return workload->ends_after_parse ? STAGES_OF_PARSE : worker_stage_count;
}

static void check_ends(const struct bench_workload *workload, const struct worker *worker, uint64_t forwarded,
		       uint64_t punted)
{
	if (forwarded == workload->forwarded && punted == workload->punted)
		return;
	fprintf(stderr,
		"bench_pipeline: %s: of %u messages %" PRIu64 " were forwarded, not %u; %" PRIu64 " punted, not %u\n",
		workload->name, workload->count, forwarded, workload->forwarded, punted, workload->punted);
	for (uint32_t i = 0; i < REASON_COUNT; i++)
		if (worker->counters->reason[i])
			fprintf(stderr, "  %s %" PRIu64 "\n", reason_rows[i].name,
				(uint64_t)worker->counters->reason[i]);
	exit(1);
}

static void add_ticks(struct ticks *sum, const struct ticks *ticks)
{
	for (uint32_t i = 0; i < worker_stage_count; i++)
		sum->stage[i] += ticks->stage[i];
	sum->all += ticks->all;
	sum->count += ticks->count;
}

static void run_probed_burst(struct round *round, struct worker *worker, uint32_t stages, uint32_t count)
{
	struct ticks ticks = {.count = count};
	bool was_ours = core_probe_is_ours(&bench.probe);

	run_measured_burst(&ticks, worker, stages);
	add_ticks(&round->every, &ticks);
	if (core_probe_is_ours(&bench.probe) && was_ours)
		add_ticks(&round->ours, &ticks);
}

static struct round run_round(struct bench_workload *workload)
{
	struct round round = {0};
	struct worker *worker = pipeline_worker(bench.pipeline, 0);
	uint32_t count;

	bench_traffic_begin(&bench.traffic, workload);
	uint64_t forwarded = worker->counters->verdict[VERDICT_FORWARD];
	uint64_t punted = worker->counters->verdict[VERDICT_PUNT];
	while ((count = bench_traffic_next(&bench.traffic, workload)) > 0)
		for (uint32_t i = 0; i < count; i += BURST_MAX) {
			uint32_t end = RTE_MIN(i + BURST_MAX, count);
			for (uint32_t j = i; j < end; j++)
				pipeline_put(bench.pipeline, 0, workload->datagram[j].source,
					     workload->datagram[j].bytes);
			run_probed_burst(&round, worker, stages_of(workload), end - i);
			bench_traffic_take(&bench.traffic);
			bench_lcores_drain_punts(bench.pipeline);
		}
	check_ends(workload, worker, worker->counters->verdict[VERDICT_FORWARD] - forwarded,
		   worker->counters->verdict[VERDICT_PUNT] - punted);
	return round;
}

static double to_ns(uint64_t ticks, uint32_t count)
{
	return (double)ticks * 1e9 / (double)rte_get_tsc_hz() / count;
}

/* What the transactions of the last round keep beside themselves. */
static void report_mbufs(const struct bench_workload *workload)
{
	const struct transaction_table *table = &pipeline_worker(bench.pipeline, 0)->transactions;

	if (table->used_count)
		bench_report_row(&bench.report, workload->name, "mbufs/transaction",
				 (double)table->mbufs_kept / table->used_count);
}

static void report_memory(void)
{
	bench_report_row(&bench.report, "transaction with its branch", "bytes",
			 sizeof(struct transaction) + sizeof(struct branch));
	bench_report_row(&bench.report, "branch beyond the first", "bytes", sizeof(struct branch));
	bench_report_row(&bench.report, "call", "bytes", sizeof(struct call));
	bench_report_row(&bench.report, "call record", "bytes", sizeof(struct call_record));
}

static void add_round(struct costs *costs, const struct ticks *ticks)
{
	if (ticks->count == 0)
		return;
	costs->all[costs->rounds] = to_ns(ticks->all, ticks->count);
	for (uint32_t i = 0; i < worker_stage_count; i++)
		costs->stage[i][costs->rounds] = to_ns(ticks->stage[i], ticks->count);
	costs->rounds++;
	costs->count += ticks->count;
}

static void report_costs(const struct bench_workload *workload, struct costs *costs, const char *when)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s", workload->name, when);
	double total = bench_report_median(costs->all, costs->rounds);
	bench_report_row(&bench.report, name, "ns", total);
	bench_report_row(&bench.report, name, "messages/s", 1e9 / total);
	for (uint32_t i = 0; i < stages_of(workload); i++) {
		snprintf(name, sizeof(name), "%s/%s%s", workload->name, worker_stages[i].name, when);
		bench_report_row(&bench.report, name, "ns", bench_report_median(costs->stage[i], costs->rounds));
	}
}

static void measure_stages(struct bench_workload *workload)
{
	struct costs every = {0}, ours = {0};
	char name[64];

	run_round(workload); /* warm */
	for (uint32_t i = 0; i < bench.rounds; i++) {
		struct round round = run_round(workload);
		add_round(&every, &round.every);
		add_round(&ours, &round.ours);
	}
	report_costs(workload, &every, "");
	snprintf(name, sizeof(name), "%s, core ours", workload->name);
	bench_report_row(&bench.report, name, "% of messages", (double)ours.count / (double)every.count * 100);
	if (ours.rounds)
		report_costs(workload, &ours, ", core ours");
	report_mbufs(workload);
}

static void measure_all_stages(void)
{
	struct dataplane *dataplane = pipeline_dataplane(bench.pipeline);
	uint32_t all_workers = dataplane->worker_count;

	dataplane->worker_count = 1;
	for (uint32_t i = 0; i < TRAFFIC_COUNT; i++)
		if (!bench.only_workload || bench.only_workload == i + 1)
			measure_stages(&bench.traffic.workload[i]);
	dataplane->worker_count = all_workers;
}

/* ---- lcores ---- */

/* By turns, so that whatever else this machine does meanwhile strikes all of them. */
static void measure_lcores(struct bench_workload *workload)
{
	struct dataplane *dataplane = pipeline_dataplane(bench.pipeline);
	uint32_t all_workers = dataplane->worker_count;
	double values[WORKERS_MAX][ROUNDS];
	char name[64];

	for (uint32_t round = 0; round < bench.rounds; round++) {
		for (uint32_t n = 1; n <= bench.worker_count; n++) {
			dataplane->worker_count = n; /* no lcore runs: the others' queues stay empty */
			values[n - 1][round] = bench_lcores_run(&bench.traffic, workload, n, NULL);
		}
	}
	dataplane->worker_count = all_workers;
	for (uint32_t n = 1; n <= bench.worker_count; n++) {
		snprintf(name, sizeof(name), "%s, %u lcore%s", workload->name, n, n == 1 ? "" : "s");
		bench_report_row(&bench.report, name, "CPU ns", bench_report_median(values[n - 1], bench.rounds));
	}
}

/* ---- changes ---- */

/* A change is due after each 1/rate second that the lcore was busy, however little CPU this machine leaves us. */
static void change_when_due(uint64_t busy_ns)
{
	uint64_t interval_ns = 1000000000u / bench.change_rate_per_s;

	if (bench.changing_ns + busy_ns < (bench.change_count + 1) * interval_ns)
		return;
	bench.change_count++;
	bench_change_once(bench.change);
}

/* Result: median of the runs. */
static double run_block(struct bench_workload *workload, bench_lcores_meanwhile_fn meanwhile)
{
	double values[BLOCK_RUNS];

	for (uint32_t i = 0; i < BLOCK_RUNS; i++) {
		values[i] = bench_lcores_run(&bench.traffic, workload, 1, meanwhile);
		if (meanwhile)
			bench.changing_ns += (uint64_t)(values[i] * workload->count);
	}
	return bench_report_median(values, BLOCK_RUNS);
}

static void report_ns(const struct bench_workload *workload, const char *what, double *values)
{
	char name[64];

	snprintf(name, sizeof(name), "%s, %s", workload->name, what);
	bench_report_row(&bench.report, name, "CPU ns", bench_report_median(values, bench.rounds));
}

static void measure_changes(struct bench_workload *workload)
{
	struct dataplane *dataplane = pipeline_dataplane(bench.pipeline);
	uint32_t all_workers = dataplane->worker_count;
	double quiet[ROUNDS], changed[ROUNDS], ratio[ROUNDS];
	char name[64];

	dataplane->worker_count = 1;
	bench.change_count = bench.changing_ns = 0;
	for (uint32_t round = 0; round < bench.rounds; round++) {
		quiet[round] = run_block(workload, NULL);
		changed[round] = run_block(workload, change_when_due);
		ratio[round] = changed[round] / quiet[round] * 100;
	}
	dataplane->worker_count = all_workers;
	report_ns(workload, "quiet", quiet);
	report_ns(workload, "changes", changed);
	snprintf(name, sizeof(name), "%s, changes", workload->name);
	bench_report_row(&bench.report, name, "changes/s of lcore time",
			 (double)bench.change_count * 1e9 / (double)bench.changing_ns);
	bench_report_row(&bench.report, name, "% of quiet", bench_report_median(ratio, bench.rounds));
}

static void change_once(void *argument)
{
	struct worker *worker = pipeline_worker(bench.pipeline, 0);

	bench_change_once(argument);
	worker_begin_burst(worker);
	worker_end_burst(worker);
}

static void measure_all_changes(void)
{
	static const uint8_t kinds[] = {TRAFFIC_INVITE_AUTH, TRAFFIC_RESPONSE, TRAFFIC_IN_DIALOG, TRAFFIC_CALL,
					TRAFFIC_RETRANSMIT};

	bench.change = bench_change_create(bench.pipeline, bench.company_count);
	bench_report_measure(&bench.report, "build and publish one company", 1, change_once, bench.change);
	for (uint32_t i = 0; i < RTE_DIM(kinds); i++)
		measure_changes(&bench.traffic.workload[kinds[i]]);
	bench_change_free(bench.change);
}

/* The lcores' clock stands still, so that the nonces of the messages do not grow old. */
static void stop_clock(void)
{
	const struct publish_clock clock = {
		.unix_base_s = (uint64_t)time(NULL), .tsc_base = rte_rdtsc(), .tsc_hz = UINT64_MAX};

	must(publish_clock(pipeline_publisher(bench.pipeline), &clock) == STATUS_OK);
}

/* Few patterns are compiled sooner than files are copied. */
static const char *find_state(const char *provisioning)
{
	return bench.company_count < COMPANIES_KEPT ? NULL : bench_state_kept_obtain(span_of_text(provisioning));
}

static void start_router(void)
{
	fprintf(stderr, "bench_pipeline: building the tables of %u companies\n", bench.company_count);
	char *provisioning = bench_traffic_provisioning(bench.company_count, UINT32_MAX);
	const char *state = find_state(provisioning);
	bench.pipeline =
		pipeline_start_sized(WORKERS_MAX, provisioning,
				     &(struct pipeline_sizes){.transaction_count = WORKERS_MAX * TRANSACTIONS,
							      .call_count = WORKERS_MAX * TRANSACTIONS,
							      .nonce_set_count = 16384,
							      .endpoint_count = bench.binding_count,
							      .wants_hugepages = bench.company_count >= COMPANIES_HUGE,
							      .state_from = state});
	free(provisioning);
	bench_bindings_fill(bench.pipeline, bench.company_count, bench.binding_count);
	pipeline_use_tsc(bench.pipeline);
	stop_clock();
}

int main(int argc, char **argv)
{
	if (pattern_compile_serve_is_asked(argv))
		return pattern_compile_serve();
	const struct bench_option options[] = {
		{"--companies", &bench.company_count, 20, 1000000},
		{"--bindings", &bench.binding_count, 1, 10000000},
		{"--workers", &bench.worker_count, 1, WORKERS_MAX},
		{"--changes", &bench.change_rate_per_s, 0, 1000},
		{"--workload", &bench.only_workload, 1, TRAFFIC_COUNT},
		{0},
	};
	bench.worker_count = WORKERS_MAX;
	bench.change_rate_per_s = UINT32_MAX;
	if (!bench_report_init_with(&bench.report, "bench_pipeline", argc, argv, options))
		return 2;
	bool is_short = bench.report.is_short;
	if (bench.company_count == 0)
		bench.company_count = is_short ? COMPANIES_SHORT : COMPANIES;
	if (bench.binding_count == 0)
		bench.binding_count = bench.company_count == COMPANIES ? BINDINGS : BINDINGS_SHORT;
	/* A short run is over before the first of 100 changes a second would be due. */
	if (bench.change_rate_per_s == UINT32_MAX)
		bench.change_rate_per_s = is_short ? CHANGES_PER_S_SHORT : CHANGES_PER_S;
	bench.rounds = is_short ? ROUNDS_SHORT : ROUNDS;
	start_router();
	bench_traffic_make(&bench.traffic, bench.pipeline, bench.company_count, is_short ? MESSAGES_SHORT : MESSAGES);
	report_memory();
	core_probe_begin(&bench.probe);
	measure_all_stages();
	if (!bench.only_workload) {
		measure_lcores(&bench.traffic.workload[TRAFFIC_INVITE_AUTH]);
		measure_lcores(&bench.traffic.workload[TRAFFIC_CALL]);
	}
	if (!bench.only_workload && bench.change_rate_per_s)
		measure_all_changes();
	pipeline_stop(bench.pipeline);
	return 0;
}
