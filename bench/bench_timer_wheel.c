/*
 * bench_timer_wheel - what starting, stopping and expiry of a timer cost an lcore at which a million others run.
 *
 * They lie as far apart as in branches, in large pages as in the router, and are chosen at random: their neighbours in
 * the wheel are never in the cache. The timer itself is, as after the stages have looked at its branch; "from memory"
 * is without that.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "bench_report.h"
#include "must.h"
#include "random_source.h"
#include "timer_wheel.h"
#include "transaction_table.h"

#define RUNNING	     1000000
#define OTHERS	     100000 /* stopped: a timer is started again only when it has left the cache */
#define BATCH	     200    /* fits the first cache */
#define ROUNDS	     2000
#define ROUNDS_SHORT 20
#define TICKS	     3200 /* of an expiry round: 32 s, 64 T1 */
#define LARGE_PAGE   (UINT64_C(1) << 21)
#define COUNT	     (RUNNING + OTHERS)

static struct bench_report report;
static struct timer_wheel wheel;
static struct branch *branch; /* [COUNT] */
static uint32_t order[COUNT];
static struct random_source random_numbers;

static void make_timers(void)
{
	uint64_t bytes = COUNT * sizeof(*branch);

	branch = aligned_alloc(LARGE_PAGE, (bytes / LARGE_PAGE + 1) * LARGE_PAGE);
	must(branch != NULL);
	/* Where large pages are to be had: without them the numbers are those of page walks. */
	madvise(branch, bytes, MADV_HUGEPAGE);
	memset(branch, 0, bytes);
	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t other = random_source_below(&random_numbers, i + 1);
		order[i] = order[other];
		order[other] = i;
	}
}

/* T1 to 64 T1, as the timers of RFC 3261 are. */
static uint64_t choose_due(void)
{
	return wheel.tick + 50 + random_source_below(&random_numbers, TICKS - 50);
}

/* Timers number `first` on of the random order, which ends where it began. */
static struct timer *timer_at(uint32_t i)
{
	return &branch[order[i % COUNT]].timer;
}

static void read_branches(uint32_t first)
{
	uint64_t all = 0;

	for (uint32_t i = 0; i < BATCH; i++)
		all |= timer_at(first + i)->due_tick;
	must(all < TIMER_WHEEL_REACH_TICKS);
}

static double measure_stops(uint32_t first)
{
	uint64_t begin_ns = bench_report_cpu_ns();

	for (uint32_t i = 0; i < BATCH; i++)
		timer_wheel_stop(&wheel, timer_at(first + i));
	return (double)(bench_report_cpu_ns() - begin_ns) / BATCH;
}

static double measure_starts(uint32_t first)
{
	uint64_t due_tick[BATCH];

	for (uint32_t i = 0; i < BATCH; i++)
		due_tick[i] = choose_due();
	uint64_t begin_ns = bench_report_cpu_ns();
	for (uint32_t i = 0; i < BATCH; i++)
		timer_wheel_start(&wheel, timer_at(first + i), due_tick[i]);
	return (double)(bench_report_cpu_ns() - begin_ns) / BATCH;
}

/* The running ones are a window that moves over all of them. Result: where it begins now. */
static uint32_t measure_starts_and_stops(uint32_t first, bool from_memory)
{
	double start_ns[ROUNDS], stop_ns[ROUNDS];
	uint32_t rounds = report.is_short ? ROUNDS_SHORT : ROUNDS;

	for (uint32_t round = 0; round < rounds; round++, first += BATCH) {
		if (!from_memory)
			read_branches(first);
		stop_ns[round] = measure_stops(first);
		if (!from_memory)
			read_branches(first + RUNNING);
		start_ns[round] = measure_starts(first + RUNNING);
		must(wheel.count == RUNNING);
	}
	bench_report_row(&report, from_memory ? "start, from memory" : "start", "ns",
			 bench_report_median(start_ns, rounds));
	bench_report_row(&report, from_memory ? "stop, from memory" : "stop", "ns",
			 bench_report_median(stop_ns, rounds));
	return first;
}

/* In the order of memory: the random order in which they are stopped says nothing about who is whose neighbour. */
static void start_all(void)
{
	for (uint32_t i = 0; i < COUNT; i++)
		timer_wheel_start(&wheel, &branch[i].timer, choose_due());
	for (uint32_t i = RUNNING; i < COUNT; i++)
		timer_wheel_stop(&wheel, timer_at(i));
}

/* All that is in it: empty ticks, dealing out, and that each timer is started again. */
static void measure_expiry(void)
{
	uint64_t ticks = report.is_short ? TICKS : 3 * TICKS, expired = 0, begin_ns = bench_report_cpu_ns();

	for (uint64_t end_tick = wheel.tick + ticks; wheel.tick < end_tick;) {
		struct timer *timer = timer_wheel_take_due(&wheel, wheel.tick);
		if (!timer)
			continue;
		timer_wheel_start(&wheel, timer, choose_due());
		expired++;
	}
	uint64_t took_ns = bench_report_cpu_ns() - begin_ns;
	must(expired > RUNNING && wheel.count == RUNNING);
	bench_report_row(&report, "expire and start again", "ns", (double)took_ns / (double)expired);
}

int main(int argc, char **argv)
{
	if (!bench_report_init(&report, "bench_timer_wheel", argc, argv))
		return 2;
	timer_wheel_init(&wheel, 0);
	random_numbers = random_source_of(1);
	make_timers();
	start_all();
	measure_starts_and_stops(measure_starts_and_stops(0, false), true);
	measure_expiry();
	free(branch);
	return 0;
}
