/*
 * An lcore counts calls while others read its table of limits: entries change hands all the time, and nobody ever reads
 * of one thing what was counted for another.
 */
#include <pthread.h>

#include "cmocka_all.h"
#include "limit_table.h"
#include "readers.h"

#define KEYS	  64 /* of one set: eight times as many as fit */
#define LOOKED_AT 2  /* of them: those with the fewest calls, so that another's count shows */
#define NOW_S	  1000000
#define CHANGES	  (1000000u / READERS_SLOWER)
#define LOOKS_MIN (1000000u / READERS_SLOWER)

static _Alignas(64) uint8_t memory[1024 * (sizeof(struct limit_entry) + sizeof(uint32_t))];
static struct limit_table table;
static uint64_t key[KEYS];

struct reader_of_limits {
	pthread_t thread;
	atomic_bool *stopping;
	atomic_ulong looks;
	uint64_t wrong;
};

/* A thing with number i has i + 1 calls when it has any, begun one after another. */
static void *look(void *argument)
{
	struct reader_of_limits *reader = argument;

	while (!atomic_load(reader->stopping)) {
		for (uint32_t i = 0; i < LOOKED_AT; i++)
			reader->wrong += limit_table_read_calls(&table, key[i]) > i + 1;
		atomic_fetch_add(&reader->looks, 1);
	}
	return NULL;
}

static void find_keys_of_one_set(void)
{
	uint32_t found = 0;

	for (uint64_t name = 0; found < KEYS; name++) {
		uint64_t candidate = limit_table_key(LIMIT_COMPANY_CALLS, name);
		if (limit_table_read_calls(&table, candidate) == 0 &&
		    limit_table_hold(&table, candidate, NOW_S) / LIMIT_WAYS == 5)
			key[found++] = candidate;
		memset(memory, 0, sizeof(memory));
		limit_table_init(&table, memory, 1024);
	}
}

static void change(uint32_t i)
{
	uint32_t entry = LIMIT_NONE;

	for (uint32_t calls = 0; calls <= i; calls++) {
		entry = limit_table_hold(&table, key[i], NOW_S);
		assert_int_not_equal(entry, LIMIT_NONE);
	}
	for (uint32_t calls = 0; calls <= i; calls++)
		limit_table_release(&table, entry);
}

static void counts_of_one_thing_are_never_read_for_another(void **state)
{
	static struct reader_of_limits reader[READERS];
	atomic_bool stopping = false;
	uint32_t random = 1;
	bool looked = false;

	(void)state;
	limit_table_init(&table, memory, 1024);
	find_keys_of_one_set();
	for (uint32_t i = 0; i < READERS; i++) {
		reader[i].stopping = &stopping;
		assert_int_equal(pthread_create(&reader[i].thread, NULL, look, &reader[i]), 0);
	}
	for (uint32_t i = 0; i < CHANGES || !looked; i++) {
		random = random * 1664525u + 1013904223u;
		change(i % 2 ? (random >> 8) % KEYS : (random >> 8) % LOOKED_AT);
		looked = true;
		for (uint32_t r = 0; r < READERS; r++)
			looked = looked && atomic_load(&reader[r].looks) >= LOOKS_MIN;
	}
	atomic_store(&stopping, true);
	for (uint32_t i = 0; i < READERS; i++) {
		pthread_join(reader[i].thread, NULL);
		assert_int_equal(reader[i].wrong, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_of_one_thing_are_never_read_for_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
