/*
 * The location table: an old set lives until its readers are quiescent, capacity is what was asked for. (Readers and a
 * writer at the same time: tests/concurrency.)
 */
#include <rte_malloc.h>
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

static uint64_t used_bytes(void)
{
	struct rte_malloc_socket_stats stats;
	assert_int_equal(rte_malloc_get_socket_stats(0, &stats), 0);
	return stats.heap_allocsz_bytes;
}

/* The memory plan reserves it: enough, and not a hundredth more. Just below and above powers of two, too. */
static void it_takes_what_it_says(void **state)
{
	static const uint32_t counts[] = {16, 500, 3639, 3643, 10000, 50000, 100000, 112860, 112870, 130000, 200000};
	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		uint64_t before = used_bytes(), said = location_table_bytes(counts[i]);
		struct location_table *measured;
		assert_int_equal(location_table_create(&measured, counts[i], dataplane), STATUS_OK);
		uint64_t taken = used_bytes() - before;
		location_table_free(measured);
		assert_in_range(said, taken, taken + taken / 100);
		assert_int_equal(used_bytes(), before);
	}
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test_setup_teardown(put_find_remove, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_endpoint_fits_and_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_set_lives_until_readers_are_quiescent, set_up, tear_down),
		cmocka_unit_test(it_takes_what_it_says),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
