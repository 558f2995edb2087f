/*
 * Readers that verify all that a snapshot leads to, while a writer publishes without pause.
 *
 * Every part is a block with the generation of the snapshot that brought it and a checksum over all of it. A released
 * block is overwritten, and lies in quarantine before its memory is used again: what is read too late is wrong.
 */
#include <stdlib.h>

#include "cmocka_all.h"
#include "must.h"
#include "pattern_set_fixture.h"
#include "publish.h"
#include "readers.h"

#define ROUNDS	     (READERS_SLOWER == 1 ? 10 : 2)
#define PUBLICATIONS (20000u / READERS_SLOWER) /* a round */
#define LOOKS_MIN    (1000u / READERS_SLOWER)  /* of each reader, a round */
#define QUARANTINE   64
#define PATTERN_SETS 5
#define PATTERNS_MAX 2000
#define POISON	     0xa5

enum part {
	PART_DIRECTORY,
	PART_WIRE,
	PART_KEYS,
	PART_LOCATION,
	PART_BANS,
	PART_CLOCK,    /* has no block: its generation is the unix time */
	PART_IN_PLACE, /* behind a pointer of our own, through publish_retire() */
	PART_COUNT,
};

struct block {
	union {
		struct directory directory;
		struct wire wire;
		struct secret_keys keys;
		struct location location;
		struct ban_table bans;
	} part; /* first: what is published */
	uint64_t generation;
	uint64_t filler[32];
	uint64_t checksum; /* last: of all before it */
};

/* What a reader saw last. */
struct seen {
	uint64_t snapshot;
	uint64_t part[PART_COUNT];
};

static struct publisher *publisher;
static struct pattern_set pattern_set[PATTERN_SETS];
static _Atomic(const struct block *) in_place;
static struct seen seen[READERS];
static struct block *quarantine[QUARANTINE];
static uint64_t published, released, released_wrong;
static uint32_t random_state = 1;

static uint32_t next_random(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 8;
}

static uint64_t sum_of(const struct block *block)
{
	uint64_t sum = 0, word;

	for (size_t at = 0; at < offsetof(struct block, checksum); at += sizeof(word)) {
		memcpy(&word, (const char *)block + at, sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
		sum ^= sum >> 32;
	}
	return sum;
}

/* ---- readers ---- */

static bool looks_whole(const struct block *block, uint64_t *last, uint64_t newest)
{
	bool is_whole = sum_of(block) == block->checksum && block->generation >= *last && block->generation <= newest;
	*last = block->generation;
	return is_whole;
}

/* The worker's own scratch must be large enough for the patterns that came with it. */
static bool patterns_match(const struct worker *worker)
{
	const struct pattern_set *set = &worker->snapshot->directory->carrier_patterns;
	struct match_scratch *scratch = &worker->snapshot->scratch[worker->index];
	uint32_t id = UINT32_MAX;

	return pattern_match_first(&id, set, SPAN_LITERAL("10500"), scratch) && id == 0 &&
	       !pattern_match_first(&id, set, SPAN_LITERAL("+3460000000"), scratch);
}

static void take_blocks(const struct block *block[PART_COUNT], const struct snapshot *snapshot)
{
	block[PART_DIRECTORY] = (const struct block *)snapshot->directory;
	block[PART_WIRE] = (const struct block *)snapshot->wire;
	block[PART_KEYS] = (const struct block *)snapshot->keys;
	block[PART_LOCATION] = (const struct block *)snapshot->location;
	block[PART_BANS] = (const struct block *)snapshot->bans;
	block[PART_CLOCK] = NULL;
	block[PART_IN_PLACE] = NULL;
}

static uint64_t look(const struct worker *worker)
{
	const struct snapshot *snapshot = worker->snapshot;
	struct seen *last = &seen[worker->index];
	const struct block *block[PART_COUNT];
	uint64_t wrong = 0, newest = snapshot->unix_base_s;

	take_blocks(block, snapshot);
	for (enum part part = 0; part < PART_CLOCK; part++) {
		wrong += !looks_whole(block[part], &last->part[part], snapshot->generation);
		if (block[part]->generation > newest)
			newest = block[part]->generation;
	}
	/* Each publication brings one part, so that the newest part is of this snapshot: never an older neighbour's. */
	wrong += newest != snapshot->generation || snapshot->generation < last->snapshot;
	wrong += snapshot->unix_base_s < last->part[PART_CLOCK];
	last->snapshot = snapshot->generation;
	last->part[PART_CLOCK] = snapshot->unix_base_s;
	/* Pairs with the release exchange of replace_in_place(). */
	const struct block *changed = atomic_load_explicit(&in_place, memory_order_acquire);
	wrong += !looks_whole(changed, &last->part[PART_IN_PLACE], UINT64_MAX);
	wrong += !patterns_match(worker);
	/* Held to the end of the burst, whatever was published meanwhile. */
	for (enum part part = 0; part < PART_CLOCK; part++)
		wrong += sum_of(block[part]) != block[part]->checksum;
	return wrong + (sum_of(changed) != changed->checksum);
}

/* ---- the writer ---- */

static void release(const void *part)
{
	struct block *block = (struct block *)(uintptr_t)part, **slot = &quarantine[released % QUARANTINE];

	released_wrong += sum_of(block) != block->checksum; /* also when it is released twice */
	memset(block, POISON, sizeof(*block));
	free(*slot);
	*slot = block;
	released++;
}

static struct block *make_block(uint64_t generation)
{
	struct block *block = calloc(1, sizeof(*block));

	must(block);
	block->generation = generation;
	for (size_t i = 0; i < sizeof(block->filler) / sizeof(block->filler[0]); i++)
		block->filler[i] = next_random();
	return block;
}

/* `set`: which patterns a directory brings. */
static enum status publish_part(enum part part, uint32_t set)
{
	uint64_t generation = publish_current(publisher)->generation + 1;
	const struct publish_clock clock = {.unix_base_s = generation, .tsc_hz = 1000000000};

	if (part == PART_CLOCK)
		return publish_clock(publisher, &clock);
	struct block *block = make_block(generation);
	if (part == PART_DIRECTORY)
		block->part.directory.carrier_patterns = pattern_set[set];
	block->checksum = sum_of(block);
	published++;
	switch (part) {
	case PART_DIRECTORY:
		return publish_directory(publisher, &block->part.directory, release);
	case PART_WIRE:
		return publish_wire(publisher, &block->part.wire, release);
	case PART_KEYS:
		return publish_keys(publisher, &block->part.keys, release);
	case PART_LOCATION:
		return publish_location(publisher, &block->part.location, release);
	case PART_BANS:
		return publish_bans(publisher, &block->part.bans, release);
	default:
		return STATUS_INVALID;
	}
}

static enum status replace_in_place(uint64_t serial)
{
	struct block *block = make_block(serial);

	block->checksum = sum_of(block);
	published++;
	/* Pairs with the acquire load of look(). */
	const struct block *old = atomic_exchange_explicit(&in_place, block, memory_order_release);
	return old ? publish_retire(publisher, old, release) : STATUS_OK;
}

/* In the second half of a round the patterns become more, and the scratches of all readers with them. */
static uint32_t choose_set(uint32_t i)
{
	uint32_t set = i < PUBLICATIONS / 2 ? 0 : (i - PUBLICATIONS / 2) * PATTERN_SETS / (PUBLICATIONS / 2);
	return set < PATTERN_SETS ? set : PATTERN_SETS - 1;
}

static void publish_without_pause(struct readers *readers)
{
	for (uint32_t i = 0; i < PUBLICATIONS || !readers_have_looked(readers, LOOKS_MIN); i++) {
		enum part part = next_random() % PART_COUNT;
		enum status status =
			part == PART_IN_PLACE ? replace_in_place(i + 1) : publish_part(part, choose_set(i));
		assert_int_equal(status, STATUS_OK);
	}
}

static void readers_verify_while_a_writer_publishes(void **state)
{
	static struct readers readers;

	(void)state;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct dataplane *dataplane = readers_make_dataplane(READERS);
		published = released = released_wrong = 0;
		memset(seen, 0, sizeof(seen));
		assert_int_equal(publisher_create(&publisher, dataplane, NULL), STATUS_OK);
		for (enum part part = 0; part < PART_IN_PLACE; part++)
			assert_int_equal(publish_part(part, 0), STATUS_OK);
		assert_int_equal(replace_in_place(0), STATUS_OK);
		readers_start(&readers, dataplane, look);
		publish_without_pause(&readers);
		assert_int_equal(readers_stop(&readers), 0);

		assert_int_equal(publish_poll(publisher), 0);
		assert_int_equal(released, published - PART_CLOCK - 1); /* all but the live ones */
		assert_int_equal(publish_retire(publisher, atomic_exchange(&in_place, NULL), release), STATUS_OK);
		publisher_free(publisher);
		assert_int_equal(released, published);
		assert_int_equal(released_wrong, 0);
		readers_free_dataplane(dataplane);
	}
}

/* ---- patterns ---- */

static int make_patterns(void **state)
{
	static const uint32_t counts[PATTERN_SETS] = {1, 30, 200, 700, PATTERNS_MAX};
	static char text[PATTERNS_MAX][32];
	static struct pattern_row row[PATTERNS_MAX];
	static struct match_scratch scratch;

	(void)state;
	for (uint32_t i = 0; i < PATTERNS_MAX; i++) {
		snprintf(text[i], sizeof(text[i]), "^%u[0-9]{3}$", 10 + i);
		row[i] = (struct pattern_row){text[i], i};
	}
	pattern_set_fixture_init(&scratch);
	for (uint32_t i = 0; i < PATTERN_SETS; i++)
		pattern_set_fixture_build(&pattern_set[i], row, counts[i], &scratch);
	pattern_set_fixture_free_scratch(&scratch);
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < PATTERN_SETS; i++)
		pattern_set_fixture_free(&pattern_set[i]);
	for (uint32_t i = 0; i < QUARANTINE; i++)
		free(quarantine[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test_setup_teardown(readers_verify_while_a_writer_publishes, make_patterns, free_all),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
