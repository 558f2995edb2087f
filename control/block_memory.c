#include "block_memory.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 64

#if AMITY_JEMALLOC

#include <jemalloc/jemalloc.h>
#include <pthread.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

/* Programs that do not link jemalloc (tests) have none of these. */
#pragma weak mallocx
#pragma weak dallocx
#pragma weak mallctl

static pthread_once_t arena_once = PTHREAD_ONCE_INIT;
static extent_hooks_t arena_hooks;
static int arena_flags; /* 0: there is no arena */
static extent_alloc_t *take_pages;

/* What cannot be huge is as good as other memory: the result of madvise() does not matter. */
static void *take_huge_pages(extent_hooks_t *hooks, void *wanted, size_t size, size_t alignment, bool *zero,
			     bool *commit, unsigned arena)
{
	if (size >= HUGE_PAGE_BYTES && alignment < HUGE_PAGE_BYTES)
		alignment = HUGE_PAGE_BYTES;
	void *pages = take_pages(hooks, wanted, size, alignment, zero, commit, arena);
	if (pages)
		madvise(pages, size, MADV_HUGEPAGE);
	return pages;
}

static void make_arena(void)
{
	extent_hooks_t *hooks = NULL;
	size_t size = sizeof(hooks);
	unsigned arena;

	if (!mallctl || mallctl("arena.0.extent_hooks", &hooks, &size, NULL, 0) != 0)
		return;
	arena_hooks = *hooks;
	take_pages = hooks->alloc;
	arena_hooks.alloc = take_huge_pages;
	hooks = &arena_hooks;
	size = sizeof(arena);
	if (mallctl("arenas.create", &arena, &size, &hooks, sizeof(hooks)) == 0)
		arena_flags = MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE;
}

static int find_arena(void)
{
	pthread_once(&arena_once, make_arena);
	return arena_flags;
}

void *block_memory_take_to_fill(size_t bytes)
{
	int flags = find_arena();
	return flags ? mallocx(bytes, flags | MALLOCX_ALIGN(LINE_BYTES))
		     : aligned_alloc(LINE_BYTES, (bytes + LINE_BYTES - 1) & ~(size_t)(LINE_BYTES - 1));
}

void block_memory_give_back(void *block)
{
	if (block && find_arena())
		dallocx(block, MALLOCX_TCACHE_NONE);
	else
		free(block);
}

#else

void *block_memory_take_to_fill(size_t bytes)
{
	return aligned_alloc(LINE_BYTES, (bytes + LINE_BYTES - 1) & ~(size_t)(LINE_BYTES - 1));
}

void block_memory_give_back(void *block)
{
	free(block);
}

#endif

void *block_memory_take(size_t bytes)
{
	/* Not MALLOCX_ZERO: arena.c says why. */
	void *block = block_memory_take_to_fill(bytes);
	return block ? memset(block, 0, bytes) : NULL;
}
