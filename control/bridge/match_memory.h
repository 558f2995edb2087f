/*
 * match_memory.h - scratches for readers of pattern sets (include/match_scratch.h): how large they must be for a
 * directory, and the memory behind one.
 *
 * Thread: any.
 */
#ifndef AMITY_MATCH_MEMORY_H
#define AMITY_MATCH_MEMORY_H

#include "directory.h"

/* Grows *largest, which never scans, to what every pattern set of `directory` needs; it is large enough for those of
 * `known` (NULL: for none). Result: false when memory ends; it may have grown. */
bool match_memory_grow(struct hs_scratch **largest, const struct directory *directory, const struct directory *known);

/*
 * A scratch as large as `largest` (NULL: no patterns anywhere). Result: false when memory ends; it is to be released in
 * any case.
 */
bool match_memory_fill(struct match_scratch *scratch, const struct hs_scratch *largest);

/* One that is all zero is allowed. */
void match_memory_release(struct match_scratch *scratch);

#endif
