/*
 * pattern_compile.h - what is slow about a pattern set: Hyperscan's compilation, and which patterns it needs confirmed.
 *
 * Hyperscan cannot be interrupted, and a pattern of 40 bytes can keep it busy for minutes and take gigabytes. So amityd
 * asks a process of its own for it (pattern_compiler.h); pattern_compile_run() is what both ends share.
 */
#ifndef AMITY_PATTERN_COMPILE_H
#define AMITY_PATTERN_COMPILE_H

#include "pattern_set.h"
#include "status.h"

/* One match a pattern is enough; patterns that match the empty text are legal (R7). Part of the cache's key. */
#define PATTERN_COMPILE_FLAGS (HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY)

struct pattern_product {
	struct hs_database *database;
	uint8_t *confirm; /* [count]: 1: the database only pre-filters it */
};

/*
 * Compiles `count` > 0 patterns, each of which pattern_set_build_check() accepts.
 *
 * Thread: any; takes as long as it takes.   Result: *product is the caller's; STATUS_NO_MEMORY; STATUS_LIMIT: too much
 * for Hyperscan even as a pre-filter.
 */
AMITY_CHECKED enum status pattern_compile_run(struct pattern_product *product, const struct span *pattern,
					      uint32_t count);

void pattern_compile_free(struct pattern_product *product);

#endif
