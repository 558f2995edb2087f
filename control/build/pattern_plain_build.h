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

/* What rows will take, before they are built: begins with zeros; patterns are added in any order. */
struct pattern_plain_room {
	uint32_t rows;
	bool is_long; /* one of them is no short row */
};

void pattern_plain_build_add_room(struct pattern_plain_room *room, struct span pattern);

/* Of all that were added, at most: as if all of them got rows, and as groups each a group of its own. */
size_t pattern_plain_build_bytes(const struct pattern_plain_room *room);

#endif
