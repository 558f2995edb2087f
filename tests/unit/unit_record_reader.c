/* Records of ended calls: all of them, in their order, wherever the ring begins anew, and no more than it holds. */
#include <stdlib.h>

#include <rte_ring_elem.h>

#include "cmocka_all.h"
#include "random_source.h"
#include "record_reader.h"
#include "registrar_rig.h"

#define WORKERS	   2
#define RING_COUNT 128
#define RING_ROOM  (RING_COUNT - 1)

static struct dataplane dataplane;
static struct record_reader *reader;

/* Of each worker: how many records it wrote, and how many were taken. */
static uint64_t written[WORKERS], taken[WORKERS];
static bool refills; /* does an lcore write on while the reader reads? */

/* Every byte tells whose record it is, and the how manieth. */
static struct call_record record_of(uint32_t worker, uint64_t serial)
{
	struct call_record record;

	memset(&record, (int)(serial * WORKERS + worker) & 0xff, sizeof(record));
	record.handle = serial * WORKERS + worker;
	return record;
}

static bool write_one(uint32_t worker)
{
	struct call_record record = record_of(worker, written[worker]);
	bool fits = rte_ring_enqueue_elem(dataplane.call_record[worker], &record, sizeof(record)) == 0;

	written[worker] += fits;
	return fits;
}

static void take_records(void *argument, const struct call_record *records, uint32_t count)
{
	assert_ptr_equal(argument, &dataplane);
	assert_in_range(count, 1, RING_ROOM);
	if (refills)
		while (write_one((uint32_t)(records->handle % WORKERS)))
			;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t worker = (uint32_t)(records[i].handle % WORKERS);
		const struct call_record wanted = record_of(worker, taken[worker]++);
		assert_memory_equal(&records[i], &wanted, sizeof(wanted));
	}
}

static int open_reader(void **state)
{
	(void)state;
	memset(written, 0, sizeof(written));
	memset(taken, 0, sizeof(taken));
	refills = false;
	return record_reader_create(&reader, &dataplane, NULL, take_records, &dataplane) != STATUS_OK;
}

static int close_reader(void **state)
{
	(void)state;
	record_reader_free(reader);
	return 0;
}

static void all_are_taken_in_order(void **state)
{
	struct random_source random = random_source_of(3);

	(void)state;
	assert_int_equal(record_reader_poll(reader), 0);
	for (int turn = 0; turn < 2000; turn++) {
		uint32_t count = 0;
		for (uint32_t worker = 0; worker < WORKERS; worker++)
			for (uint32_t i = random_source_below(&random, RING_ROOM + 1); i > 0; i--)
				count += write_one(worker);
		assert_int_equal(record_reader_poll(reader), count);
		for (uint32_t worker = 0; worker < WORKERS; worker++)
			assert_int_equal(taken[worker], written[worker]);
	}
}

/* What is read is not written over, and a ring that never gets empty ends the look. */
static void a_busy_lcore_neither_spoils_nor_holds(void **state)
{
	(void)state;
	refills = true;
	for (int turn = 0; turn < 100; turn++) {
		write_one(0);
		assert_in_range(record_reader_poll(reader), 1, 2 * RING_ROOM);
	}
	refills = false;
	while (record_reader_poll(reader))
		;
	assert_int_equal(taken[0], written[0]);
	assert_true(taken[0] > RING_COUNT);
}

static void the_end_takes_what_is_left(void **state)
{
	(void)state;
	while (write_one(1))
		;
	record_reader_free(reader);
	assert_int_equal(taken[1], RING_ROOM);
	/* Nobody wants them. */
	assert_int_equal(record_reader_create(&reader, &dataplane, NULL, NULL, NULL), STATUS_OK);
	write_one(0);
	assert_int_equal(record_reader_poll(reader), 1);
	assert_int_equal(rte_ring_count(dataplane.call_record[0]), 0);
	record_reader_free(NULL);
}

static int start(void **state)
{
	static const char *const name[WORKERS] = {"calls_0", "calls_1"};

	(void)state;
	if (!registrar_rig_start_eal())
		return 1;
	dataplane.worker_count = WORKERS;
	for (uint32_t i = 0; i < WORKERS; i++) {
		dataplane.call_record[i] = rte_ring_create_elem(name[i], sizeof(struct call_record), RING_COUNT,
								SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (!dataplane.call_record[i])
			return 1;
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < WORKERS; i++)
		rte_ring_free(dataplane.call_record[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_are_taken_in_order, open_reader, close_reader),
		cmocka_unit_test_setup_teardown(a_busy_lcore_neither_spoils_nor_holds, open_reader, close_reader),
		cmocka_unit_test_setup_teardown(the_end_takes_what_is_left, open_reader, close_reader),
	};
	return cmocka_run_group_tests(tests, start, end);
}
