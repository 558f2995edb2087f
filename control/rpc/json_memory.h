/*
 * json_memory.h - the memory of jansson, which does not look whether it got any: when memory ends it loses bytes of
 * texts that it reads and writes, walks beyond their end, or stops the process.
 *
 * Its allocator (behind json_memory_init()) notes that memory ended; who made something with jansson asks for that
 * before it is used. While a text is read, what jansson must get comes out of a reserve that was taken before.
 *
 * Thread: any; each has its own note.
 */
#ifndef AMITY_JSON_MEMORY_H
#define AMITY_JSON_MEMORY_H

#include <jansson.h>
#include <stdbool.h>

/* Any number of times; what was allocated before stays valid. */
void json_memory_init(void);

/* Forgets that memory ended. */
void json_memory_clear(void);

/* Has memory ended since json_memory_clear()? Then what jansson made since is not whole. */
bool json_memory_was_short(void);

/* For a part that could not be made, before jansson was asked to keep it. */
void json_memory_note_shortage(void);

/*
 * json_loadb() with JSON_REJECT_DUPLICATES. Clears first. Result: NULL with *error, or, when memory ended,
 * json_memory_was_short(). Owner: the caller.
 */
json_t *json_memory_load(const char *text, size_t length, json_error_t *error);

/* Digits of a double that all are true: 0.7, not 0.69999999999999996. */
#define JSON_MEMORY_PRECISION JSON_REAL_PRECISION(15)

/* json_dumps() with JSON_COMPACT. Clears first. Result: NULL when memory ended. Owner: the caller, to free(). */
char *json_memory_dump(const json_t *value);

#endif
