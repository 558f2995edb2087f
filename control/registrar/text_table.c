#include "text_table.h"

#include <stdlib.h>

#include <sodium.h>

#define ENTRIES_MIN 64

struct entry {
	uint64_t number;
	uint32_t references; /* 0: free */
	uint32_t next;	     /* in the bucket, or of the free ones; TEXT_TABLE_NONE: the last */
	uint32_t hash;
	uint32_t length;
	char *text;
};

struct text_table {
	struct entry *entry;
	uint32_t *bucket;	    /* as many as there are entries */
	uint32_t entry_max, used;   /* a power of two; entry 0 is not counted */
	uint32_t untouched, unused; /* the first that was never used; list of those that are so no more */
	uint8_t key[crypto_shorthash_KEYBYTES];
};

static uint32_t hash_of(const struct text_table *table, struct span text, uint64_t number)
{
	uint64_t hash;
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)text.at, text.length, table->key);
	return (uint32_t)((hash ^ number) >> 32) ^ (uint32_t)(hash ^ number);
}

static void enter_bucket(struct text_table *table, uint32_t index)
{
	uint32_t *bucket = &table->bucket[table->entry[index].hash & (table->entry_max - 1)];
	table->entry[index].next = *bucket;
	*bucket = index;
}

/* Both arrays or none: the old ones stay good. */
static bool grow(struct text_table *table)
{
	uint32_t count = table->entry_max ? table->entry_max * 2 : ENTRIES_MIN;
	uint32_t *bucket = malloc(count * sizeof(*bucket));
	struct entry *entry = bucket ? realloc(table->entry, count * sizeof(*entry)) : NULL;
	if (!entry) {
		free(bucket);
		return false;
	}
	free(table->bucket);
	memset(bucket, 0xff, count * sizeof(*bucket));
	table->bucket = bucket;
	table->entry = entry;
	table->entry_max = count;
	for (uint32_t i = 1; i < table->untouched; i++)
		enter_bucket(table, i);
	return true;
}

enum status text_table_create(struct text_table **table)
{
	struct text_table *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	if (!grow(made)) {
		free(made);
		return STATUS_NO_MEMORY;
	}
	made->entry[0] = (struct entry){.references = 1, .next = TEXT_TABLE_NONE};
	made->untouched = 1;
	made->unused = TEXT_TABLE_NONE;
	randombytes_buf(made->key, sizeof(made->key));
	*table = made;
	return STATUS_OK;
}

void text_table_free(struct text_table *table)
{
	if (!table)
		return;
	for (uint32_t i = 1; i < table->untouched; i++)
		if (table->entry[i].references)
			free(table->entry[i].text);
	free(table->entry);
	free(table->bucket);
	free(table);
}

/* Result: an entry with nothing in it, TEXT_TABLE_NONE without memory. */
static uint32_t take_entry(struct text_table *table)
{
	uint32_t index = table->unused;
	if (index != TEXT_TABLE_NONE) {
		table->unused = table->entry[index].next;
		return index;
	}
	/* All are in use then, so each of them is in a bucket. */
	if (table->untouched == table->entry_max && !grow(table))
		return TEXT_TABLE_NONE;
	return table->untouched++;
}

uint32_t text_table_hold(struct text_table *table, struct span text, uint64_t number)
{
	if (!text.length && !number)
		return 0;
	uint32_t hash = hash_of(table, text, number);
	uint32_t index = table->bucket[hash & (table->entry_max - 1)];
	for (; index != TEXT_TABLE_NONE; index = table->entry[index].next) {
		struct entry *entry = &table->entry[index];
		if (entry->hash == hash && entry->number == number &&
		    span_equals(span_make(entry->text, entry->length), text)) {
			entry->references++;
			return index;
		}
	}
	char *copy = malloc(text.length + 1);
	index = copy ? take_entry(table) : TEXT_TABLE_NONE;
	if (index == TEXT_TABLE_NONE) {
		free(copy);
		return TEXT_TABLE_NONE;
	}
	if (text.length)
		memcpy(copy, text.at, text.length);
	table->entry[index] =
		(struct entry){.number = number, .references = 1, .hash = hash, .length = text.length, .text = copy};
	enter_bucket(table, index);
	table->used++;
	return index;
}

void text_table_release(struct text_table *table, uint32_t index)
{
	if (!index || index == TEXT_TABLE_NONE || --table->entry[index].references)
		return;
	struct entry *entry = &table->entry[index];
	uint32_t *link = &table->bucket[entry->hash & (table->entry_max - 1)];
	while (*link != index)
		link = &table->entry[*link].next;
	*link = entry->next;
	free(entry->text);
	*entry = (struct entry){.next = table->unused};
	table->unused = index;
	table->used--;
}

struct span text_table_text(const struct text_table *table, uint32_t index)
{
	return span_make(table->entry[index].text, table->entry[index].length);
}

uint64_t text_table_number(const struct text_table *table, uint32_t index)
{
	return table->entry[index].number;
}

uint32_t text_table_count(const struct text_table *table)
{
	return table->used;
}
