/*
 * arena.h - memory that is taken piece by piece and given back as a whole: a model, a company's block, the root of a
 * directory.
 *
 * Thread: each arena belongs to one thread at a time.
 */
#ifndef AMITY_ARENA_H
#define AMITY_ARENA_H

#include "span.h"

struct arena_chunk;

/* Zero-initialised: empty; grows in chunks. */
struct arena {
	struct arena_chunk *chunk; /* newest first */
	size_t used_bytes;
	bool is_of_blocks; /* its chunks are of block_memory.h: what one gives back the next one takes, on whatever
			      thread */
};

/* An empty arena whose first chunk is the caller's memory, aligned as malloc() does; the caller frees it, after
 * arena_free(). `bytes`: at least ARENA_CHUNK_HEADER_BYTES. */
void arena_init_on(struct arena *arena, void *memory, size_t bytes);

#define ARENA_CHUNK_HEADER_BYTES 32

/* Zeroed, aligned for any object. Result: NULL when memory ends. `size` 0 gives a valid pointer. */
void *arena_take(struct arena *arena, size_t size);

/* Zeroed array. Result: NULL when memory ends or the product overflows. */
void *arena_take_array(struct arena *arena, size_t count, size_t size);

/* Likewise, beginning at a cache line: for tables of which a line is looked at. */
void *arena_take_lines(struct arena *arena, size_t count, size_t size);

/* The same, not zeroed: for what the caller writes in full. */
void *arena_take_lines_to_fill(struct arena *arena, size_t count, size_t size);

/* A copy, NUL-terminated behind its length. Result: NULL when memory ends. */
char *arena_copy_text(struct arena *arena, const char *text, size_t length);

void arena_free(struct arena *arena);

#endif
