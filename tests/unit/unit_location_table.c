/*
 * The location table: readers see whole sets, an old set lives until its readers are quiescent, capacity is what was
 * asked for.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <rte_rcu_qsbr.h>

#include "cmocka_all.h"
#include "registrar_rig.h"

#define ENDPOINTS_MAX 500

static struct dataplane *dataplane;
static struct location_table *table;

static int set_up(void **state)
{
	(void)state;
	if (!registrar_rig_start_eal())
		return -1;
	dataplane = registrar_rig_dataplane();
	return location_table_create(&table, ENDPOINTS_MAX, dataplane);
}

static int tear_down(void **state)
{
	(void)state;
	location_table_free(table);
	return 0;
}

static void key_of(uint8_t key[AOR_KEY_BYTES], uint32_t number)
{
	char text[32];
	snprintf(text, sizeof(text), "e%u@d", number);
	registrar_rig_key(key, text);
}

/* A set of `count` bindings that all carry `mark`. */
static enum status put(uint32_t number, uint32_t count, uint16_t mark)
{
	_Alignas(struct binding_set) char
		room[sizeof(struct binding_set) + BINDINGS_PER_AOR_MAX * sizeof(struct binding)] = {0};
	struct binding_set *set = (struct binding_set *)room;
	char contact[32];
	uint8_t key[AOR_KEY_BYTES];
	key_of(key, number);
	snprintf(contact, sizeof(contact), "sip:%u@192.0.2.1", mark);
	set->aor = SPAN_LITERAL("e@d");
	set->count = count;
	for (uint32_t i = 0; i < count; i++)
		set->binding[i] = (struct binding){.contact = span_of_text(contact), .q = mark};
	return location_table_put(table, key, set);
}

static const struct binding_set *find(uint32_t number)
{
	uint8_t key[AOR_KEY_BYTES];
	key_of(key, number);
	return location_find(location_table_location(table), key);
}

static bool take_out(uint32_t number)
{
	uint8_t key[AOR_KEY_BYTES];
	key_of(key, number);
	return location_table_remove(table, key);
}

static void put_find_remove(void **state)
{
	(void)state;
	assert_null(find(1));
	assert_int_equal(put(1, 2, 7), STATUS_OK);
	assert_int_equal(find(1)->count, 2);
	assert_span_equal(find(1)->aor, SPAN_LITERAL("e@d"));
	assert_span_equal(find(1)->binding[1].contact, SPAN_LITERAL("sip:7@192.0.2.1"));
	assert_int_equal(put(1, 1, 8), STATUS_OK);
	assert_span_equal(find(1)->binding[0].contact, SPAN_LITERAL("sip:8@192.0.2.1"));
	assert_int_equal(location_table_fill(table).endpoints, 1);
	assert_true(take_out(1));
	assert_false(take_out(1));
	assert_null(find(1));
	location_table_poll(table);
	assert_int_equal(location_table_fill(table).retired, 0);
	assert_int_equal(location_table_fill(table).set_bytes, 0);
}

static void every_endpoint_fits_and_no_more(void **state)
{
	(void)state;
	for (uint32_t turn = 0; turn < 3; turn++) {
		for (uint32_t i = 0; i < ENDPOINTS_MAX; i++)
			assert_int_equal(put(turn * ENDPOINTS_MAX + i, 1, 1), STATUS_OK);
		assert_int_equal(put(99999, 1, 1), STATUS_LIMIT);
		assert_int_equal(put(turn * ENDPOINTS_MAX, 1, 2), STATUS_OK); /* a known one may change */
		for (uint32_t i = 0; i < ENDPOINTS_MAX; i++)
			assert_true(take_out(turn * ENDPOINTS_MAX + i));
	}
}

static void old_set_lives_until_readers_are_quiescent(void **state)
{
	(void)state;
	assert_int_equal(put(1, 1, 7), STATUS_OK);
	rte_rcu_qsbr_thread_online(dataplane->qsbr, 0);
	const struct binding_set *held = find(1);
	assert_int_equal(put(1, 1, 8), STATUS_OK);
	assert_true(take_out(1));
	location_table_poll(table);
	assert_int_equal(location_table_fill(table).retired, 2);
	assert_span_equal(held->binding[0].contact, SPAN_LITERAL("sip:7@192.0.2.1"));
	rte_rcu_qsbr_quiescent(dataplane->qsbr, 0);
	location_table_poll(table);
	assert_int_equal(location_table_fill(table).retired, 0);
	rte_rcu_qsbr_thread_offline(dataplane->qsbr, 0);
}

#define SHARED_ENDPOINTS 16
static atomic_bool reader_ready, reader_stops;
static atomic_ulong sets_seen, sets_torn;

static void *read_sets(void *argument)
{
	(void)argument;
	rte_rcu_qsbr_thread_online(dataplane->qsbr, 0);
	atomic_store(&reader_ready, true);
	while (!atomic_load(&reader_stops)) {
		for (uint32_t i = 0; i < SHARED_ENDPOINTS; i++) {
			const struct binding_set *set = find(i);
			if (!set)
				continue;
			atomic_fetch_add(&sets_seen, 1);
			char contact[32];
			snprintf(contact, sizeof(contact), "sip:%u@192.0.2.1", set->binding[0].q);
			for (uint32_t k = 0; k < set->count; k++)
				if (!span_equals(set->binding[k].contact, span_of_text(contact)))
					atomic_fetch_add(&sets_torn, 1);
		}
		rte_rcu_qsbr_quiescent(dataplane->qsbr, 0);
	}
	rte_rcu_qsbr_thread_offline(dataplane->qsbr, 0);
	return NULL;
}

static void readers_see_whole_sets_while_the_writer_writes(void **state)
{
	pthread_t reader;
	(void)state;
	assert_int_equal(pthread_create(&reader, NULL, read_sets, NULL), 0);
	while (!atomic_load(&reader_ready))
		;
	for (uint32_t i = 0; i < 20000 || atomic_load(&sets_seen) < 1000; i++) {
		/* A reader that does not get the processor holds every deleted key's slot. */
		while (put(i % SHARED_ENDPOINTS, 1 + i % 3, (uint16_t)i) == STATUS_LIMIT)
			sched_yield();
		if (i % 7 == 0)
			take_out((i + 3) % SHARED_ENDPOINTS);
		location_table_poll(table);
	}
	atomic_store(&reader_stops, true);
	pthread_join(reader, NULL);
	assert_int_equal(atomic_load(&sets_torn), 0);
	location_table_poll(table);
	assert_int_equal(location_table_fill(table).retired, 0);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test_setup_teardown(put_find_remove, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_endpoint_fits_and_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_set_lives_until_readers_are_quiescent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(readers_see_whole_sets_while_the_writer_writes, set_up, tear_down),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
