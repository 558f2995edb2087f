/*
 * pattern_plain_build.h - which patterns of a set are of the usual shape (pattern_plain.h), and their rows.
 *
 * Thread: any.
 */
#ifndef AMITY_PATTERN_PLAIN_BUILD_H
#define AMITY_PATTERN_PLAIN_BUILD_H

#include "pattern_plain.h"

/*
 * Rows of the first patterns of a set, up to the first that is of another shape or that has no room. These need no
 * other check: all that is of this shape is a regular expression of at most PATTERN_BYTES_MAX bytes.
 *
 * Result: how many patterns these rows stand for; their ids are their indices. *row_count: rows written.
 */
uint32_t pattern_plain_build(struct pattern_plain row[PATTERN_PLAIN_ROWS_MAX], uint32_t *row_count,
			     const struct span *pattern, uint32_t count);

/* Is this one of the usual shape? */
bool pattern_plain_build_is(struct span pattern);

#endif
