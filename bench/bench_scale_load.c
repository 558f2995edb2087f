#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_rcu_qsbr.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench_lcores.h"
#include "bench_scale.h"
#include "clock_us.h"
#include "hdr_histogram.h"
#include "must.h"
#include "publish.h"
#include "setup.h"

#define ROUNDS BENCH_SCALE_ROUNDS

struct load {
	struct bench_scale *scale;
	struct bench_workload *workload;
	struct worker *worker;
	struct hdr_histogram bursts; /* TSC ticks; by the lcore, read after it ended */
	uint64_t sent;
	atomic_bool is_ending; /* by the control thread; relaxed: nothing is read through it */
	atomic_uint rounds;    /* by the lcore: whole rounds of the workload */
};

static void send_round(struct load *load)
{
	struct bench_workload *workload = load->workload;
	struct bench_scale *scale = load->scale;
	uint32_t count;

	bench_traffic_begin(&scale->traffic, workload);
	while ((count = bench_traffic_next(&scale->traffic, workload)) > 0)
		for (uint32_t i = 0; i < count; i += BURST_MAX) {
			for (uint32_t j = i; j < i + BURST_MAX && j < count; j++, load->sent++)
				pipeline_put(scale->pipeline, 0, workload->datagram[j].source,
					     workload->datagram[j].bytes);
			uint64_t start = rte_rdtsc();
			worker_burst(load->worker);
			hdr_histogram_record(&load->bursts, rte_rdtsc() - start);
			bench_traffic_take(&scale->traffic);
			bench_lcores_drain_punts(scale->pipeline);
		}
}

static int run_load(void *argument)
{
	struct load *load = argument;
	struct rte_rcu_qsbr *qsbr = load->worker->dataplane->qsbr;

	rte_rcu_qsbr_thread_online(qsbr, load->worker->index);
	while (!atomic_load_explicit(&load->is_ending, memory_order_relaxed)) {
		send_round(load);
		atomic_fetch_add_explicit(&load->rounds, 1, memory_order_relaxed);
	}
	rte_rcu_qsbr_thread_offline(qsbr, load->worker->index);
	return 0;
}

static uint64_t ended_packets(const struct worker *worker)
{
	uint64_t sum = 0;
	for (uint32_t v = VERDICT_NONE + 1; v < VERDICT_COUNT; v++)
		sum += counters_load(&worker->counters->verdict[v]);
	return sum;
}

/* What the control thread does beside the lcore. */
enum beside {
	BESIDE_NOTHING,
	BESIDE_DRY_RUNS, /* all of an apply but its publication, with as much for the disk: what a CPU that works takes
			  * from the other one, and what the disk's interrupts do, which may come on the lcore's CPU */
	BESIDE_APPLIES,
	BESIDE_COUNT,
};

static const char *const beside_names[BESIDE_COUNT] = {"quiet", "dry runs", "applies"};

/* The store of an apply: a transaction of up to twelve pages, on the disk at its end (strace). */
#define STORED_BYTES (12 * 4096)

static FILE *scratch; /* nobody's: what a dry run writes in place of the store */

static uint32_t turns;

static uint32_t write_next(struct bench_scale *scale, char text[BENCH_SCALE_TEXT_BYTES])
{
	uint32_t turn = turns++, number = turn % scale->company_count;
	bench_scale_apply_write_company(text, number, BENCH_CHANGE_PASSWORD, 100000 + turn);
	return number;
}

static void run_dry(struct bench_scale *scale)
{
	static const char stored[STORED_BYTES];
	char text[BENCH_SCALE_TEXT_BYTES];
	uint32_t number = write_next(scale, text);

	must(bench_scale_apply_company_dry(scale, number, text).accepted);
	must(pwrite(fileno(scratch), stored, sizeof(stored), 0) == sizeof(stored));
	must(fdatasync(fileno(scratch)) == 0);
}

/* Result: ms from the publication until nothing that it replaced waits any more. */
static double apply_and_wait(struct bench_scale *scale)
{
	struct publisher *publisher = pipeline_publisher(scale->pipeline);
	char text[BENCH_SCALE_TEXT_BYTES];
	uint32_t number = write_next(scale, text);

	bench_scale_apply_company(scale, number, text);
	uint64_t start_us = clock_us();
	while (publish_poll(publisher) > 0)
		usleep(50);
	return (double)(clock_us() - start_us) / 1000;
}

struct phase {
	enum beside beside;
	uint32_t count;	  /* applies or dry runs; quiet: rounds of the workload */
	double *grace_ms; /* BESIDE_APPLIES: of each */
};

static uint32_t rounds_done(struct load *load)
{
	return atomic_load_explicit(&load->rounds, memory_order_relaxed);
}

static void run_beside(struct load *load, const struct phase *phase)
{
	uint32_t rounds_min = phase->beside == BESIDE_NOTHING && phase->count > 2 ? phase->count : 2;

	for (uint32_t i = 0; phase->beside != BESIDE_NOTHING && i < phase->count; i++)
		if (phase->beside == BESIDE_APPLIES)
			phase->grace_ms[i] = apply_and_wait(load->scale);
		else
			run_dry(load->scale);
	while (rounds_done(load) < rounds_min)
		usleep(1000);
}

/* Result: rounds of the workload that the lcore did meanwhile. */
static uint32_t run_under_load(struct bench_scale *scale, struct hdr_histogram *bursts, const struct phase *phase)
{
	struct setup *setup = (struct setup *)pipeline_dataplane(scale->pipeline);
	struct load load = {.scale = scale,
			    .workload = &scale->traffic.workload[TRAFFIC_CALL],
			    .worker = pipeline_worker(scale->pipeline, 0)};
	uint64_t ended = ended_packets(load.worker);

	/* What making ready needs is made before others look. */
	must(rte_eal_remote_launch(run_load, &load, setup->lcore[0]) == 0);
	run_beside(&load, phase);
	atomic_store_explicit(&load.is_ending, true, memory_order_relaxed);
	rte_eal_wait_lcore(setup->lcore[0]);
	must(ended_packets(load.worker) - ended == load.sent);
	for (uint32_t i = 0; i < HDR_HISTOGRAM_BUCKET_MAX; i++)
		bursts->bucket[i] += load.bursts.bucket[i];
	bursts->count += load.bursts.count;
	if (load.bursts.greatest > bursts->greatest)
		bursts->greatest = load.bursts.greatest;
	return rounds_done(&load);
}

static void report_bursts(struct bench_scale *scale, const char *name, const struct hdr_histogram *bursts)
{
	static const struct {
		double share;
		const char *name;
	} shares[] = {{0.5, "p50"}, {0.99, "p99"}, {0.999, "p99.9"}};
	char text[80];

	for (size_t i = 0; i < RTE_DIM(shares); i++) {
		snprintf(text, sizeof(text), "burst of 32, %s, %s", name, shares[i].name);
		bench_report_row(&scale->report, text, "us",
				 (double)hdr_histogram_find(bursts, shares[i].share) * 1e6 / (double)rte_get_tsc_hz());
	}
}

void bench_scale_load_measure(struct bench_scale *scale)
{
	static struct hdr_histogram bursts[BESIDE_COUNT];
	struct dataplane *dataplane = pipeline_dataplane(scale->pipeline);
	uint32_t all_workers = dataplane->worker_count, a_round = (scale->apply_count + ROUNDS - 1) / ROUNDS,
		 rounds = 3;
	double *grace = calloc((size_t)ROUNDS * a_round, sizeof(*grace));

	must(grace);
	scratch = tmpfile();
	must(scratch);
	dataplane->worker_count = 1;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		const struct phase quiet = {BESIDE_NOTHING, rounds, NULL}, dry = {BESIDE_DRY_RUNS, a_round, NULL},
				   applies = {BESIDE_APPLIES, a_round, grace + (size_t)i * a_round};
		run_under_load(scale, &bursts[BESIDE_NOTHING], &quiet);
		run_under_load(scale, &bursts[BESIDE_DRY_RUNS], &dry);
		rounds = run_under_load(scale, &bursts[BESIDE_APPLIES], &applies);
	}
	dataplane->worker_count = all_workers;
	fclose(scratch);
	bench_report_row(&scale->report, "load: applied meanwhile", "companies", (double)ROUNDS * a_round);
	for (uint32_t i = 0; i < BESIDE_COUNT; i++)
		report_bursts(scale, beside_names[i], &bursts[i]);
	bench_scale_row_times(scale, "grace period", grace, ROUNDS * a_round);
	free(grace);
}
