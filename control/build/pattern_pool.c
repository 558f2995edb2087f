#include "pattern_pool.h"

#include <stdlib.h>

#include "clock_us.h"
#include "headroom.h"

/* Hyperscan 5.4 follows pointers that it did not get while it compiles: so much must be there before it begins. */
#define COMPILE_ROOM_BYTES (64u << 20)

/* Open addressing by content, at most half full. */
struct pattern_pool {
	struct pattern_compiled **slot;
	uint32_t mask;
	uint32_t count;
	uint32_t compiled_count;
	uint32_t loaded_count;
	uint64_t compile_us;
	struct pattern_source source;
	pattern_pool_others_fn others; /* NULL: they are known */
	void *others_argument;
	struct {
		int64_t *row;
		uint32_t count, capacity;
	} made; /* where the cache has what pattern_pool_get() compiled or loaded */
};

enum status pattern_pool_create(struct pattern_pool **pool)
{
	struct pattern_pool *created = calloc(1, sizeof(*created));
	struct pattern_compiled **slot = calloc(64, sizeof(*slot));
	if (!created || !slot) {
		free(created);
		free(slot);
		return STATUS_NO_MEMORY;
	}
	created->slot = slot;
	created->mask = 63;
	*pool = created;
	return STATUS_OK;
}

void pattern_pool_free(struct pattern_pool *pool)
{
	if (!pool)
		return;
	for (uint32_t i = 0; i <= pool->mask; i++)
		pattern_set_build_release(pool->slot[i]);
	free(pool->slot);
	free(pool->made.row);
	free(pool);
}

static void insert(struct pattern_compiled **slot, uint32_t mask, struct pattern_compiled *compiled)
{
	uint32_t i = (uint32_t)pattern_set_build_hash_of(compiled) & mask;
	while (slot[i])
		i = (i + 1) & mask;
	slot[i] = compiled;
}

static enum status make_room(struct pattern_pool *pool)
{
	if (2 * (pool->count + 1) <= pool->mask + 1)
		return STATUS_OK;
	uint32_t mask = 2 * pool->mask + 1;
	struct pattern_compiled **slot = calloc((size_t)mask + 1, sizeof(*slot));
	if (!slot)
		return STATUS_NO_MEMORY;
	for (uint32_t i = 0; i <= pool->mask; i++)
		if (pool->slot[i])
			insert(slot, mask, pool->slot[i]);
	free(pool->slot);
	pool->slot = slot;
	pool->mask = mask;
	return STATUS_OK;
}

enum status pattern_pool_add(struct pattern_pool *pool, struct pattern_compiled *compiled)
{
	for (uint32_t i = (uint32_t)pattern_set_build_hash_of(compiled) & pool->mask; pool->slot[i];
	     i = (i + 1) & pool->mask)
		if (pool->slot[i] == compiled)
			return STATUS_OK;
	enum status status = make_room(pool);
	if (status != STATUS_OK)
		return status;
	insert(pool->slot, pool->mask, pattern_set_build_take(compiled));
	pool->count++;
	return STATUS_OK;
}

static enum status compile(struct pattern_pool *pool, struct pattern_product *product, const struct span *pattern,
			   uint32_t count, struct pattern_error *error)
{
	enum status status = pattern_set_build_check_all(pattern, count, error);
	if (status != STATUS_OK)
		return status;
	pool->compiled_count++;
	uint64_t started_us = clock_us();
	if (pool->source.compiler)
		status = pattern_compiler_run(pool->source.compiler, product, pattern, count, error);
	else
		status = headroom_has(COMPILE_ROOM_BYTES) ? pattern_compile_run(product, pattern, count)
							  : STATUS_NO_MEMORY;
	pool->compile_us += clock_us() - started_us;
	return status;
}

/* Without memory the cache may forget a set too early, and compiles it again. */
static void note_made(struct pattern_pool *pool, int64_t row)
{
	if (row == 0)
		return;
	if (pool->made.count == pool->made.capacity) {
		uint32_t capacity = pool->made.capacity ? 2 * pool->made.capacity : 16;
		int64_t *rows = reallocarray(pool->made.row, capacity, sizeof(*rows));
		if (!rows)
			return;
		pool->made.row = rows;
		pool->made.capacity = capacity;
	}
	pool->made.row[pool->made.count++] = row;
}

/* From the cache or the compiler. */
static enum status find_database(struct pattern_pool *pool, struct pattern_compiled *set, struct pattern_list scanned,
				 struct pattern_error *error)
{
	struct pattern_cache *cache = pool->source.cache;
	struct pattern_product product = {0};
	int64_t row = 0;
	bool loaded = cache && pattern_cache_get(cache, &product, &row, scanned.pattern, scanned.count);
	enum status status = loaded ? STATUS_OK : compile(pool, &product, scanned.pattern, scanned.count, error);
	if (status != STATUS_OK) {
		error->index += scanned.first;
		return status;
	}
	pool->loaded_count += loaded;
	if (cache && !loaded)
		row = pattern_cache_put(cache, &product, scanned.pattern, scanned.count);
	note_made(pool, row);
	pattern_set_build_set_row(set, row);
	status = pattern_set_build_adopt(set, &product, error);
	pattern_compile_free(&product);
	return status;
}

/* NULL: it is not known. */
static struct pattern_compiled *find_known(const struct pattern_pool *pool, uint64_t hash, const struct span *pattern,
					   uint32_t count)
{
	for (uint32_t i = (uint32_t)hash & pool->mask; pool->slot[i]; i = (i + 1) & pool->mask)
		if (pattern_set_build_is_same(pool->slot[i], hash, pattern, count))
			return pool->slot[i];
	return NULL;
}

/* Nobody is asked twice. */
static enum status learn_others(struct pattern_pool *pool)
{
	pattern_pool_others_fn others = pool->others;
	pool->others = NULL;
	return others ? others(pool->others_argument) : STATUS_OK;
}

static enum status make(struct pattern_pool *pool, struct pattern_compiled **made, uint64_t hash,
			const struct span *pattern, uint32_t count, struct pattern_error *error)
{
	struct pattern_compiled *set;
	*error = (struct pattern_error){0};
	enum status status = pattern_set_build_begin(&set, pattern, count);
	if (status != STATUS_OK)
		return status;
	struct pattern_list scanned = pattern_set_build_scanned(set);
	if (scanned.count > 0) {
		status = learn_others(pool);
		struct pattern_compiled *known = find_known(pool, hash, pattern, count);
		if (status == STATUS_OK && known) {
			pattern_set_build_release(set);
			*made = pattern_set_build_take(known);
			return STATUS_OK;
		}
		if (status == STATUS_OK)
			status = find_database(pool, set, scanned, error);
	}
	if (status == STATUS_OK)
		*made = set;
	else
		pattern_set_build_release(set);
	return status;
}

enum status pattern_pool_get(struct pattern_pool *pool, struct pattern_compiled **compiled, const struct span *pattern,
			     uint32_t count, struct pattern_error *error)
{
	uint64_t hash = pattern_set_build_hash(pattern, count);
	struct pattern_compiled *known = find_known(pool, hash, pattern, count), *made;
	if (known) {
		*compiled = pattern_set_build_take(known);
		return STATUS_OK;
	}
	enum status status = make(pool, &made, hash, pattern, count, error);
	if (status != STATUS_OK)
		return status;
	status = pattern_pool_add(pool, made);
	if (status != STATUS_OK) {
		pattern_set_build_release(made);
		return status;
	}
	*compiled = made;
	return STATUS_OK;
}

uint32_t pattern_pool_compiled_count(const struct pattern_pool *pool)
{
	return pool->compiled_count;
}

uint32_t pattern_pool_loaded_count(const struct pattern_pool *pool)
{
	return pool->loaded_count;
}

uint64_t pattern_pool_compile_us(const struct pattern_pool *pool)
{
	return pool->compile_us;
}

void pattern_pool_set_others(struct pattern_pool *pool, pattern_pool_others_fn others, void *argument)
{
	pool->others = others;
	pool->others_argument = argument;
}

void pattern_pool_set_source(struct pattern_pool *pool, const struct pattern_source *source)
{
	pool->source = *source;
}

static void finish_whole(struct pattern_pool *pool)
{
	int64_t *row = calloc(pool->count + 1, sizeof(*row));
	if (!row)
		return;
	uint32_t count = 0;
	for (uint32_t i = 0; i <= pool->mask; i++)
		if (pool->slot[i])
			row[count++] = pattern_set_build_row(pool->slot[i]);
	pattern_cache_finish(pool->source.cache, row, count);
	free(row);
}

void pattern_pool_finish(struct pattern_pool *pool, bool is_whole)
{
	if (pool->source.compiler)
		pattern_compiler_rest(pool->source.compiler);
	if (!pool->source.cache)
		return;
	if (is_whole)
		finish_whole(pool);
	else
		pattern_cache_add_use(pool->source.cache, pool->made.row, pool->made.count);
}
