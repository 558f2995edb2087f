#include "company_shelves.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct company_shelf {
	atomic_uint references;
	uint32_t count;
	struct company_block *block[COMPANY_SHELF_MAX];
	bool has_database[COMPANY_SHELF_MAX]; /* as the block says */
};

static struct company_shelf *make_shelf(void)
{
	struct company_shelf *shelf = calloc(1, sizeof(*shelf));
	if (shelf)
		atomic_init(&shelf->references, 1);
	return shelf;
}

/* There is room. */
static void put_block(struct company_shelf *shelf, struct company_block *block, bool has_database)
{
	shelf->block[shelf->count] = block;
	shelf->has_database[shelf->count++] = has_database;
}

static struct company_shelf *take_shelf(struct company_shelf *shelf)
{
	atomic_fetch_add_explicit(&shelf->references, 1, memory_order_relaxed);
	return shelf;
}

static void release_shelf(struct company_shelf *shelf)
{
	/* The last release pairs with the earlier ones: what other holders did comes before the free. */
	if (atomic_fetch_sub_explicit(&shelf->references, 1, memory_order_acq_rel) != 1)
		return;
	for (uint32_t i = 0; i < shelf->count; i++)
		company_build_release(shelf->block[i]);
	free(shelf);
}

static enum status take_arrays(struct company_shelves *shelves, struct arena *arena, uint32_t shelf_max)
{
	*shelves = (struct company_shelves){0};
	shelves->shelf = arena_take_array(arena, shelf_max, sizeof(struct company_shelf *));
	shelves->first = arena_take_array(arena, shelf_max, sizeof(*shelves->first));
	return shelves->shelf && shelves->first ? STATUS_OK : STATUS_NO_MEMORY;
}

/* The reference goes with it; one without companies is dropped. */
static void put_shelf(struct company_shelves *shelves, struct company_shelf *shelf)
{
	if (shelf->count == 0) {
		release_shelf(shelf);
		return;
	}
	shelves->first[shelves->shelf_count] = shelves->company_count;
	shelves->shelf[shelves->shelf_count++] = shelf;
	shelves->company_count += shelf->count;
}

enum status company_shelves_begin(struct company_shelves *shelves, struct arena *arena, uint32_t company_count)
{
	return take_arrays(shelves, arena, company_count / COMPANY_SHELF_MAX + 1);
}

enum status company_shelves_append(struct company_shelves *shelves, struct company_block *block)
{
	struct company_shelf *last = shelves->shelf_count ? shelves->shelf[shelves->shelf_count - 1] : NULL;
	if (last && last->count < COMPANY_SHELF_MAX) {
		put_block(last, block, company_build_has_database(block));
		shelves->company_count++;
		return STATUS_OK;
	}
	struct company_shelf *shelf = make_shelf();
	if (!shelf) {
		company_build_release(block);
		return STATUS_NO_MEMORY;
	}
	put_block(shelf, block, company_build_has_database(block));
	put_shelf(shelves, shelf);
	return STATUS_OK;
}

/* Of the shelf that holds the company; of the last one behind all of them. There must be one. */
static uint32_t find_shelf(const struct company_shelves *shelves, uint32_t index)
{
	uint32_t low = 0, high = shelves->shelf_count;
	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;
		if (shelves->first[middle] <= index)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct company_block *company_shelves_at(const struct company_shelves *shelves, uint32_t index)
{
	uint32_t at = find_shelf(shelves, index);
	return shelves->shelf[at]->block[index - shelves->first[at]];
}

/* The company at `place` left out, `block` in its place. There is room. */
static void fill_changed(struct company_shelf *shelf, const struct company_shelf *from, uint32_t place,
			 struct company_block *block)
{
	for (uint32_t i = 0; i < from->count || i == place; i++)
		if (i != place)
			put_block(shelf, company_build_take(from->block[i]), from->has_database[i]);
		else if (block)
			put_block(shelf, block, company_build_has_database(block));
}

enum status company_shelves_change(struct company_shelves *shelves, struct arena *arena,
				   const struct company_shelves *from, uint32_t index, struct company_block *block)
{
	static const struct company_shelf none;
	struct company_shelf *made = make_shelf();
	if (!made || take_arrays(shelves, arena, from->shelf_count + 1) != STATUS_OK) {
		free(made);
		company_build_release(block);
		return STATUS_NO_MEMORY;
	}
	uint32_t changed = from->shelf_count ? find_shelf(from, index) : 0;
	const struct company_shelf *before = from->shelf_count ? from->shelf[changed] : &none;
	uint32_t place = from->shelf_count ? index - from->first[changed] : 0;
	/* Behind a last shelf that is full a new one begins. */
	if (place == COMPANY_SHELF_MAX) {
		before = &none;
		place = 0;
		changed++;
	}
	fill_changed(made, before, place, block);
	for (uint32_t i = 0; i < from->shelf_count; i++)
		put_shelf(shelves, i == changed ? made : take_shelf(from->shelf[i]));
	if (changed == from->shelf_count)
		put_shelf(shelves, made);
	return STATUS_OK;
}

enum status company_shelves_share_patterns(const struct company_shelves *shelves, struct pattern_pool *pool)
{
	enum status status = STATUS_OK;
	for (uint32_t i = 0; i < shelves->shelf_count; i++) {
		const struct company_shelf *shelf = shelves->shelf[i];
		for (uint32_t j = 0; j < shelf->count && status == STATUS_OK; j++)
			if (shelf->has_database[j])
				status = company_build_share_patterns(shelf->block[j], pool);
	}
	return status;
}

void company_shelves_release(struct company_shelves *shelves)
{
	for (uint32_t i = 0; i < shelves->shelf_count; i++)
		release_shelf(shelves->shelf[i]);
	*shelves = (struct company_shelves){0};
}
