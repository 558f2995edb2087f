/*
 * bench_transaction_table - what finding, adding and removing a transaction cost an lcore that has 100,000 of them, and
 * their memory. Chosen at random: nothing that is touched was in the cache because of the one before.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "bench_report.h"
#include "must.h"
#include "random_source.h"
#include "transaction_table.h"

#define LIVE	     100000
#define COUNT	     (LIVE + LIVE / 10) /* room to add before removing */
#define BATCH	     1000
#define ROUNDS	     2000
#define ROUNDS_SHORT 20
#define LARGE_PAGE   (UINT64_C(1) << 21)

static struct bench_report report;
static struct timer_wheel wheel;
static struct transaction_table table;
static void *memory;
static struct random_source random_numbers;
static uint32_t next_number;
static uint64_t wrong; /* results that were not what they had to be */

/* A transaction that is there: the number that its key is made from, and where it is. */
static struct {
	uint32_t number, index;
} live[LIVE];

struct batch {
	uint32_t place[BATCH]; /* in live[] */
	uint32_t old_index[BATCH];
	uint8_t old_key[BATCH][TRANSACTION_KEY_BYTES];
	uint8_t new_key[BATCH][TRANSACTION_KEY_BYTES];
};

/* As random as a keyed hash. */
static void make_key(uint8_t key[TRANSACTION_KEY_BYTES], uint32_t number)
{
	struct random_source source = random_source_of(number);
	uint64_t halves[2] = {random_source_next(&source), random_source_next(&source)};

	memcpy(key, halves, sizeof(halves));
}

/* As the stages do for an ordinary request: one branch, both timers. No mbufs: their pool is not the table's. */
static uint32_t add(const uint8_t key[TRANSACTION_KEY_BYTES], uint64_t due_tick)
{
	uint64_t merge_key;

	memcpy(&merge_key, key + 8, sizeof(merge_key));
	struct transaction *transaction = transaction_table_add(&table, key, merge_key, 2);
	must(transaction != NULL);
	struct branch *branch = transaction_table_add_branch(&table, transaction);
	must(branch != NULL);
	timer_wheel_start(&wheel, &transaction->timer, due_tick);
	timer_wheel_start(&wheel, &branch->timer, due_tick);
	return transaction_index(&table, transaction);
}

static void make_table(void)
{
	uint64_t bytes = transaction_table_bytes(COUNT);

	memory = aligned_alloc(LARGE_PAGE, (bytes / LARGE_PAGE + 1) * LARGE_PAGE);
	must(memory != NULL);
	/* Where large pages are to be had: without them the numbers are those of page walks. */
	madvise(memory, bytes, MADV_HUGEPAGE);
	memset(memory, 0, bytes);
	timer_wheel_init(&wheel, 0);
	transaction_table_init(&table, memory, COUNT, COUNT, &wheel);
}

static uint64_t choose_due(void)
{
	return 50 + random_source_below(&random_numbers, 3200);
}

static void fill_table(void)
{
	uint8_t key[TRANSACTION_KEY_BYTES];

	for (uint32_t i = 0; i < LIVE; i++) {
		/* Numbers are given out at random places, so that neighbours in memory are not of one age. */
		uint32_t other = random_source_below(&random_numbers, i + 1);
		live[i] = live[other];
		live[other].number = next_number++;
		make_key(key, live[other].number);
		live[other].index = add(key, choose_due());
	}
}

/* Random ones that are there, each from a part of live[] of its own, so that none comes twice; and as many new ones. */
static void choose_batch(struct batch *batch)
{
	for (uint32_t i = 0; i < BATCH; i++) {
		batch->place[i] = i * (LIVE / BATCH) + random_source_below(&random_numbers, LIVE / BATCH);
		make_key(batch->old_key[i], live[batch->place[i]].number);
		make_key(batch->new_key[i], next_number++);
		batch->old_index[i] = live[batch->place[i]].index;
		live[batch->place[i]].number = next_number - 1;
	}
}

static void find_old(struct batch *batch)
{
	for (uint32_t i = 0; i < BATCH; i++)
		wrong += transaction_table_find(&table, batch->old_key[i]) != &table.transaction[batch->old_index[i]];
}

static void find_new(struct batch *batch)
{
	for (uint32_t i = 0; i < BATCH; i++)
		wrong += transaction_table_find(&table, batch->new_key[i]) != NULL;
}

static void add_new(struct batch *batch)
{
	for (uint32_t i = 0; i < BATCH; i++)
		live[batch->place[i]].index = add(batch->new_key[i], 50 + i);
}

static void remove_old(struct batch *batch)
{
	for (uint32_t i = 0; i < BATCH; i++)
		transaction_table_remove(&table, &table.transaction[batch->old_index[i]]);
}

static const struct {
	const char *workload;
	void (*run)(struct batch *batch);
} rows[] = {
	{"find", find_old},
	{"find, not there", find_new},
	{"add, with branch and timers", add_new},
	{"remove", remove_old},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static void measure_all(void)
{
	static double ns[ROW_COUNT][ROUNDS];
	static struct batch batch;
	uint32_t rounds = report.is_short ? ROUNDS_SHORT : ROUNDS;

	for (uint32_t round = 0; round < rounds; round++) {
		choose_batch(&batch);
		for (uint32_t row = 0; row < ROW_COUNT; row++) {
			uint64_t begin_ns = bench_report_cpu_ns();
			rows[row].run(&batch);
			ns[row][round] = (double)(bench_report_cpu_ns() - begin_ns) / BATCH;
		}
	}
	must(table.used_count == LIVE && wheel.count == 2 * LIVE && table.gave_way_count == 0);
	for (uint32_t row = 0; row < ROW_COUNT; row++)
		bench_report_row(&report, rows[row].workload, "ns", bench_report_median(ns[row], rounds));
}

/* A flood: each new one takes the place of the one that lingers longest. */
static void measure_giving_way(void)
{
	static double ns[ROUNDS];
	static uint8_t key[BATCH][TRANSACTION_KEY_BYTES];
	static uint32_t index[BATCH];
	uint32_t rounds = report.is_short ? ROUNDS_SHORT : ROUNDS;

	for (uint32_t i = 0; i < LIVE; i++)
		transaction_table_linger(&table, &table.transaction[live[i].index]);
	while (table.used_count < COUNT) {
		make_key(key[0], next_number++);
		transaction_table_linger(&table, &table.transaction[add(key[0], choose_due())]);
	}
	for (uint32_t round = 0; round < rounds; round++) {
		for (uint32_t i = 0; i < BATCH; i++)
			make_key(key[i], next_number++);
		uint64_t begin_ns = bench_report_cpu_ns();
		for (uint32_t i = 0; i < BATCH; i++)
			index[i] = add(key[i], 50 + i);
		ns[round] = (double)(bench_report_cpu_ns() - begin_ns) / BATCH;
		for (uint32_t i = 0; i < BATCH; i++)
			transaction_table_linger(&table, &table.transaction[index[i]]);
	}
	must(table.used_count == COUNT && table.gave_way_count == (uint64_t)rounds * BATCH);
	bench_report_row(&report, "add, another gives way", "ns", bench_report_median(ns, rounds));
}

int main(int argc, char **argv)
{
	if (!bench_report_init(&report, "bench_transaction_table", argc, argv))
		return 2;
	random_numbers = random_source_of(1);
	make_table();
	fill_table();
	measure_all();
	measure_giving_way();
	/* Beside its mbufs; the keys' indexes and the spare branches are in it. */
	bench_report_row(&report, "memory", "bytes", (double)transaction_table_bytes(COUNT) / COUNT);
	free(memory);
	if (wrong)
		fprintf(stderr,
			"bench_transaction_table: %llu operations had a wrong result: the numbers mean nothing\n",
			(unsigned long long)wrong);
	return wrong != 0;
}
