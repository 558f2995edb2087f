#include "bench_lcores.h"

#include <inttypes.h>
#include <rte_launch.h>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_report.h"
#include "must.h"
#include "setup.h"

#define BATCH	   256 /* packets; the punt rings and the port's transmit ring hold more */
#define CLOCK_LOOK 1000

struct lcore {
	struct worker *worker;
	atomic_ulong busy_ns; /* by the lcore; relaxed: nothing is read through it */
};

struct run {
	struct bench_traffic *traffic;
	struct pipeline *pipeline;
	uint32_t worker_count;
	bench_lcores_meanwhile_fn meanwhile;
	struct lcore lcore[LCORES_MAX];
};

/* What asking for the CPU time costs by itself. */
static uint64_t clock_cost_ns(void)
{
	static uint64_t cost;

	if (cost == 0) {
		uint64_t start_ns = bench_report_cpu_ns();
		for (int i = 0; i < CLOCK_LOOK; i++)
			bench_report_cpu_ns();
		cost = (bench_report_cpu_ns() - start_ns) / CLOCK_LOOK;
	}
	return cost;
}

static uint64_t ended_packets(const struct worker *worker)
{
	uint64_t sum = 0;

	for (uint32_t v = VERDICT_NONE + 1; v < VERDICT_COUNT; v++)
		sum += counters_load(&worker->counters->verdict[v]);
	return sum;
}

/* As worker_run(), but that it gives the CPU away when there is nothing to do. */
static int run_lcore(void *argument)
{
	struct lcore *lcore = argument;
	struct dataplane *dataplane = lcore->worker->dataplane;

	rte_rcu_qsbr_thread_online(dataplane->qsbr, lcore->worker->index);
	while (!atomic_load_explicit(&dataplane->stopping, memory_order_relaxed)) {
		uint64_t before = ended_packets(lcore->worker), start_ns = bench_report_cpu_ns();
		/* Packets that are steered away leave the burst, and are work all the same. */
		uint64_t received = counters_load(&lcore->worker->counters->value[COUNTER_RECEIVED]);
		uint32_t taken = worker_burst(lcore->worker);
		uint64_t end_ns = bench_report_cpu_ns();
		if (taken || ended_packets(lcore->worker) != before ||
		    counters_load(&lcore->worker->counters->value[COUNTER_RECEIVED]) != received)
			atomic_fetch_add_explicit(&lcore->busy_ns, end_ns - start_ns - clock_cost_ns(),
						  memory_order_relaxed);
		else
			sched_yield();
	}
	rte_rcu_qsbr_thread_offline(dataplane->qsbr, lcore->worker->index);
	return 0;
}

void bench_lcores_drain_punts(struct pipeline *pipeline)
{
	struct dataplane *dataplane = pipeline_dataplane(pipeline);
	struct rte_mbuf *mbufs[BURST_MAX];

	for (uint32_t i = 0; i < dataplane->worker_count; i++) {
		uint32_t count;
		while ((count = rte_ring_dequeue_burst(dataplane->punt[i], (void **)mbufs, BURST_MAX, NULL)) > 0)
			rte_pktmbuf_free_bulk(mbufs, count);
		rte_ring_reset(dataplane->call_record[i]); /* no lcore runs */
	}
}

static uint64_t all_ended(const struct run *run)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < run->worker_count; i++)
		sum += ended_packets(run->lcore[i].worker);
	return sum;
}

static uint64_t all_busy_ns(const struct run *run)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < run->worker_count; i++)
		sum += atomic_load_explicit(&run->lcore[i].busy_ns, memory_order_relaxed);
	return sum;
}

static void run_batch(struct run *run, uint64_t ended)
{
	struct setup *setup = (struct setup *)pipeline_dataplane(run->pipeline);

	atomic_store_explicit(&setup->shared.stopping, false, memory_order_relaxed);
	for (uint32_t i = 0; i < run->worker_count; i++)
		must(rte_eal_remote_launch(run_lcore, &run->lcore[i], setup->lcore[i]) == 0);
	do {
		if (run->meanwhile)
			run->meanwhile(all_busy_ns(run));
		sched_yield();
	} while (all_ended(run) < ended);
	atomic_store_explicit(&setup->shared.stopping, true, memory_order_relaxed);
	for (uint32_t i = 0; i < run->worker_count; i++)
		must(rte_eal_wait_lcore(setup->lcore[i]) == 0);
	bench_traffic_take(run->traffic);
	bench_lcores_drain_punts(run->pipeline);
}

/* Sends `count` datagrams in batches. */
static void run_part(struct run *run, const struct bench_datagram *datagram, uint32_t count)
{
	for (uint32_t i = 0; i < count; i += BATCH) {
		uint32_t end = i + BATCH < count ? i + BATCH : count;
		uint64_t ended = all_ended(run) + end - i;
		for (uint32_t j = i; j < end; j++)
			pipeline_put(run->pipeline, j % run->worker_count, datagram[j].source, datagram[j].bytes);
		run_batch(run, ended);
	}
}

double bench_lcores_run(struct bench_traffic *traffic, struct bench_workload *workload, uint32_t worker_count,
			bench_lcores_meanwhile_fn meanwhile)
{
	struct pipeline *pipeline = traffic->pipeline;
	struct run run = {
		.traffic = traffic, .pipeline = pipeline, .worker_count = worker_count, .meanwhile = meanwhile};
	uint32_t count;

	clock_cost_ns();
	for (uint32_t i = 0; i < worker_count; i++)
		run.lcore[i].worker = pipeline_worker(pipeline, i);
	bench_traffic_begin(traffic, workload);
	uint64_t forwarded = pipeline_verdict(pipeline, VERDICT_FORWARD);
	while ((count = bench_traffic_next(traffic, workload)) > 0)
		run_part(&run, workload->datagram, count);
	forwarded = pipeline_verdict(pipeline, VERDICT_FORWARD) - forwarded;
	if (forwarded != workload->forwarded) {
		fprintf(stderr, "bench_pipeline: %s: %" PRIu64 " of %u messages were forwarded by %u lcores\n",
			workload->name, forwarded, workload->forwarded, worker_count);
		exit(1);
	}
	return (double)all_busy_ns(&run) / workload->count;
}
