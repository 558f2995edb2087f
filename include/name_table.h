/*
 * name_table.h - an immutable map from a name (bytes) to an index: open addressing, linear probing, at most half full.
 *
 * Built by control/build/name_table_build.c, read through name_table_find() on lcores. Names come from provisioning, so
 * that nobody outside can choose what is stored; a looked-up name ends at the first free slot.
 */
#ifndef AMITY_NAME_TABLE_H
#define AMITY_NAME_TABLE_H

#include "span.h"

struct name_slot {
	const char *text; /* NULL: free. Owned by the block that the table belongs to */
	uint32_t hash;
	uint32_t value;
	uint32_t length;
	uint32_t reserved;
};

struct name_table {
	const struct name_slot *slot; /* NULL in an empty table */
	uint32_t mask;		      /* slot count - 1, a power of two less one */
	uint32_t count;
};

/* FNV-1a with a final mix; `fold` folds ASCII case, for domains. */
static inline uint32_t name_table_hash(struct span name, bool fold)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	for (uint32_t i = 0; i < name.length; i++)
		hash = (hash ^ (uint8_t)(fold ? span_lower_byte(name.at[i]) : name.at[i])) * 0x100000001b3ull;
	return (uint32_t)(hash ^ (hash >> 32));
}

/* Asks for the cache line where a search for `name` will begin. Thread: any. */
static inline void name_table_prefetch(const struct name_table *table, struct span name, bool fold)
{
	if (table->slot)
		__builtin_prefetch(&table->slot[name_table_hash(name, fold) & table->mask]);
}

/* Thread: any. Cost: a hash and about 1.5 compares. Result: false when absent; *value untouched. `fold`: as the table
 * was built. */
static inline bool name_table_find(uint32_t *value, const struct name_table *table, struct span name, bool fold)
{
	if (!table->slot)
		return false;
	uint32_t hash = name_table_hash(name, fold);
	for (uint32_t i = hash & table->mask; table->slot[i].text; i = (i + 1) & table->mask) {
		const struct name_slot *slot = &table->slot[i];
		struct span text = span_make(slot->text, slot->length);
		if (slot->hash == hash && (fold ? span_equals_nocase(text, name) : span_equals(text, name))) {
			*value = slot->value;
			return true;
		}
	}
	return false;
}

#endif
