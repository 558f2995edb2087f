/*
 * pattern_pool.h - compiled pattern sets by content: equal lists are compiled once and shared, and what an earlier
 * process compiled is read from the cache.
 *
 *   get: known in this build or the live directory -> all plain -> the cache on disk -> the compiling process
 *
 * Thread: each pool belongs to one thread at a time.
 */
#ifndef AMITY_PATTERN_POOL_H
#define AMITY_PATTERN_POOL_H

#include "pattern_cache.h"
#include "pattern_compiler.h"
#include "pattern_set_build.h"

/* Where sets come from that are not known. */
struct pattern_source {
	struct pattern_cache *cache;	   /* NULL: none */
	struct pattern_compiler *compiler; /* NULL: compiled here, without limits */
};

struct pattern_pool;

AMITY_CHECKED enum status pattern_pool_create(struct pattern_pool **pool);
void pattern_pool_free(struct pattern_pool *pool); /* drops its references. NULL is allowed */

/* Before the first pattern_pool_get(). */
void pattern_pool_set_source(struct pattern_pool *pool, const struct pattern_source *source);

/* Ends a build: the cache learns which sets are in use (`is_whole`: all others are not), the compiling process ends. */
void pattern_pool_finish(struct pattern_pool *pool, bool is_whole);

/* Makes an existing set known; the pool takes a reference. */
AMITY_CHECKED enum status pattern_pool_add(struct pattern_pool *pool, struct pattern_compiled *compiled);

/* Makes more sets known, when one would have to be loaded or compiled: called at most once. */
typedef enum status (*pattern_pool_others_fn)(void *argument);
void pattern_pool_set_others(struct pattern_pool *pool, pattern_pool_others_fn others, void *argument);

/* A set of these patterns, known or made now; one reference is the caller's. Results as pattern_set_build_compile()
 * and pattern_compiler_run(). */
AMITY_CHECKED enum status pattern_pool_get(struct pattern_pool *pool, struct pattern_compiled **compiled,
					   const struct span *pattern, uint32_t count, struct pattern_error *error);

/* How many databases pattern_pool_get() had to have compiled, and had from the cache. */
uint32_t pattern_pool_compiled_count(const struct pattern_pool *pool);
uint32_t pattern_pool_loaded_count(const struct pattern_pool *pool);

/* How long those took that were compiled, the start of the compiling process included. */
uint64_t pattern_pool_compile_us(const struct pattern_pool *pool);

#endif
