#include "arena.h"

#include <stdalign.h>
#include <stdlib.h>

#define CHUNK_BYTES_MIN (4u << 10)
#define CHUNK_BYTES_MAX (1u << 20)

struct arena_chunk {
	struct arena_chunk *older;
	size_t size, used;
	alignas(max_align_t) char bytes[];
};

static size_t round_up(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static bool add_chunk(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);
	if (!chunk)
		return false;
	chunk->size = size;
	chunk->older = arena->chunk;
	arena->chunk = chunk;
	return true;
}

bool arena_reserve(struct arena *arena, size_t bytes)
{
	const struct arena_chunk *chunk = arena->chunk;
	return (chunk && chunk->size - chunk->used >= bytes) || add_chunk(arena, bytes);
}

void *arena_take(struct arena *arena, size_t size)
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

void *arena_take_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;
	return __builtin_mul_overflow(count, size, &bytes) ? NULL : arena_take(arena, bytes);
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
		free(arena->chunk);
		arena->chunk = older;
	}
	*arena = (struct arena){0};
}
