/*
 * block_memory.h - memory of what lcores read and nearly never find in the cache: companies' blocks, bindings. They lie
 * close together, in pages that the kernel is asked to make huge, so that a lookup does not wait for page tables too,
 * and a start not for a fault every 4 KiB.
 *
 * An arena of jemalloc's of its own: a retired block's memory goes to the next block. Where the program has another
 * allocator (tests, sanitizers), memory is that allocator's.
 *
 * Thread: any.
 */
#ifndef AMITY_BLOCK_MEMORY_H
#define AMITY_BLOCK_MEMORY_H

#include <stddef.h>

/* Zeroed, beginning at a cache line. Result: NULL when memory ends. */
void *block_memory_take(size_t bytes);

/* The same, not zeroed. */
void *block_memory_take_to_fill(size_t bytes);

/* NULL is allowed. */
void block_memory_give_back(void *block);

#endif
