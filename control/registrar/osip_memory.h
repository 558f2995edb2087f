/*
 * osip_memory.h - the memory of libosip2: one block that each request uses from its start, so that nothing is left of
 * the last one.
 *
 * libosip2 leaks when an allocation fails in the middle of a parse, and calls it a syntax error. Here none fails for
 * want of memory; a message that needs more than the block has is too complex.
 *
 * Thread: control.
 */
#ifndef AMITY_OSIP_MEMORY_H
#define AMITY_OSIP_MEMORY_H

#include <stdbool.h>

#include "span.h"

/* 16 for each byte of the longest message: a phone's takes 30 KiB. */
#define OSIP_MEMORY_BYTES (1u << 20)

/* Once, behind libosip2's own start, whose tables stay the C library's. */
void osip_memory_init(void);

/* Everything that libosip2 was given is void from here on. */
void osip_memory_reset(void);

/* Has the block been too small since the last reset? Then what libosip2 said of the message means nothing. */
bool osip_memory_was_short(void);

/* Aligned for anything. Result: NULL when the block is too small. */
void *osip_memory_take(size_t size);

/* NUL-terminated. Result: NULL when the block is too small. */
char *osip_memory_copy(struct span text);

#endif
