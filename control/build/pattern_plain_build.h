/*
 * pattern_plain_build.h - which patterns of a set are of the usual shapes (pattern_plain.h), and their rows.
 *
 * Thread: any.
 */
#ifndef AMITY_PATTERN_PLAIN_BUILD_H
#define AMITY_PATTERN_PLAIN_BUILD_H

#include "pattern_plain.h"
#include "status.h"

/*
 * Rows of the first patterns of a set, up to the first that is of another shape or that has no room. These need no
 * other check: all that is of this shape is a regular expression of at most PATTERN_BYTES_MAX bytes.
 *
 * Result: NO_MEMORY; or *pattern_count: how many patterns these rows stand for, whose ids are their indices; *plains:
 * NULL when that is 0. Owner: the caller, free().
 */
AMITY_CHECKED enum status pattern_plain_build(struct pattern_plains **plains, uint32_t *pattern_count,
					      const struct span *pattern, uint32_t count);

/* Is this one of the usual shapes? */
bool pattern_plain_build_is(struct span pattern);

#endif
