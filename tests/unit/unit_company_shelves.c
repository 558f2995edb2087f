/* The shelves of a directory's companies against plain arrays, with blocks that only count who holds them. */
#include <stdlib.h>

#include "cmocka_all.h"
#include "company_shelves.h"
#include "random_source.h"

#define BLOCKS_MAX  2000
#define GENERATIONS 6
#define STEPS	    3000

struct company_block {
	int32_t references;
	uint32_t shared; /* how often its patterns were asked for */
	bool has_database;
};

static struct company_block blocks[BLOCKS_MAX];
static uint32_t block_count, takes, looks;

struct company_block *company_build_take(struct company_block *block)
{
	takes++;
	block->references++;
	return block;
}

void company_build_release(struct company_block *block)
{
	if (!block)
		return;
	assert_true(block->references > 0);
	block->references--;
}

bool company_build_has_database(const struct company_block *block)
{
	looks++;
	return block->has_database;
}

enum status company_build_share_patterns(const struct company_block *block, struct pattern_pool *pool)
{
	(void)pool;
	((struct company_block *)(uintptr_t)block)->shared++;
	return STATUS_OK;
}

static struct company_block *make_block(struct random_source *random)
{
	assert_true(block_count < BLOCKS_MAX);
	blocks[block_count] = (struct company_block){.references = 1, .has_database = random_source_once_in(random, 5)};
	return &blocks[block_count++];
}

static int reset(void **state)
{
	(void)state;
	block_count = takes = looks = 0;
	return 0;
}

/* Shelves, and what ought to be in them. */
struct generation {
	struct arena arena;
	struct company_shelves shelves;
	uint32_t count;
	struct company_block *block[BLOCKS_MAX];
};

static void check(const struct generation *generation)
{
	const struct company_shelves *shelves = &generation->shelves;
	assert_int_equal(shelves->company_count, generation->count);
	assert_true(shelves->shelf_count <= generation->count);
	for (uint32_t i = 0; i < generation->count; i++) {
		assert_ptr_equal(company_shelves_at(shelves, i), generation->block[i]);
		assert_true(generation->block[i]->references > 0);
	}
}

static void fill(struct generation *generation, uint32_t count, struct random_source *random)
{
	assert_int_equal(company_shelves_begin(&generation->shelves, &generation->arena, count), STATUS_OK);
	for (uint32_t i = 0; i < count; i++) {
		generation->block[i] = make_block(random);
		assert_int_equal(company_shelves_append(&generation->shelves, generation->block[i]), STATUS_OK);
	}
	generation->count = count;
	check(generation);
}

static void release(struct generation *generation)
{
	company_shelves_release(&generation->shelves);
	arena_free(&generation->arena);
	*generation = (struct generation){0};
}

static void change(struct generation *after, const struct generation *before, uint32_t index,
		   struct company_block *block)
{
	uint32_t gone = index < before->count, behind = before->count - index - gone;
	memcpy(after->block, before->block, index * sizeof(struct company_block *));
	if (block)
		after->block[index] = block;
	memcpy(&after->block[index + (block != NULL)], &before->block[index + gone],
	       behind * sizeof(struct company_block *));
	after->count = index + (block != NULL) + behind;
	takes = looks = 0;
	assert_int_equal(company_shelves_change(&after->shelves, &after->arena, &before->shelves, index, block),
			 STATUS_OK);
	/* However many there are, those of one shelf are taken, and none is looked at but the new one. */
	assert_true(takes <= COMPANY_SHELF_MAX);
	assert_int_equal(looks, block != NULL);
	check(after);
}

static void assert_nobody_is_held(void)
{
	for (uint32_t i = 0; i < block_count; i++)
		assert_int_equal(blocks[i].references, 0);
}

/* Companies come, change and go anywhere; directories live on beside later ones, and end in any order. */
static void any_changes_leave_what_ought_to_be_there(void **state)
{
	(void)state;
	static struct generation generations[GENERATIONS];
	static const uint32_t counts[] = {0, 1, COMPANY_SHELF_MAX, 3 * COMPANY_SHELF_MAX + 5};
	for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
		struct random_source random = random_source_of(k + 1);
		uint32_t live = 0;
		reset(NULL);
		fill(&generations[live], counts[k], &random);
		for (uint32_t step = 0; step < STEPS && block_count < BLOCKS_MAX; step++) {
			const struct generation *before = &generations[live];
			uint32_t next = (live + 1 + random_source_below(&random, GENERATIONS - 1)) % GENERATIONS;
			uint32_t index = random_source_below(&random, before->count + 1);
			bool is_end = index < before->count && random_source_once_in(&random, 2);
			release(&generations[next]);
			change(&generations[next], before, index, is_end ? NULL : make_block(&random));
			live = next;
			for (uint32_t i = 0; i < GENERATIONS && step % 50 == 0; i++)
				check(&generations[i]);
		}
		for (uint32_t i = 0; i < GENERATIONS; i++)
			release(&generations[i]);
		assert_nobody_is_held();
	}
}

/* One by one, over the ends of shelves, and all of them away again from either side. */
static void they_come_and_go_one_by_one(void **state)
{
	(void)state;
	static struct generation generations[2];
	struct random_source random = random_source_of(7);
	uint32_t live = 0;
	const uint32_t count = 2 * COMPANY_SHELF_MAX + 1;
	fill(&generations[live], 0, &random);
	for (uint32_t i = 0; i < count; i++, live = !live) {
		change(&generations[!live], &generations[live], i, make_block(&random));
		release(&generations[live]);
	}
	assert_int_equal(generations[live].shelves.shelf_count, 3);
	for (uint32_t i = 0; i < count; i++, live = !live) {
		change(&generations[!live], &generations[live], i % 2 ? 0 : generations[live].count - 1, NULL);
		release(&generations[live]);
	}
	assert_int_equal(generations[live].shelves.shelf_count, 0);
	release(&generations[live]);
	assert_nobody_is_held();
}

static void only_companies_with_databases_are_asked_for_patterns(void **state)
{
	(void)state;
	static struct generation first, second;
	struct random_source random = random_source_of(3);
	fill(&first, 2 * COMPANY_SHELF_MAX, &random);
	change(&second, &first, 5, make_block(&random));
	assert_int_equal(company_shelves_share_patterns(&second.shelves, NULL), STATUS_OK);
	for (uint32_t i = 0; i < second.count; i++)
		assert_int_equal(second.block[i]->shared, second.block[i]->has_database);
	assert_int_equal(first.block[5]->shared, 0);
	release(&first);
	release(&second);
	assert_nobody_is_held();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(any_changes_leave_what_ought_to_be_there, reset),
		cmocka_unit_test_setup(they_come_and_go_one_by_one, reset),
		cmocka_unit_test_setup(only_companies_with_databases_are_asked_for_patterns, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
