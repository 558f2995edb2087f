#include "osip_memory.h"

#include <stdalign.h>

#include <osipparser2/osip_port.h>

/* libosip2's allocators have no argument: so this stands here. */
static alignas(max_align_t) char block[OSIP_MEMORY_BYTES];
static size_t used_bytes;
static bool is_short;

/* Before each piece, for realloc. */
struct piece {
	alignas(max_align_t) size_t bytes;
};

void *osip_memory_take(size_t size)
{
	size_t whole = sizeof(struct piece) + ((size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1));
	if (size > sizeof(block) || whole > sizeof(block) - used_bytes) {
		is_short = true;
		return NULL;
	}
	struct piece *piece = (struct piece *)(block + used_bytes);
	piece->bytes = size;
	used_bytes += whole;
	return piece + 1;
}

static void *take_larger(void *old, size_t size)
{
	void *at = osip_memory_take(size);
	if (at && old) {
		size_t before = ((struct piece *)old)[-1].bytes;
		memcpy(at, old, before < size ? before : size);
	}
	return at;
}

/* Pieces go all at once. */
static void give_back(void *at)
{
	(void)at;
}

void osip_memory_init(void)
{
	osip_set_allocators(osip_memory_take, take_larger, give_back);
}

void osip_memory_reset(void)
{
	used_bytes = 0;
	is_short = false;
}

bool osip_memory_was_short(void)
{
	return is_short;
}

char *osip_memory_copy(struct span text)
{
	char *copy = osip_memory_take((size_t)text.length + 1);
	if (!copy)
		return NULL;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	return copy;
}
