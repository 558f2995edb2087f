#include "arena.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "block_memory.h"

#define CHUNK_BYTES_MIN (4u << 10)
#define CHUNK_BYTES_MAX (1u << 20)

struct arena_chunk {
	struct arena_chunk *older;
	size_t size : 63, is_borrowed : 1;
	size_t used;
	alignas(max_align_t) char bytes[];
};
_Static_assert(offsetof(struct arena_chunk, bytes) == ARENA_CHUNK_HEADER_BYTES, "said by the header");

#define LINE_BYTES 64

static size_t round_up(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

/* Pieces are zeroed when they are taken. jemalloc would zero a large chunk by giving its pages back to the kernel,
 * which interrupts every lcore (a TLB shootdown) and costs a page fault for each. */
static bool add_chunk(struct arena *arena, size_t size)
{
	size_t bytes = sizeof(struct arena_chunk) + size;
	struct arena_chunk *chunk = arena->is_of_blocks ? block_memory_take_to_fill(bytes) : malloc(bytes);
	if (!chunk)
		return false;
	*chunk = (struct arena_chunk){.size = size, .older = arena->chunk};
	arena->chunk = chunk;
	return true;
}

void arena_init_on(struct arena *arena, void *memory, size_t bytes)
{
	struct arena_chunk *chunk = memory;
	*chunk = (struct arena_chunk){.size = bytes - ARENA_CHUNK_HEADER_BYTES, .is_borrowed = 1};
	*arena = (struct arena){.chunk = chunk};
}

/* Whatever was there before. */
static void *take(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2)
		return NULL;
	size = round_up(size);
	struct arena_chunk *chunk = arena->chunk;
	if (!chunk || chunk->size - chunk->used < size) {
		/* Chunks double with what is in use, so that small arenas stay small and large ones have few chunks. */
		size_t next = arena->used_bytes;
		next = next < CHUNK_BYTES_MIN ? CHUNK_BYTES_MIN : next > CHUNK_BYTES_MAX ? CHUNK_BYTES_MAX : next;
		if (!add_chunk(arena, size > next ? size : next))
			return NULL;
		chunk = arena->chunk;
	}
	void *at = chunk->bytes + chunk->used;
	chunk->used += size;
	arena->used_bytes += size;
	return at;
}

void *arena_take(struct arena *arena, size_t size)
{
	void *at = take(arena, size);
	return at ? memset(at, 0, size) : NULL;
}

void *arena_take_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;
	return __builtin_mul_overflow(count, size, &bytes) ? NULL : arena_take(arena, bytes);
}

void *arena_take_lines(struct arena *arena, size_t count, size_t size)
{
	void *at = arena_take_lines_to_fill(arena, count, size);
	return at ? memset(at, 0, count * size) : NULL;
}

void *arena_take_lines_to_fill(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	uintptr_t at = (uintptr_t)take(arena, bytes + LINE_BYTES - 1);
	return at ? (void *)((at + LINE_BYTES - 1) & ~(uintptr_t)(LINE_BYTES - 1)) : NULL;
}

char *arena_copy_text(struct arena *arena, const char *text, size_t length)
{
	char *copy = length < SIZE_MAX / 2 ? arena_take(arena, length + 1) : NULL;
	if (copy && length > 0)
		memcpy(copy, text, length);
	return copy;
}

void arena_free(struct arena *arena)
{
	while (arena->chunk) {
		struct arena_chunk *older = arena->chunk->older;
		if (arena->is_of_blocks)
			block_memory_give_back(arena->chunk);
		else if (!arena->chunk->is_borrowed)
			free(arena->chunk);
		arena->chunk = older;
	}
	*arena = (struct arena){.is_of_blocks = arena->is_of_blocks};
}
