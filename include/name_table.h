/*
 * name_table.h - an immutable map from a name (bytes) to an index: open addressing, linear probing, at most half full.
 *
 * Built by control/build/name_table_build.c, read through name_table_find() on lcores. Names come from provisioning, so
 * that nobody outside can choose what is stored; a looked-up name ends at the first free slot.
 */
#ifndef AMITY_NAME_TABLE_H
#define AMITY_NAME_TABLE_H

#include "prefetch.h"
#include "span.h"

#define NAME_INLINE_BYTES 20

/* A short name stands in its slot, so that a search is one cache line; of a longer one, its address does. */
struct name_slot {
	uint32_t hash;
	uint32_t value;
	uint32_t length_plus_one; /* 0: free */
	char text[NAME_INLINE_BYTES];
};
_Static_assert(sizeof(struct name_slot) == 32, "two in a cache line");

struct name_table {
	const struct name_slot *slot; /* NULL in an empty table */
	uint32_t mask;		      /* slot count - 1, a power of two less one */
	uint32_t count;
};

/* Up to eight bytes of which each counts; fewer overlap. */
static inline uint64_t name_table_read(const char *at, uint32_t count)
{
	uint64_t word = 0;
	uint32_t low, high;

	if (count >= 8) {
		memcpy(&word, at, 8);
	} else if (count >= 4) {
		memcpy(&low, at, 4);
		memcpy(&high, at + count - 4, 4);
		word = (uint64_t)high << 32 | low;
	} else if (count) {
		word = (uint64_t)(uint8_t)at[0] << 16 | (uint64_t)(uint8_t)at[count / 2] << 8 | (uint8_t)at[count - 1];
	}
	return word;
}

/* Eight bytes at a time; `fold`, for domains: the bit of ASCII case does not count, the compare will tell. */
static inline uint32_t name_table_hash(struct span name, bool fold)
{
	const uint64_t mask = fold ? 0x2020202020202020ull : 0;
	uint64_t hash = name.length;

	for (uint32_t i = 0; i < name.length; i += 8) {
		hash = (hash ^ (name_table_read(name.at + i, name.length - i) | mask)) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

/* Where a search for `name` will begin: to be asked for. Thread: any. Result: NULL in an empty table. */
static inline const struct name_slot *name_table_place(const struct name_table *table, struct span name, bool fold)
{
	return table->slot ? &table->slot[name_table_hash(name, fold) & table->mask] : NULL;
}

/* Asks for that. Thread: any. */
static inline void name_table_prefetch(const struct name_table *table, struct span name, bool fold)
{
	prefetch_line(name_table_place(table, name, fold));
}

static inline struct span name_slot_text(const struct name_slot *slot)
{
	const char *text = slot->text;

	if (slot->length_plus_one > NAME_INLINE_BYTES + 1)
		memcpy(&text, slot->text, sizeof(text)); /* owned by the block that the table belongs to */
	return (struct span){text, slot->length_plus_one - 1};
}

/* Thread: any. Cost: a hash and about 1.5 slots. Result: NULL when absent. `fold`: as the table was built. */
static inline const struct name_slot *name_table_find_slot(const struct name_table *table, struct span name, bool fold)
{
	if (!table->slot)
		return NULL;
	uint32_t hash = name_table_hash(name, fold);
	for (uint32_t i = hash & table->mask; table->slot[i].length_plus_one; i = (i + 1) & table->mask) {
		const struct name_slot *slot = &table->slot[i];
		if (slot->hash != hash || slot->length_plus_one != name.length + 1)
			continue;
		struct span text = name_slot_text(slot);
		if (fold ? span_equals_nocase(text, name) : span_equals(text, name))
			return slot;
	}
	return NULL;
}

/* Likewise. Result: false when absent; *value untouched. */
static inline bool name_table_find(uint32_t *value, const struct name_table *table, struct span name, bool fold)
{
	const struct name_slot *slot = name_table_find_slot(table, name, fold);

	if (slot)
		*value = slot->value;
	return slot != NULL;
}

#endif
