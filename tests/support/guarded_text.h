/*
 * guarded_text.h - a copy of some bytes that ends right before an unreadable page: one byte too far is a crash.
 */
#ifndef AMITY_GUARDED_TEXT_H
#define AMITY_GUARDED_TEXT_H

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "span.h"

struct guarded_text {
	char *mapping;
	size_t mapping_length;
	size_t usable;
};

static inline struct guarded_text guarded_text_map(size_t usable_min)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct guarded_text guarded = {.usable = (usable_min + page - 1) / page * page};

	guarded.mapping_length = guarded.usable + page;
	guarded.mapping =
		mmap(NULL, guarded.mapping_length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guarded.mapping == MAP_FAILED || mprotect(guarded.mapping + guarded.usable, page, PROT_NONE) != 0)
		abort();
	return guarded;
}

/* Room of `length` bytes before the unreadable page. */
static inline char *guarded_text_room(const struct guarded_text *guarded, size_t length)
{
	return guarded->mapping + guarded->usable - length;
}

static inline struct span guarded_text_copy(const struct guarded_text *guarded, struct span text)
{
	char *at = guarded_text_room(guarded, text.length);

	if (text.length)
		memcpy(at, text.at, text.length);
	return span_make(at, text.length);
}

static inline void guarded_text_unmap(struct guarded_text *guarded)
{
	munmap(guarded->mapping, guarded->mapping_length);
}

#endif
