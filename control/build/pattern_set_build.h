/*
 * pattern_set_build.h - regular expressions to compiled pattern sets (R7, R8).
 *
 * pattern_compiled is what sets with equal patterns in equal order share: the rows of the plain patterns, the Hyperscan
 * database of the others, the PCRE2 confirmations, the texts. Who a pattern belongs to (owner[]) is each set's own and
 * is kept by the block that holds the set.
 *
 *   begin -> scanned: none: done | some: compiled, or read from the cache (pattern_pool.h) -> adopt
 *
 * Thread: any; compile on a worker thread. References may be counted from several threads.
 */
#ifndef AMITY_PATTERN_SET_BUILD_H
#define AMITY_PATTERN_SET_BUILD_H

#include "pattern_compile.h"

struct pattern_compiled;

/* Why and where within the pattern it is refused; offset counts bytes from 0. */
struct pattern_error {
	uint32_t index;
	uint32_t offset;
	uint32_t line, column; /* of the pattern in its document, from who knows the document; else 0 */
	const char *key;       /* likewise, else NULL */
	char message[200];
};

/* Is this one pattern acceptable? PCRE2 decides. Cost: microseconds. Result: STATUS_INVALID with *error, or
 * STATUS_NO_MEMORY. */
AMITY_CHECKED enum status pattern_set_build_check(struct span pattern, struct pattern_error *error);

/* Likewise of several: the first that is refused. */
AMITY_CHECKED enum status pattern_set_build_check_all(const struct span *pattern, uint32_t count,
						      struct pattern_error *error);

/* Begins a set: the patterns that are not plain need to be checked yet, and their database. One reference is the
 * caller's. Result: STATUS_NO_MEMORY. */
AMITY_CHECKED enum status pattern_set_build_begin(struct pattern_compiled **begun, const struct span *pattern,
						  uint32_t count);

struct pattern_list {
	const struct span *pattern;
	uint32_t count;
	uint32_t first; /* of the set: its id */
};

/* The last patterns of the set, from the first that is not plain: what needs a database. As long as the set lives. */
struct pattern_list pattern_set_build_scanned(const struct pattern_compiled *set);

/*
 * Gives a set that was begun the database that was compiled of pattern_set_build_scanned(), all of which are checked.
 * The caller frees the product, of which the database was taken, and in any case keeps the reference. Result: as
 * pattern_set_build_compile().
 */
AMITY_CHECKED enum status pattern_set_build_adopt(struct pattern_compiled *begun, struct pattern_product *product,
						  struct pattern_error *error);

/*
 * Compiles patterns in order, here and now and without limit (tests; tables are built through pattern_pool.h); ids are
 * their indices. One reference is the caller's. `count` 0 is allowed: matches nothing. Result: STATUS_INVALID with
 * *error when a pattern is refused (the first such), STATUS_NO_MEMORY.
 */
AMITY_CHECKED enum status pattern_set_build_compile(struct pattern_compiled **compiled, const struct span *pattern,
						    uint32_t count, struct pattern_error *error);

struct pattern_compiled *pattern_set_build_take(struct pattern_compiled *compiled);
void pattern_set_build_release(struct pattern_compiled *compiled); /* NULL is allowed */

/* True when it was made of exactly these patterns in this order. `hash`: pattern_set_build_hash() of them. */
bool pattern_set_build_is_same(const struct pattern_compiled *compiled, uint64_t hash, const struct span *pattern,
			       uint32_t count);
uint64_t pattern_set_build_hash(const struct span *pattern, uint32_t count);
uint64_t pattern_set_build_hash_of(const struct pattern_compiled *compiled);

/* Fills the lcores' view. `owner` [count] must live as long as the set. */
void pattern_set_build_view(struct pattern_set *set, const struct pattern_compiled *compiled, const uint32_t *owner);

/* Where the cache has it; 0: nowhere. */
void pattern_set_build_set_row(struct pattern_compiled *compiled, int64_t row);
int64_t pattern_set_build_row(const struct pattern_compiled *compiled);

/* How many patterns Hyperscan only pre-filters and PCRE2 confirms. */
uint32_t pattern_set_build_confirmed_count(const struct pattern_compiled *compiled);

#endif
