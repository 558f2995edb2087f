/*
 * The ban table changes in place while readers look: who is banned for good is never let through, who never was is
 * never refused, whatever comes and goes around them.
 */
#include <sched.h>

#include <rte_cycles.h>

#include "ban_table_write.h"
#include "cmocka_all.h"
#include "publish.h"
#include "readers.h"
#include "registrar_rig.h"

#define KEYS	  96
#define PERMANENT 32 /* the first of them: banned again and again, never let go */
#define STRANGERS 16 /* behind all: never banned */
#define BANS_MAX  128
#define CHANGES	  (100000u / READERS_SLOWER)
#define LOOKS_MIN (1000u / READERS_SLOWER) /* of each reader */
#define BAN_S	  3600

static struct ban_key key[KEYS + STRANGERS];

static uint64_t look(const struct worker *worker)
{
	const struct ban_table *bans = worker->snapshot->bans;
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < PERMANENT; i++)
		wrong += !ban_find(bans, &key[i], worker->now_tsc);
	for (uint32_t i = PERMANENT; i < KEYS; i++)
		/* Either is right; it must not be a half-written end. */
		wrong += ban_find(bans, &key[i], worker->now_tsc + 2 * BAN_S * rte_get_tsc_hz());
	for (uint32_t i = KEYS; i < KEYS + STRANGERS; i++)
		wrong += ban_find(bans, &key[i], worker->now_tsc);
	return wrong;
}

static void put(struct ban_table_write *write, uint32_t index)
{
	enum status status;

	/* A reader that does not get the processor holds every deleted key's slot. */
	while ((status = ban_table_write_put(write, &key[index], BAN_S)) == STATUS_LIMIT)
		sched_yield();
	assert_int_equal(status, STATUS_OK);
}

static void change_without_pause(struct ban_table_write *write, struct readers *readers)
{
	uint32_t random = 1;

	for (uint32_t i = 0; i < CHANGES || !readers_have_looked(readers, LOOKS_MIN); i++) {
		random = random * 1664525u + 1013904223u;
		uint32_t index = (random >> 8) % KEYS;
		if (index >= PERMANENT && (random >> 24) % 2 == 0)
			(void)ban_table_write_remove(write, &key[index]);
		else
			put(write, index);
	}
}

static void readers_see_every_ban_while_the_writer_writes(void **state)
{
	static struct readers readers;
	struct dataplane *dataplane = readers_make_dataplane(READERS);
	struct publisher *publisher;
	struct ban_table_write *write;
	const struct publish_clock clock = {.tsc_hz = 1000000000};

	(void)state;
	assert_true(registrar_rig_start_eal());
	for (uint32_t i = 0; i < KEYS + STRANGERS; i++) {
		memcpy(key[i].aor_key, &i, sizeof(i));
		net_address_set_v4(key[i].ip, &i);
	}
	assert_int_equal(ban_table_write_create(&write, BANS_MAX, dataplane), STATUS_OK);
	assert_int_equal(publisher_create(&publisher, dataplane, NULL), STATUS_OK);
	assert_int_equal(publish_clock(publisher, &clock), STATUS_OK);
	assert_int_equal(publish_bans(publisher, ban_table_write_table(write), NULL), STATUS_OK);
	for (uint32_t i = 0; i < PERMANENT; i++)
		put(write, i);
	readers_start(&readers, dataplane, look);
	change_without_pause(write, &readers);
	assert_int_equal(readers_stop(&readers), 0);
	for (uint32_t i = 0; i < KEYS; i++)
		(void)ban_table_write_remove(write, &key[i]);
	assert_int_equal(atomic_load(&ban_table_write_table(write)->count), 0);
	publisher_free(publisher);
	ban_table_write_free(write);
	readers_free_dataplane(dataplane);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(readers_see_every_ban_while_the_writer_writes),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
