/*
 * bench_scaling - what it costs to have more lcores: one trunk, so one 5-tuple, so one receive queue, whose calls are
 * spread over 1, 2, 4 and 8 worker lcores by steer.
 *
 *   call, K lcores            CPU time of all lcores for a message. They run one after another on this thread: what is
 *                             measured is the work, not how this machine shares its CPUs.
 *   call, K lcores, busiest   its part of the messages, times K: 1.00 is even
 *   hand-over                 of one message to the lcore that owns its call: two lcores, all messages received by the
 *                             one that does not own them, against all received by the one that does
 *   hand-over, lines          what it costs more when the two are on two CPUs (cross_cpu.h)
 *
 * and a model of 25 and 100 Gbit/s made of these, with what it assumes. --lcores N runs the calls of N lcores and
 * nothing else, in run_workers(): for a profiler that counts instructions (bench/scaling/run).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ring.h>
#include <sodium.h>

#include "bench_lcores.h"
#include "bench_report.h"
#include "bench_traffic.h"
#include "cross_cpu.h"
#include "message_parse.h"
#include "must.h"
#include "scaling_model.h"
#include "publish.h"
#include "worker.h"

#define COMPANIES	1000
#define COMPANIES_SHORT 20
#define MESSAGES	4096
#define MESSAGES_SHORT	64
#define TRANSACTIONS	16384 /* of a worker */
#define WORKERS_MAX	8
#define ROUNDS		15
#define ROUNDS_SHORT	3
#define BATCH		256 /* what the receive queue and the rings between lcores hold at once */

static const uint32_t lcore_counts[] = {1, 2, 4, 8};
#define COUNTS (sizeof(lcore_counts) / sizeof(lcore_counts[0]))

struct bench {
	struct bench_report report;
	struct pipeline *pipeline;
	struct bench_traffic traffic;
	uint32_t company_count, rounds, only_lcores;
};

static struct bench bench;

/* What a round of messages came to. */
struct round {
	double ns;	/* a message */
	double busiest; /* the part of the lcore that had most, times how many there are */
};

/* Which queue a message arrives in. */
enum arrival {
	ARRIVE_AT_ONE,	 /* a trunk: the first lcore's */
	ARRIVE_AT_OWNER, /* no hand-over */
	ARRIVE_AT_OTHER, /* always a hand-over; two lcores */
};

/* ---- one batch ---- */

static uint64_t ended_packets(uint32_t index)
{
	const struct worker *worker = pipeline_worker(bench.pipeline, index);
	uint64_t sum = 0;

	for (uint32_t v = VERDICT_NONE + 1; v < VERDICT_COUNT; v++)
		sum += worker->counters->verdict[v];
	return sum;
}

static uint64_t all_ended(uint32_t lcore_count)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < lcore_count; i++)
		sum += ended_packets(i);
	return sum;
}

/*
 * Not inlined: a profiler that counts only this function has what the lcores do and nothing else. An lcore that has
 * nothing to receive is not asked: how often lcores look in vain depends on their load, not on their number.
 */
static __attribute__((noinline)) uint64_t run_workers(const uint32_t *received, uint32_t lcore_count, uint64_t ended)
{
	const struct dataplane *dataplane = pipeline_dataplane(bench.pipeline);
	uint64_t start = rte_rdtsc();
	uint32_t bursts[WORKERS_MAX];

	for (uint32_t i = 0; i < lcore_count; i++)
		bursts[i] = (received[i] + BURST_MAX - 1) / BURST_MAX;
	while (all_ended(lcore_count) < ended)
		for (uint32_t i = 0; i < lcore_count; i++) {
			bool is_handed_some = false;
			for (uint32_t from = 0; from < lcore_count; from++)
				is_handed_some |= from != i && !rte_ring_empty(dataplane->steer[from][i]);
			if (bursts[i] == 0 && !is_handed_some)
				continue;
			bursts[i] -= bursts[i] > 0;
			worker_burst(pipeline_worker(bench.pipeline, i));
		}
	return rte_rdtsc() - start;
}

/* As steer does. */
static uint32_t owner_of(struct span message, uint32_t lcore_count)
{
	const struct snapshot *snapshot = atomic_load(&pipeline_dataplane(bench.pipeline)->snapshot);
	struct span call_id = message_find_call_id(message);
	uint64_t hash;

	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)call_id.at, call_id.length, snapshot->keys->steer_key);
	return (uint32_t)((uint64_t)(uint32_t)hash * lcore_count >> 32);
}

static uint32_t queue_of(const struct bench_datagram *datagram, enum arrival arrival, uint32_t lcore_count)
{
	if (arrival == ARRIVE_AT_ONE)
		return 0;
	uint32_t owner = owner_of(datagram->bytes, lcore_count);
	return arrival == ARRIVE_AT_OWNER ? owner : (owner + 1) % lcore_count;
}

static uint64_t run_batch(const struct bench_datagram *datagram, uint32_t count, enum arrival arrival,
			  uint32_t lcore_count)
{
	uint32_t received[WORKERS_MAX] = {0};
	uint64_t ended = all_ended(lcore_count) + count;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t queue = queue_of(&datagram[i], arrival, lcore_count);
		received[queue]++;
		pipeline_put(bench.pipeline, queue, datagram[i].source, datagram[i].bytes);
	}
	uint64_t ticks = run_workers(received, lcore_count, ended);
	bench_traffic_take(&bench.traffic);
	bench_lcores_drain_punts(bench.pipeline);
	return ticks;
}

/* ---- a round ---- */

static struct round run_round(enum bench_traffic_kind kind, enum arrival arrival, uint32_t lcore_count)
{
	struct bench_workload *workload = &bench.traffic.workload[kind];
	uint64_t before[WORKERS_MAX], ticks = 0, most = 0, all = 0;
	uint32_t count;

	bench_traffic_begin(&bench.traffic, workload);
	for (uint32_t i = 0; i < lcore_count; i++)
		before[i] = ended_packets(i);
	uint64_t forwarded = pipeline_verdict(bench.pipeline, VERDICT_FORWARD);
	while ((count = bench_traffic_next(&bench.traffic, workload)) > 0)
		for (uint32_t i = 0; i < count; i += BATCH)
			ticks += run_batch(&workload->datagram[i], i + BATCH < count ? BATCH : count - i, arrival,
					   lcore_count);
	forwarded = pipeline_verdict(bench.pipeline, VERDICT_FORWARD) - forwarded;
	if (forwarded != workload->forwarded) {
		fprintf(stderr, "bench_scaling: %s: %" PRIu64 " of %u messages were forwarded by %u lcores\n",
			workload->name, forwarded, workload->forwarded, lcore_count);
		exit(1);
	}
	for (uint32_t i = 0; i < lcore_count; i++) {
		uint64_t ended = ended_packets(i) - before[i];
		most = ended > most ? ended : most;
		all += ended;
	}
	return (struct round){.ns = (double)ticks * 1e9 / (double)rte_get_tsc_hz() / workload->count,
			      .busiest = (double)most * lcore_count / (double)all};
}

static void use_lcores(uint32_t lcore_count)
{
	pipeline_dataplane(bench.pipeline)->worker_count = lcore_count;
}

/* By turns, so that whatever else this machine does meanwhile strikes all of them. */
static void measure_spread(double ns[COUNTS])
{
	double values[COUNTS][ROUNDS], busiest[COUNTS];
	char name[64];

	for (uint32_t round = 0; round <= bench.rounds; round++)
		for (uint32_t i = 0; i < COUNTS; i++) {
			use_lcores(lcore_counts[i]);
			struct round done = run_round(TRAFFIC_CALL, ARRIVE_AT_ONE, lcore_counts[i]);
			if (round > 0) /* the first one warms up */
				values[i][round - 1] = done.ns;
			busiest[i] = done.busiest;
		}
	for (uint32_t i = 0; i < COUNTS; i++) {
		const char *lcores = lcore_counts[i] == 1 ? "lcore" : "lcores";
		ns[i] = bench_report_median(values[i], bench.rounds);
		snprintf(name, sizeof(name), "call, %u %s", lcore_counts[i], lcores);
		bench_report_row(&bench.report, name, "ns", ns[i]);
		snprintf(name, sizeof(name), "call, %u %s, busiest", lcore_counts[i], lcores);
		bench_report_row(&bench.report, name, "of an even part", busiest[i]);
	}
}

/* The round that was disturbed least: a difference of two medians would be that of the disturbances. */
static double lowest(const double *values, uint32_t count)
{
	double least = values[0];

	for (uint32_t i = 1; i < count; i++)
		least = values[i] < least ? values[i] : least;
	return least;
}

static double measure_hand_over(void)
{
	double here[ROUNDS], over[ROUNDS];

	use_lcores(2);
	for (uint32_t round = 0; round <= bench.rounds; round++) {
		double at_owner = run_round(TRAFFIC_CALL, ARRIVE_AT_OWNER, 2).ns;
		double at_other = run_round(TRAFFIC_CALL, ARRIVE_AT_OTHER, 2).ns;
		if (round == 0)
			continue;
		here[round - 1] = at_owner;
		over[round - 1] = at_other;
	}
	double least_here = lowest(here, bench.rounds), least_over = lowest(over, bench.rounds);
	bench_report_row(&bench.report, "call, 2 lcores, received by the owner, lowest", "ns", least_here);
	bench_report_row(&bench.report, "call, 2 lcores, received by the other, lowest", "ns", least_over);
	bench_report_row(&bench.report, "hand-over", "ns", least_over - least_here);
	double lines_ns = 0;
	if (cross_cpu_measure(&lines_ns, bench.report.is_short ? MESSAGES : 256 * MESSAGES))
		bench_report_row(&bench.report, "hand-over, lines from another CPU", "ns more", lines_ns);
	return least_over - least_here + lines_ns;
}

/* ---- the router ---- */

/* The lcores' clock stands still, so that the nonces of the messages do not grow old. */
static void stop_clock(void)
{
	const struct publish_clock clock = {
		.unix_base_s = (uint64_t)time(NULL), .tsc_base = rte_rdtsc(), .tsc_hz = UINT64_MAX};

	must(publish_clock(pipeline_publisher(bench.pipeline), &clock) == STATUS_OK);
}

static void start_router(uint32_t worker_count)
{
	char *provisioning = bench_traffic_provisioning(bench.company_count, UINT32_MAX);

	fprintf(stderr, "bench_scaling: building the tables of %u companies\n", bench.company_count);
	bench.pipeline = pipeline_start_sized(worker_count, provisioning,
					      &(struct pipeline_sizes){.transaction_count = worker_count * TRANSACTIONS,
								       .call_count = worker_count * TRANSACTIONS,
								       .mbuf_count = 16383,
								       .nonce_set_count = 16384});
	free(provisioning);
	pipeline_use_tsc(bench.pipeline);
	stop_clock();
}

/* Frame bytes of a message on the wire, both ways counted alike: what the workload's messages have on average. */
static double mean_message_bytes(void)
{
	struct bench_workload *workload = &bench.traffic.workload[TRAFFIC_CALL];
	uint64_t bytes = 0, messages = 0;
	uint32_t count;

	use_lcores(1);
	bench_traffic_begin(&bench.traffic, workload);
	while ((count = bench_traffic_next(&bench.traffic, workload)) > 0) {
		for (uint32_t i = 0; i < count; i++)
			bytes += workload->datagram[i].bytes.length;
		messages += count;
		for (uint32_t i = 0; i < count; i += BATCH)
			run_batch(&workload->datagram[i], i + BATCH < count ? BATCH : count - i, ARRIVE_AT_ONE, 1);
	}
	return (double)bytes / (double)messages;
}

int main(int argc, char **argv)
{
	const struct bench_option options[] = {
		{"--companies", &bench.company_count, 20, 1000000},
		{"--lcores", &bench.only_lcores, 1, WORKERS_MAX},
		{0},
	};
	double ns[COUNTS];

	if (!bench_report_init_with(&bench.report, "bench_scaling", argc, argv, options))
		return 2;
	bool is_short = bench.report.is_short;
	if (bench.company_count == 0)
		bench.company_count = is_short ? COMPANIES_SHORT : COMPANIES;
	bench.rounds = is_short ? ROUNDS_SHORT : ROUNDS;
	start_router(WORKERS_MAX);
	bench_traffic_make(&bench.traffic, bench.pipeline, bench.company_count, is_short ? MESSAGES_SHORT : MESSAGES);
	if (bench.only_lcores) {
		use_lcores(bench.only_lcores);
		struct round round = run_round(TRAFFIC_CALL, ARRIVE_AT_ONE, bench.only_lcores);
		bench_report_row(&bench.report, "call", "messages", bench.traffic.workload[TRAFFIC_CALL].count);
		bench_report_row(&bench.report, "call, busiest", "of an even part", round.busiest);
	} else {
		struct scaling_model model = {.message_bytes = mean_message_bytes()};
		measure_spread(ns);
		model.message_ns = ns[0];
		model.hand_over_ns = measure_hand_over();
		scaling_model_report(&bench.report, &model);
	}
	use_lcores(WORKERS_MAX);
	pipeline_stop(bench.pipeline);
	return 0;
}
