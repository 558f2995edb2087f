/*
 * The location table changes in place while readers look: every set that they find is whole, of the endpoint that they
 * asked for and never older than the one before; an endpoint that never leaves is always found.
 */
#include <stdlib.h>

#include "cmocka_all.h"
#include "location_table.h"
#include "publish.h"
#include "readers.h"
#include "registrar_rig.h"

#define ENDPOINTS  48
#define PERMANENT  16 /* the first of them: replaced, never removed */
#define STRANGERS  8  /* behind them: never there */
#define BUCKETS	   8  /* all of them are in these: readers walk over what is being replaced */
#define CHANGES	   (200000u / READERS_SLOWER)
#define LOOKS_MIN  (1000u / READERS_SLOWER) /* of each reader */
#define TEXT_BYTES 64

static struct location_table *table;
static uint8_t key[ENDPOINTS + STRANGERS][AOR_KEY_BYTES];
static uint64_t seen[READERS][ENDPOINTS];

/* All of a binding follows from the endpoint and the mark of its set. */
static struct location_binding make_binding(char text[2][TEXT_BYTES], uint32_t endpoint, uint64_t mark, uint32_t index)
{
	struct location_binding binding = {.expires_tsc = mark, .q = (uint16_t)(mark % 1001), .behind_nat = mark % 2};

	snprintf(text[0], TEXT_BYTES, "sip:e%u-%llu-%u@192.0.2.1", endpoint, (unsigned long long)mark, index);
	snprintf(text[1], TEXT_BYTES, "<sip:p%llu;lr>", (unsigned long long)mark);
	binding.contact = span_of_text(text[0]);
	binding.path = mark % 3 ? span_of_text(text[1]) : (struct span){0};
	memset(binding.next_hop.ip, (int)(mark & 0xff), sizeof(binding.next_hop.ip));
	binding.next_hop.port = (uint16_t)mark;
	if (mark % 5 == 0)
		net_address_set_v4(binding.next_hop.ip, &endpoint);
	net_address_set_v4(binding.local.ip, &index);
	return binding;
}

static uint32_t count_of(uint64_t mark)
{
	return 1 + (uint32_t)(mark % BINDINGS_PER_AOR_MAX);
}

/* ---- readers ---- */

static bool is_whole(const struct binding_set *set, uint32_t endpoint)
{
	uint64_t mark = set->binding[0].expires_tsc;
	char text[2][TEXT_BYTES];

	if (set->count != count_of(mark) || memcmp(set->key, key[endpoint], AOR_KEY_BYTES) != 0)
		return false;
	for (uint32_t i = 0; i < set->count; i++) {
		const struct location_binding made = make_binding(text, endpoint, mark, i);
		const struct binding *got = &set->binding[i];
		struct net_address next_hop = binding_next_hop(got), local = binding_local(got);
		if (!span_equals(binding_contact(got), made.contact) || !span_equals(binding_path(got), made.path) ||
		    memcmp(&next_hop, &made.next_hop, sizeof(next_hop)) != 0 ||
		    memcmp(&local, &made.local, sizeof(local)) != 0 || got->expires_tsc != made.expires_tsc ||
		    got->q != made.q || got->behind_nat != made.behind_nat)
			return false;
	}
	return true;
}

static uint64_t look(const struct worker *worker)
{
	const struct location *location = worker->snapshot->location;
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < ENDPOINTS; i++) {
		const struct binding_set *set = location_find(location, key[i]);
		if (!set) {
			wrong += i < PERMANENT;
			continue;
		}
		wrong += !is_whole(set, i) || set->binding[0].expires_tsc < seen[worker->index][i];
		seen[worker->index][i] = set->binding[0].expires_tsc;
	}
	for (uint32_t i = ENDPOINTS; i < ENDPOINTS + STRANGERS; i++)
		wrong += location_find(location, key[i]) != NULL;
	return wrong;
}

/* ---- the writer ---- */

static void put(uint32_t endpoint, uint64_t mark)
{
	struct location_binding binding[BINDINGS_PER_AOR_MAX];
	char text[BINDINGS_PER_AOR_MAX][2][TEXT_BYTES];

	for (uint32_t i = 0; i < count_of(mark); i++)
		binding[i] = make_binding(text[i], endpoint, mark, i);
	struct binding_set *set =
		location_set_make(key[endpoint], binding, count_of(mark), (struct location_set_room){0});
	assert_non_null(set);
	location_table_put(table, set);
}

static void change_without_pause(struct readers *readers)
{
	uint32_t random = 1;

	for (uint64_t mark = 2; mark < CHANGES || !readers_have_looked(readers, LOOKS_MIN); mark++) {
		random = random * 1664525u + 1013904223u;
		uint32_t endpoint = (random >> 8) % ENDPOINTS;
		if (endpoint >= PERMANENT && (random >> 24) % 4 == 0)
			location_table_remove(table, key[endpoint]);
		else
			put(endpoint, mark);
		location_table_poll(table);
	}
}

static void readers_see_whole_sets_while_the_writer_writes(void **state)
{
	static struct readers readers;
	struct dataplane *dataplane = readers_make_dataplane(READERS);
	struct publisher *publisher;
	const struct publish_clock clock = {.tsc_hz = 1000000000};

	(void)state;
	assert_true(registrar_rig_start_eal());
	for (uint32_t i = 0; i < ENDPOINTS + STRANGERS; i++) {
		char aor[TEXT_BYTES];
		snprintf(aor, sizeof(aor), "e%u@d", i);
		registrar_rig_key(key[i], aor);
		memset(key[i], 0, 4);
		key[i][0] = (uint8_t)(i % BUCKETS);
	}
	assert_int_equal(location_table_create(&table, ENDPOINTS, dataplane), STATUS_OK);
	assert_int_equal(publisher_create(&publisher, dataplane, NULL), STATUS_OK);
	assert_int_equal(publish_clock(publisher, &clock), STATUS_OK);
	assert_int_equal(publish_location(publisher, location_table_location(table), NULL), STATUS_OK);
	for (uint32_t i = 0; i < PERMANENT; i++)
		put(i, 1);
	readers_start(&readers, dataplane, look);
	change_without_pause(&readers);
	assert_int_equal(readers_stop(&readers), 0);

	for (uint32_t i = 0; i < ENDPOINTS; i++)
		location_table_remove(table, key[i]);
	location_table_poll(table);
	assert_int_equal(location_table_fill(table).endpoints, 0);
	assert_int_equal(location_table_fill(table).retired, 0);
	assert_int_equal(location_table_fill(table).set_bytes, 0);
	publisher_free(publisher);
	location_table_free(table);
	readers_free_dataplane(dataplane);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(readers_see_whole_sets_while_the_writer_writes),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
