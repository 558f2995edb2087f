#include "limit_table.h"

#include <assert.h>

#define KEY_FACTOR   0x9e3779b97f4a7c15u /* 2^64 / golden ratio */
#define KIND_SHIFT   56
#define ENTRIES_MIN  1024u
#define COUNT_MASK   0xffffffffu
#define SECOND_SHIFT 32

/* The low bits of entry.key: how often the entry was given to another key. */
#define HANDOVER_MASK 0xffffull

uint32_t limit_table_entries(uint32_t calls)
{
	uint32_t entries = ENTRIES_MIN;

	while (entries < 2 * (uint64_t)calls)
		entries *= 2;
	return entries;
}

uint64_t limit_table_bytes(uint32_t entries)
{
	return (uint64_t)entries * (sizeof(struct limit_entry) + sizeof(uint32_t));
}

void limit_table_init(struct limit_table *table, void *memory, uint32_t entries)
{
	*table = (struct limit_table){.entry = memory, .set_count = entries / LIMIT_WAYS};
	table->audited = (uint32_t *)(table->entry + entries);
}

uint64_t limit_table_key(enum limit_kind kind, uint64_t name)
{
	uint64_t key = (name ^ (uint64_t)kind << KIND_SHIFT) * KEY_FACTOR;

	return key & ~HANDOVER_MASK ? key : HANDOVER_MASK + 1;
}

static uint32_t first_of_set(const struct limit_table *table, uint64_t key)
{
	return (uint32_t)(key >> 32 & (table->set_count - 1)) * LIMIT_WAYS;
}

static bool is_of(uint64_t entry_key, uint64_t key)
{
	return ((entry_key ^ key) & ~HANDOVER_MASK) == 0;
}

/* Pairs with the release store of find_own: who sees the key sees that the entry was emptied for it. */
static uint64_t load_key(const struct limit_entry *entry)
{
	return atomic_load_explicit(&entry->key, memory_order_acquire);
}

static uint64_t load_count(const struct limit_entry *entry)
{
	return atomic_load_explicit(&entry->count, memory_order_relaxed);
}

static void store_count(struct limit_entry *entry, uint64_t count)
{
	/* Pairs with the acquire load of read_other: who sees this count sees the key that it belongs to. */
	atomic_store_explicit(&entry->count, count, memory_order_release);
}

/*
 * The count of `key` in a table that its owner may be writing. Between our loads of key and count the entry may have
 * been given to another key; the owner stores key before count, so that the key has then changed when we look again. A
 * reader that does not run for a while may even find it come back: its handovers say that it was away.
 */
static uint64_t read_other(const struct limit_table *table, uint64_t key)
{
	const struct limit_entry *entry = &table->entry[first_of_set(table, key)];

	for (uint32_t way = 0; way < LIMIT_WAYS; way++) {
		uint64_t entry_key = load_key(&entry[way]);
		if (!is_of(entry_key, key))
			continue;
		uint64_t count = atomic_load_explicit(&entry[way].count, memory_order_acquire);
		if (load_key(&entry[way]) == entry_key)
			return count;
	}
	return 0;
}

/* Of rates an old second is as good as nothing. */
static bool is_free(const struct limit_entry *entry, uint32_t now_s)
{
	uint64_t count = load_count(entry), second = count >> SECOND_SHIFT;

	return (count & COUNT_MASK) == 0 || (second != 0 && second != now_s);
}

/*
 * The entry of `key`, or a free one made its own, counting nothing yet. A key stands in a set once: the whole set is
 * looked at before a free entry is taken. Result: LIMIT_NONE: neither.
 */
static uint32_t find_own(struct limit_table *table, uint64_t key, uint32_t now_s)
{
	uint32_t first = first_of_set(table, key), vacant = LIMIT_NONE;

	for (uint32_t i = first; i < first + LIMIT_WAYS; i++) {
		if (is_of(load_key(&table->entry[i]), key))
			return i;
		if (vacant == LIMIT_NONE && is_free(&table->entry[i], now_s))
			vacant = i;
	}
	if (vacant != LIMIT_NONE) {
		struct limit_entry *entry = &table->entry[vacant];
		uint64_t handovers = (load_key(entry) + 1) & HANDOVER_MASK;
		store_count(entry, 0);
		atomic_store_explicit(&entry->key, (key & ~HANDOVER_MASK) | handovers, memory_order_release);
	}
	return vacant;
}

uint32_t limit_table_read_calls(const struct limit_table *table, uint64_t key)
{
	return (uint32_t)(read_other(table, key) & COUNT_MASK);
}

uint32_t limit_table_hold(struct limit_table *table, uint64_t key, uint32_t now_s)
{
	uint32_t found = find_own(table, key, now_s);

	if (found == LIMIT_NONE)
		return LIMIT_NONE;
	struct limit_entry *entry = &table->entry[found];
	if (load_count(entry) == 0)
		table->held_count++;
	store_count(entry, load_count(entry) + 1);
	return found;
}

void limit_table_release(struct limit_table *table, uint32_t entry)
{
	uint64_t count = load_count(&table->entry[entry]);

	assert(count > 0 && count >> SECOND_SHIFT == 0);
	store_count(&table->entry[entry], count - 1);
	if (count == 1)
		table->held_count--;
}

uint32_t limit_table_calls_at(const struct limit_table *table, uint32_t entry)
{
	uint64_t count = load_count(&table->entry[entry]);

	return count >> SECOND_SHIFT ? 0 : (uint32_t)count;
}

bool limit_table_holds(const struct limit_table *table, uint32_t entry, uint64_t key)
{
	return entry != LIMIT_NONE && is_of(load_key(&table->entry[entry]), key);
}

uint32_t limit_table_read_rate(const struct limit_table *table, uint64_t key, uint32_t now_s)
{
	uint64_t count = read_other(table, key);

	return count >> SECOND_SHIFT == now_s ? (uint32_t)(count & COUNT_MASK) : 0;
}

bool limit_table_count_rate(struct limit_table *table, uint64_t key, uint32_t now_s)
{
	uint32_t found = find_own(table, key, now_s);

	if (found == LIMIT_NONE)
		return false;
	uint64_t so_far = limit_table_read_rate(table, key, now_s);
	store_count(&table->entry[found], (uint64_t)now_s << SECOND_SHIFT | (so_far + 1));
	return true;
}
