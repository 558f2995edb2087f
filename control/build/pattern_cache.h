/*
 * pattern_cache.h - compiled pattern sets on disk, so that a restart does not compile (STATE_DIR/patterns.db).
 *
 *   pattern_set  id, key, mac, content: what needs confirmation, the patterns themselves, the serialised database
 *   used         which of the last builds used which set: others are removed
 *
 * The key is a hash of the patterns in order, the libraries' versions, the CPU and this format. Content is believed
 * only when its MAC is right (keyed from the provisioning store) and its patterns are those that were asked for.
 * Whatever is damaged, foreign or unreadable is made anew; a disk that is full or read-only costs the cache, never the
 * build: a warning is logged once, and everything is compiled.
 *
 * Thread: one at a time.
 */
#ifndef AMITY_PATTERN_CACHE_H
#define AMITY_PATTERN_CACHE_H

#include "pattern_compile.h"
#include "secret_keys.h"

/* Sets that none of so many builds used are removed: going back a few revisions stays quick. */
#define PATTERN_CACHE_BUILDS_KEPT 16

/* 10,000 sets of twenty patterns take 70 MB; beyond this nothing more is stored. */
#define PATTERN_CACHE_BYTES_MAX (2ull << 30)

struct pattern_cache;

/* Result: a cache that may have to do without its file; STATUS_NO_MEMORY. */
AMITY_CHECKED enum status pattern_cache_open(struct pattern_cache **cache, const char *state_dir,
					     const struct secret_keys *keys);
void pattern_cache_close(struct pattern_cache *cache); /* NULL is allowed */

/* Result: false when there is none that can be believed. *row names it for pattern_cache_finish(). */
bool pattern_cache_get(struct pattern_cache *cache, struct pattern_product *product, int64_t *row,
		       const struct span *pattern, uint32_t count);

/* Result: the row, 0 when it could not be stored. */
int64_t pattern_cache_put(struct pattern_cache *cache, const struct pattern_product *product,
			  const struct span *pattern, uint32_t count);

/* Ends a build: `row` [count] are the sets in use (0: not stored), the rest is removed in time. */
void pattern_cache_finish(struct pattern_cache *cache, const int64_t *row, uint32_t count);

/* Ends a build of a part: `row` [count] are in use as well as what the last whole build used. Nothing is removed. */
void pattern_cache_add_use(struct pattern_cache *cache, const int64_t *row, uint32_t count);

/* How many sets or files were found damaged or foreign, and made anew. */
uint32_t pattern_cache_damaged_count(const struct pattern_cache *cache);

#endif
