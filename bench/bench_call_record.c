/*
 * bench_call_record - what the control thread does for each ended call without cdr.path: its record is taken from an
 * lcore's ring, and who dialled what is remembered. 1,000 callers; as many calls at once as 50,000 a second make
 * between two looks; before each look other memory fills the caches, as an lcore on the same core would.
 */
#include <stdio.h>
#include <stdlib.h>

#include <rte_ring_elem.h>

#include "bench_report.h"
#include "dialled_memory.h"
#include "must.h"
#include "random_source.h"
#include "record_reader.h"
#include "registrar_rig.h"

#define CALLERS	     1000
#define CALLS	     1000
#define LOOKS	     301
#define LOOKS_SHORT  3
#define RING_COUNT   4096 /* as of the router */
#define CACHES_BYTES (8u << 20)

struct bench {
	struct dataplane dataplane;
	struct record_reader *reader;
	struct dialled_memory *dialled;
	struct random_source random;
	unsigned char *others;
	uint32_t numbers; /* that each caller dials */
	uint64_t wrong;
};

static struct bench bench;
static struct bench_report report;

static void add(struct call_record *record, enum call_text_kind kind, const char *text)
{
	size_t length = strlen(text);

	record->part[kind] = (struct call_text){.offset = record->text_length, .length = (uint8_t)length};
	memcpy(record->text + record->text_length, text, length);
	record->text_length = (uint16_t)(record->text_length + length);
}

static struct call_record next_record(void)
{
	uint32_t caller = (uint32_t)random_source_below(&bench.random, CALLERS);
	uint32_t number = (uint32_t)random_source_below(&bench.random, bench.numbers);
	struct call_record record = {.caller_kind = CALL_PARTY_FRIEND};
	char name[32], dialled[32], shown[32];

	snprintf(name, sizeof(name), "friend%u", caller);
	snprintf(dialled, sizeof(dialled), "6%08u", number);
	snprintf(shown, sizeof(shown), "+34944%06u", caller);
	add(&record, CALL_TEXT_CALL_ID, "9f3b8e2ac04d4b0f8f6e@192.0.2.10");
	add(&record, CALL_TEXT_DIALLED, dialled);
	add(&record, CALL_TEXT_CALLER_NUMBER, shown);
	add(&record, CALL_TEXT_CALLER, name);
	add(&record, CALL_TEXT_COMPANY, "company42");
	add(&record, CALL_TEXT_TARGET, "carrier-east");
	add(&record, CALL_TEXT_DESTINATION, "+34600000000");
	return record;
}

static void fill_ring(void)
{
	for (uint32_t i = 0; i < CALLS; i++) {
		struct call_record record = next_record();
		must(rte_ring_enqueue_elem(bench.dataplane.call_record[0], &record, sizeof(record)) == 0);
	}
	for (uint32_t i = 0; i < CACHES_BYTES; i += 64)
		((volatile unsigned char *)bench.others)[i]++;
}

static void take_records(void *dialled, const struct call_record *records, uint32_t count)
{
	dialled_memory_take(dialled, records, count);
}

static double look(void)
{
	fill_ring();
	uint64_t start_ns = bench_report_cpu_ns();
	bench.wrong += record_reader_poll(bench.reader) != CALLS;
	return (double)(bench_report_cpu_ns() - start_ns) / CALLS;
}

static void measure(const char *workload, uint32_t numbers)
{
	uint32_t looks = report.is_short ? LOOKS_SHORT : LOOKS;
	double values[LOOKS];

	bench.numbers = numbers;
	must(dialled_memory_create(&bench.dialled, DIALLED_MEMORY_CALLS_MAX) == STATUS_OK);
	must(record_reader_create(&bench.reader, &bench.dataplane, NULL, take_records, bench.dialled) == STATUS_OK);
	/* Until what can be known is. */
	for (uint32_t i = 0; i < looks / 4; i++)
		look();
	for (uint32_t i = 0; i < looks; i++)
		values[i] = look();
	bench.wrong += dialled_memory_count(bench.dialled) == 0;
	record_reader_free(bench.reader);
	dialled_memory_free(bench.dialled);
	bench_report_row(&report, workload, "ns", bench_report_median(values, looks));
}

int main(int argc, char **argv)
{
	if (!bench_report_init(&report, "bench_call_record", argc, argv))
		return 2;
	must(registrar_rig_start_eal());
	bench.random = random_source_of(1);
	bench.others = calloc(1, CACHES_BYTES);
	bench.dataplane.worker_count = 1;
	bench.dataplane.call_record[0] = rte_ring_create_elem("calls", sizeof(struct call_record), RING_COUNT,
							      SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	must(bench.others && bench.dataplane.call_record[0]);
	measure("call record taken, of 5,000 kinds", 5);
	measure("call record taken, mostly new", 1000000);
	rte_ring_free(bench.dataplane.call_record[0]);
	free(bench.others);
	if (bench.wrong)
		fprintf(stderr, "bench_call_record: %llu looks had a wrong result: the numbers mean nothing\n",
			(unsigned long long)bench.wrong);
	return bench.wrong != 0;
}
