/*
 * pattern_pool.h - compiled pattern sets by content: equal lists are compiled once and shared.
 *
 * Thread: each pool belongs to one thread at a time.
 */
#ifndef AMITY_PATTERN_POOL_H
#define AMITY_PATTERN_POOL_H

#include "pattern_set_build.h"

struct pattern_pool;

AMITY_CHECKED enum status pattern_pool_create(struct pattern_pool **pool);
void pattern_pool_free(struct pattern_pool *pool); /* drops its references. NULL is allowed */

/* Makes an existing set known; the pool takes a reference. */
AMITY_CHECKED enum status pattern_pool_add(struct pattern_pool *pool, struct pattern_compiled *compiled);

/* A set of these patterns, known or compiled now; one reference is the caller's. Results as
 * pattern_set_build_compile(). */
AMITY_CHECKED enum status pattern_pool_get(struct pattern_pool *pool, struct pattern_compiled **compiled,
					   const struct span *pattern, uint32_t count, struct pattern_error *error);

/* How many pattern_pool_get() had to compile. */
uint32_t pattern_pool_compiled_count(const struct pattern_pool *pool);

#endif
