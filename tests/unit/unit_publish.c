/* Exchanging snapshots: what is released when. (Readers at the same time: tests/concurrency.) */
#include <rte_rcu_qsbr.h>

#include "cmocka_all.h"
#include "publish.h"
#include "readers.h"

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
	struct dataplane *dataplane = readers_make_dataplane(1);
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
	readers_free_dataplane(dataplane);
}

static void a_reader_holds_what_it_may_see(void **state)
{
	(void)state;
	static const struct wire wire[3];
	struct dataplane *dataplane = readers_make_dataplane(1);
	struct publisher *publisher;
	released = 0;
	assert_int_equal(publisher_create(&publisher, dataplane, NULL), STATUS_OK);
	rte_rcu_qsbr_thread_register(dataplane->qsbr, 0);
	rte_rcu_qsbr_thread_online(dataplane->qsbr, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(publish_wire(publisher, &wire[i], count_release), STATUS_OK);
	assert_int_equal(released, 0);
	assert_true(publish_poll(publisher) > 0);
	assert_int_equal(publish_waiting(publisher), 5); /* two parts, three snapshots */
	rte_rcu_qsbr_quiescent(dataplane->qsbr, 0);
	assert_int_equal(publish_poll(publisher), 0);
	assert_int_equal(publish_waiting(publisher), 0);
	assert_int_equal(released, 2);
	assert_int_equal(publish_retire(publisher, &wire[0], count_release), STATUS_OK);
	assert_int_equal(released, 2);
	rte_rcu_qsbr_thread_offline(dataplane->qsbr, 0);
	assert_int_equal(publish_poll(publisher), 0);
	assert_int_equal(released, 3);
	publisher_free(publisher);
	readers_free_dataplane(dataplane);
}

static void parts_are_kept_beside_each_other(void **state)
{
	(void)state;
	static const struct secret_keys keys;
	static const struct wire wire;
	static const struct directory directory;
	struct dataplane *dataplane = readers_make_dataplane(3);
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
	readers_free_dataplane(dataplane);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_readers_the_old_goes_at_once),
		cmocka_unit_test(a_reader_holds_what_it_may_see),
		cmocka_unit_test(parts_are_kept_beside_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
