#include "json_memory.h"

#include <stdint.h>
#include <stdlib.h>

#define BUFFER_BYTES_MIN 16 /* of jansson's text buffer, which doubles from there */

/* jansson's allocators have no argument: so this stands here. */
static _Thread_local struct {
	bool was_short;
	char *reserve;
	size_t reserve_bytes, used_bytes;
} mine;

/* A text buffer that did not grow is what jansson does not notice; for anything else it gives up properly. */
static bool may_be_text_buffer(size_t size)
{
	return size >= BUFFER_BYTES_MIN && (size & (size - 1)) == 0;
}

static void *allocate(size_t size)
{
	void *block = malloc(size);
	if (block)
		return block;
	mine.was_short = true;
	if (!mine.reserve || !may_be_text_buffer(size) || size > mine.reserve_bytes - mine.used_bytes)
		return NULL;
	block = mine.reserve + mine.used_bytes;
	mine.used_bytes += size;
	return block;
}

static void release(void *block)
{
	uintptr_t at = (uintptr_t)block, reserve = (uintptr_t)mine.reserve;
	if (!reserve || at < reserve || at >= reserve + mine.reserve_bytes)
		free(block);
}

void json_memory_init(void)
{
	json_set_alloc_funcs(allocate, release);
}

void json_memory_clear(void)
{
	mine.was_short = false;
}

bool json_memory_was_short(void)
{
	return mine.was_short;
}

void json_memory_note_shortage(void)
{
	mine.was_short = true;
}

json_t *json_memory_load(const char *text, size_t length, json_error_t *error)
{
	json_memory_clear();
	/* A buffer for all of the text, and all that were outgrown before it. Untouched unless memory ends. */
	mine.reserve_bytes = 4 * length + 4 * BUFFER_BYTES_MIN;
	mine.used_bytes = 0;
	mine.reserve = malloc(mine.reserve_bytes);
	if (!mine.reserve) {
		mine.was_short = true;
		return NULL;
	}
	json_t *loaded = json_loadb(text, length, JSON_REJECT_DUPLICATES, error);
	if (mine.was_short) {
		json_decref(loaded);
		loaded = NULL;
	}
	free(mine.reserve);
	mine.reserve = NULL;
	return loaded;
}

char *json_memory_dump(const json_t *value)
{
	json_memory_clear();
	char *text = json_dumps(value, JSON_COMPACT | JSON_MEMORY_PRECISION);
	if (!mine.was_short)
		return text;
	free(text);
	return NULL;
}
