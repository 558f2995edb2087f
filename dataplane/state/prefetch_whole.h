/*
 * prefetch_whole.h - asks for all lines of what begins with a line of the cache and is of a size that the compiler
 * knows: no loop is left of it, nor a search for the first line (prefetch.h).
 */
#ifndef AMITY_PREFETCH_WHOLE_H
#define AMITY_PREFETCH_WHOLE_H

#include "prefetch.h"

/* To be read; to be written. Thread: any. */
static inline __attribute__((always_inline)) void prefetch_whole_lines(const void *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PREFETCH_LINE_BYTES)
		prefetch_line((const char *)at + i);
}

static inline __attribute__((always_inline)) void prefetch_whole_lines_to_write(const void *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PREFETCH_LINE_BYTES)
		prefetch_line_to_write((const char *)at + i);
}

#endif
