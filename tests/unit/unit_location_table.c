/*
 * The location table: it finds what a naive model has, an old set lives until its readers are quiescent, a set gives
 * back what it was made of. (Readers and a writer at the same time: tests/concurrency.)
 */
#include <stdlib.h>

#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

#include "cmocka_all.h"
#include "random_source.h"
#include "registrar_rig.h"

#define ENDPOINTS_EXPECTED 500

static struct dataplane *dataplane;
static struct location_table *table;

static int set_up(void **state)
{
	(void)state;
	if (!registrar_rig_start_eal())
		return -1;
	dataplane = registrar_rig_dataplane();
	return location_table_create(&table, ENDPOINTS_EXPECTED, dataplane);
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
static void put_at(const uint8_t key[AOR_KEY_BYTES], uint32_t count, uint16_t mark)
{
	struct location_binding binding[BINDINGS_PER_AOR_MAX] = {0};
	char contact[32];
	snprintf(contact, sizeof(contact), "sip:%u@192.0.2.1", mark);
	for (uint32_t i = 0; i < count; i++)
		binding[i] = (struct location_binding){.contact = span_of_text(contact), .q = mark};
	struct binding_set *set = location_set_make(key, binding, count, (struct location_set_room){0});
	assert_non_null(set);
	location_table_put(table, set);
}

static void put(uint32_t number, uint32_t count, uint16_t mark)
{
	uint8_t key[AOR_KEY_BYTES];
	key_of(key, number);
	put_at(key, count, mark);
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
	put(1, 2, 7);
	assert_int_equal(find(1)->count, 2);
	assert_span_equal(binding_contact(&find(1)->binding[1]), SPAN_LITERAL("sip:7@192.0.2.1"));
	put(1, 1, 8);
	assert_span_equal(binding_contact(&find(1)->binding[0]), SPAN_LITERAL("sip:8@192.0.2.1"));
	assert_int_equal(location_table_fill(table).endpoints, 1);
	assert_true(take_out(1));
	assert_false(take_out(1));
	assert_null(find(1));
	location_table_poll(table);
	assert_int_equal(location_table_fill(table).retired, 0);
	assert_int_equal(location_table_fill(table).set_bytes, 0);
}

/* ---- against a model ---- */

#define MODEL_KEYS    300
#define MODEL_BUCKETS 20 /* of all of the table's: chains of 15 */

struct model {
	uint8_t key[MODEL_KEYS][AOR_KEY_BYTES];
	uint32_t count[MODEL_KEYS]; /* 0: not there */
	uint16_t mark[MODEL_KEYS];
};

static void assert_is_as_modelled(const struct model *model)
{
	const struct location *location = location_table_location(table);
	uint32_t present = 0, walked = 0;
	for (uint32_t i = 0; i < MODEL_KEYS; i++) {
		const struct binding_set *set = location_find(location, model->key[i]);
		assert_ptr_equal(set, location_table_find(table, model->key[i]));
		assert_int_equal(set ? set->count : 0, model->count[i]);
		if (!set)
			continue;
		assert_memory_equal(set->key, model->key[i], AOR_KEY_BYTES);
		assert_int_equal(set->binding[set->count - 1].q, model->mark[i]);
		present++;
	}
	assert_int_equal(location_table_fill(table).endpoints, present);
	for (const struct binding_set *set = location_table_next(table, NULL); set;
	     set = location_table_next(table, set))
		walked++;
	assert_int_equal(walked, present);
}

static void it_holds_what_a_model_holds(void **state)
{
	static struct model model;
	struct random_source random = random_source_of(35);
	(void)state;
	for (uint32_t i = 0; i < MODEL_KEYS; i++) {
		key_of(model.key[i], i);
		memset(model.key[i], 0, 4);
		model.key[i][0] = (uint8_t)random_source_below(&random, MODEL_BUCKETS);
	}
	for (uint32_t turn = 0; turn < 20000; turn++) {
		uint32_t i = random_source_below(&random, MODEL_KEYS);
		if (random_source_below(&random, 3) == 0) {
			assert_int_equal(location_table_remove(table, model.key[i]), model.count[i] > 0);
			model.count[i] = 0;
		} else {
			model.count[i] = 1 + random_source_below(&random, BINDINGS_PER_AOR_MAX);
			model.mark[i] = (uint16_t)random_source_below(&random, 1001);
			put_at(model.key[i], model.count[i], model.mark[i]);
		}
		if (turn % 7 == 0)
			location_table_poll(table);
		if (turn % 100 == 0)
			assert_is_as_modelled(&model);
	}
	assert_is_as_modelled(&model);
}

/* Four times as many as it was made for, twice. */
static void more_than_expected_are_found_too(void **state)
{
	(void)state;
	for (uint32_t turn = 0; turn < 2; turn++) {
		uint32_t first = turn * 4 * ENDPOINTS_EXPECTED, end = first + 4 * ENDPOINTS_EXPECTED;
		for (uint32_t i = first; i < end; i++)
			put(i, 1, (uint16_t)(i % 1000));
		assert_int_equal(location_table_fill(table).endpoints, 4 * ENDPOINTS_EXPECTED);
		for (uint32_t i = first; i < end; i++) {
			assert_int_equal(find(i)->binding[0].q, i % 1000);
			assert_true(take_out(i));
		}
	}
}

/* ---- a set ---- */

/* IPv4 and IPv6 in all pairs; the maker's own room is left alone. */
static void a_set_gives_back_what_it_was_made_of(void **state)
{
	static const char *const addresses[] = {"192.0.2.7:5060", "[2001:db8::7]:5062", "[::]:0", "0.0.0.0:1"};
	static const char *const paths[] = {"", "<sip:192.0.2.99;lr>"};
	struct location_binding made[BINDINGS_PER_AOR_MAX];
	uint8_t key[AOR_KEY_BYTES];
	(void)state;
	key_of(key, 1);
	for (uint32_t i = 0; i < BINDINGS_PER_AOR_MAX; i++)
		made[i] = (struct location_binding){
			.contact = span_make("sip:somebody@192.0.2.1", 8 + i),
			.path = span_of_text(paths[i % 2]),
			.next_hop = registrar_rig_address(addresses[i % 4]),
			.local = registrar_rig_address(addresses[(i / 2) % 4]),
			.expires_tsc = UINT64_MAX - i,
			.interface = (uint16_t)(i * 1000),
			.q = (uint16_t)(1000 - i),
			.has_entry = i % 3 == 0,
			.behind_nat = i % 3 == 1,
		};
	made[5].next_hop.transport = TRANSPORT_TLS;
	for (uint32_t count = 1; count <= BINDINGS_PER_AOR_MAX; count++) {
		struct binding_set *set = location_set_make(key, made, count, (struct location_set_room){16, 3});
		memset(location_set_fixed(set), 0xff, 16);
		memset(location_set_text(set, 16), 0xff, 3);
		assert_ptr_equal(location_set_text(set, 16) + 3, (char *)set + set->bytes);
		assert_memory_equal(set->key, key, AOR_KEY_BYTES);
		for (uint32_t i = 0; i < count; i++) {
			const struct binding *binding = &set->binding[i];
			struct net_address next_hop = binding_next_hop(binding), local = binding_local(binding);
			struct net_entry entry = binding_entry(binding);
			struct net_entry expected = made[i].has_entry
							    ? net_entry_make(&made[i].local, made[i].interface)
							    : (struct net_entry){.interface = 0};
			assert_span_equal(binding_contact(binding), made[i].contact);
			assert_span_equal(binding_path(binding), made[i].path);
			assert_memory_equal(&next_hop, &made[i].next_hop, sizeof(next_hop));
			assert_memory_equal(&local, &made[i].local, sizeof(local));
			assert_memory_equal(&entry, &expected, sizeof(entry));
			assert_int_equal(binding->expires_tsc, made[i].expires_tsc);
			assert_int_equal(binding->q, made[i].q);
			assert_int_equal(binding->behind_nat, made[i].behind_nat);
		}
		location_set_free(set);
	}
}

/* The longest texts of ten bindings, behind as much room as anybody takes. */
static void the_longest_texts_fit(void **state)
{
	static char contact[LOCATION_CONTACT_BYTES_MAX], path[LOCATION_PATH_BYTES_MAX];
	struct location_binding made[BINDINGS_PER_AOR_MAX];
	uint8_t key[AOR_KEY_BYTES] = {0};
	(void)state;
	memset(contact, 'c', sizeof(contact));
	memset(path, 'p', sizeof(path));
	for (uint32_t i = 0; i < BINDINGS_PER_AOR_MAX; i++)
		made[i] = (struct location_binding){.contact = span_make(contact, sizeof(contact)),
						    .path = span_make(path, sizeof(path))};
	struct binding_set *set =
		location_set_make(key, made, BINDINGS_PER_AOR_MAX, (struct location_set_room){4096, UINT16_MAX});
	const struct binding *last = &set->binding[BINDINGS_PER_AOR_MAX - 1];
	assert_span_equal(binding_contact(last), made[0].contact);
	assert_span_equal(binding_path(last), made[0].path);
	location_set_free(set);
}

static void old_set_lives_until_readers_are_quiescent(void **state)
{
	(void)state;
	put(1, 1, 7);
	rte_rcu_qsbr_thread_online(dataplane->qsbr, 0);
	const struct binding_set *held = find(1);
	put(1, 1, 8);
	assert_true(take_out(1));
	location_table_poll(table);
	assert_int_equal(location_table_fill(table).retired, 2);
	assert_span_equal(binding_contact(&held->binding[0]), SPAN_LITERAL("sip:7@192.0.2.1"));
	/* One that is replaced now does not keep those that went before. */
	rte_rcu_qsbr_quiescent(dataplane->qsbr, 0);
	put(2, 1, 7);
	put(2, 1, 8);
	location_table_poll(table);
	assert_int_equal(location_table_fill(table).retired, 1);
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
		cmocka_unit_test_setup_teardown(it_holds_what_a_model_holds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(more_than_expected_are_found_too, set_up, tear_down),
		cmocka_unit_test(a_set_gives_back_what_it_was_made_of),
		cmocka_unit_test(the_longest_texts_fit),
		cmocka_unit_test_setup_teardown(old_set_lives_until_readers_are_quiescent, set_up, tear_down),
		cmocka_unit_test(it_takes_what_it_says),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
