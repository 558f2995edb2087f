/* Exchanging snapshots: what is released when, and readers that verify while a writer publishes. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include <rte_rcu_qsbr.h>

#include "cmocka_all.h"
#include "publish.h"

#define READERS 2

static struct dataplane *make_dataplane(uint32_t workers)
{
	struct dataplane *dataplane = calloc(1, sizeof(*dataplane));
	size_t size = rte_rcu_qsbr_get_memsize(LCORES_MAX);
	dataplane->qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(size, RTE_CACHE_LINE_SIZE));
	rte_rcu_qsbr_init(dataplane->qsbr, LCORES_MAX);
	dataplane->worker_count = workers;
	return dataplane;
}

static void free_dataplane(struct dataplane *dataplane)
{
	free(dataplane->qsbr);
	free(dataplane);
}

static uint32_t released;

static void count_release(const void *part)
{
	(void)part;
	released++;
}

static void without_readers_the_old_goes_at_once(void **state)
{
	(void)state;
	static const struct wire wire[2];
	struct dataplane *dataplane = make_dataplane(1);
	struct publisher *publisher;
	released = 0;
	assert_int_equal(publisher_create(&publisher, dataplane, NULL), STATUS_OK);
	assert_int_equal(publish_current(publisher)->generation, 1);
	assert_int_equal(publish_wire(publisher, &wire[0], count_release), STATUS_OK);
	assert_int_equal(released, 0);
	assert_int_equal(publish_wire(publisher, &wire[1], count_release), STATUS_OK);
	assert_int_equal(released, 1);
	assert_ptr_equal(atomic_load(&dataplane->snapshot)->wire, &wire[1]);
	assert_int_equal(publish_current(publisher)->generation, 3);
	publisher_free(publisher);
	assert_int_equal(released, 2);
	free_dataplane(dataplane);
}

static void a_reader_holds_what_it_may_see(void **state)
{
	(void)state;
	static const struct wire wire[3];
	struct dataplane *dataplane = make_dataplane(1);
	struct publisher *publisher;
	released = 0;
	assert_int_equal(publisher_create(&publisher, dataplane, NULL), STATUS_OK);
	rte_rcu_qsbr_thread_register(dataplane->qsbr, 0);
	rte_rcu_qsbr_thread_online(dataplane->qsbr, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(publish_wire(publisher, &wire[i], count_release), STATUS_OK);
	assert_int_equal(released, 0);
	assert_true(publish_poll(publisher) > 0);
	rte_rcu_qsbr_quiescent(dataplane->qsbr, 0);
	assert_int_equal(publish_poll(publisher), 0);
	assert_int_equal(released, 2);
	assert_int_equal(publish_retire(publisher, &wire[0], count_release), STATUS_OK);
	assert_int_equal(released, 2);
	rte_rcu_qsbr_thread_offline(dataplane->qsbr, 0);
	assert_int_equal(publish_poll(publisher), 0);
	assert_int_equal(released, 3);
	publisher_free(publisher);
	free_dataplane(dataplane);
}

static void parts_are_kept_beside_each_other(void **state)
{
	(void)state;
	static const struct secret_keys keys;
	static const struct wire wire;
	static const struct directory directory;
	struct dataplane *dataplane = make_dataplane(3);
	struct publisher *publisher;
	const struct publish_clock clock = {1700000000, 5, 1000000000};
	assert_int_equal(publisher_create(&publisher, dataplane, NULL), STATUS_OK);
	assert_null(publish_control_scratch(publisher));
	assert_int_equal(publish_keys(publisher, &keys, NULL), STATUS_OK);
	assert_int_equal(publish_clock(publisher, &clock), STATUS_OK);
	assert_int_equal(publish_directory(publisher, &directory, NULL), STATUS_OK);
	assert_int_equal(publish_wire(publisher, &wire, NULL), STATUS_OK);
	const struct snapshot *snapshot = publish_current(publisher);
	assert_ptr_equal(snapshot->keys, &keys);
	assert_ptr_equal(snapshot->directory, &directory);
	assert_int_equal(snapshot->tsc_hz, clock.tsc_hz);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(snapshot->scratch[i].confirm_data && snapshot->scratch[i].confirm_limits);
	assert_non_null(publish_control_scratch(publisher)->confirm_data);
	assert_ptr_equal(publish_control_scratch(publisher), &snapshot->scratch[LCORES_MAX]);
	publisher_free(publisher);
	free_dataplane(dataplane);
}

/* ---- readers and a writer at once ---- */

struct reader {
	struct dataplane *dataplane;
	uint32_t index;
	atomic_bool *stopping;
	atomic_ulong bursts;
	uint64_t wrong;
};

/* Every part that is published says the same number in two places. */
static void poison_keys(const void *part)
{
	memset((void *)part, 0xff, sizeof(struct secret_keys));
	((struct secret_keys *)part)->tag_key[0] = 0;
	free((void *)part);
}

static void *read_bursts(void *argument)
{
	struct reader *reader = argument;
	struct rte_rcu_qsbr *qsbr = reader->dataplane->qsbr;
	rte_rcu_qsbr_thread_register(qsbr, reader->index);
	rte_rcu_qsbr_thread_online(qsbr, reader->index);
	while (!atomic_load_explicit(reader->stopping, memory_order_relaxed)) {
		const struct snapshot *snapshot =
			atomic_load_explicit(&reader->dataplane->snapshot, memory_order_acquire);
		const struct secret_keys *keys = snapshot->keys;
		for (int i = 0; keys && i < 16; i++)
			reader->wrong += keys->tag_key[i] != keys->steer_key[i] || snapshot->generation == 0;
		reader->bursts++;
		rte_rcu_qsbr_quiescent(qsbr, reader->index);
	}
	rte_rcu_qsbr_thread_offline(qsbr, reader->index);
	rte_rcu_qsbr_thread_unregister(qsbr, reader->index);
	return NULL;
}

static void readers_verify_while_a_writer_publishes(void **state)
{
	(void)state;
	struct dataplane *dataplane = make_dataplane(READERS);
	struct publisher *publisher;
	atomic_bool stopping = false;
	struct reader reader[READERS];
	pthread_t thread[READERS];
	assert_int_equal(publisher_create(&publisher, dataplane, NULL), STATUS_OK);
	for (uint32_t i = 0; i < READERS; i++) {
		reader[i] = (struct reader){dataplane, i, &stopping, 0, 0};
		pthread_create(&thread[i], NULL, read_bursts, &reader[i]);
	}
	/* The writer is quick and the cores are few: no reader may miss it all. */
	for (uint32_t i = 0; i < READERS; i++)
		while (atomic_load(&reader[i].bursts) == 0)
			sched_yield();
	for (uint32_t i = 0; i < 20000; i++) {
		struct secret_keys *keys = calloc(1, sizeof(*keys));
		memset(keys->tag_key, (int)(i & 0xff), 16);
		memset(keys->steer_key, (int)(i & 0xff), 16);
		assert_int_equal(publish_keys(publisher, keys, poison_keys), STATUS_OK);
	}
	atomic_store(&stopping, true);
	for (uint32_t i = 0; i < READERS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(reader[i].wrong, 0);
	}
	assert_int_equal(publish_poll(publisher), 0);
	publisher_free(publisher);
	free_dataplane(dataplane);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_readers_the_old_goes_at_once),
		cmocka_unit_test(a_reader_holds_what_it_may_see),
		cmocka_unit_test(parts_are_kept_beside_each_other),
		cmocka_unit_test(readers_verify_while_a_writer_publishes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
