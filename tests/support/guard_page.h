/*
 * guard_page.h - inputs for parsers, placed so that one byte too far is a crash.
 *
 *   [ unreadable page ][ pages ......... input ][ unreadable page ]
 *                                              ^ the input ends where the unreadable page begins
 *                    ^ or starts where the other one ends (guard_page_place_first)
 */
#ifndef AMITY_GUARD_PAGE_H
#define AMITY_GUARD_PAGE_H

#include "span.h"

struct guard_page {
	char *mapping;
	size_t mapping_bytes;
	size_t capacity_bytes; /* largest input */
};

/* Maps room for inputs of up to `capacity_bytes`; exits with a message when the system refuses. Release with
 * guard_page_free. */
void guard_page_build(struct guard_page *guard, size_t capacity_bytes);
void guard_page_free(struct guard_page *guard);

/* Copies `input` to the end of the readable pages. Result: the copy, valid to the next call. */
struct span guard_page_place(struct guard_page *guard, struct span input);

/* Copies `input` to the start of the readable pages, where a byte before it is unreadable. */
struct span guard_page_place_first(struct guard_page *guard, struct span input);

/* The last `length` bytes before the unreadable page, for outputs. */
char *guard_page_room(const struct guard_page *guard, size_t length);

#endif
