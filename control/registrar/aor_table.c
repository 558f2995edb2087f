#include "aor_table.h"

#include <stdlib.h>

/* More seconds than bindings usually last: a slot then holds only what ends in that second. */
#define WHEEL_SLOTS 8192

struct aor_table {
	struct aor_record **bucket;
	uint32_t mask, count;
	int64_t wheel_unix_s; /* all slots before it are done */
	struct aor_record *wheel[WHEEL_SLOTS];
};

enum status aor_table_create(struct aor_table **table, uint32_t endpoints_expected, int64_t now_unix_s)
{
	uint32_t buckets = 1024;
	while (buckets < endpoints_expected && buckets < 1u << 30)
		buckets *= 2;
	struct aor_table *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	made->bucket = calloc(buckets, sizeof(struct aor_record *));
	if (!made->bucket) {
		free(made);
		return STATUS_NO_MEMORY;
	}
	made->mask = buckets - 1;
	made->wheel_unix_s = now_unix_s;
	*table = made;
	return STATUS_OK;
}

/* Keys are SipHash outputs: any of their bits will do. */
static uint32_t bucket_of(const struct aor_table *table, const uint8_t key[AOR_KEY_BYTES])
{
	uint32_t bits;
	memcpy(&bits, key + 4, sizeof(bits));
	return bits & table->mask;
}

struct aor_record *aor_table_find(const struct aor_table *table, const uint8_t key[AOR_KEY_BYTES])
{
	struct aor_record *record = table->bucket[bucket_of(table, key)];
	while (record && memcmp(record->key, key, AOR_KEY_BYTES) != 0)
		record = record->next;
	return record;
}

struct aor_record *aor_table_obtain(struct aor_table *table, const uint8_t key[AOR_KEY_BYTES], struct span aor)
{
	struct aor_record *record = aor_table_find(table, key);
	if (record)
		return record;
	record = calloc(1, sizeof(*record) + aor.length);
	if (!record)
		return NULL;
	memcpy(record->key, key, AOR_KEY_BYTES);
	memcpy(record->aor, aor.at, aor.length);
	record->aor_length = aor.length;
	struct aor_record **bucket = &table->bucket[bucket_of(table, key)];
	record->next = *bucket;
	*bucket = record;
	table->count++;
	return record;
}

static void leave_wheel(struct aor_record *record)
{
	if (!record->wheel_link)
		return;
	*record->wheel_link = record->wheel_next;
	if (record->wheel_next)
		record->wheel_next->wheel_link = record->wheel_link;
	record->wheel_link = NULL;
}

void aor_table_remove(struct aor_table *table, struct aor_record *record)
{
	struct aor_record **link = &table->bucket[bucket_of(table, record->key)];
	while (*link != record)
		link = &(*link)->next;
	*link = record->next;
	leave_wheel(record);
	binding_record_list_free(record->present);
	binding_record_list_free(record->pending);
	free(record);
	table->count--;
}

static int64_t first_end(const struct binding_list *list)
{
	int64_t end = INT64_MAX;
	for (uint32_t i = 0; i < list->count; i++)
		if (list->binding[i]->expires_unix_s < end)
			end = list->binding[i]->expires_unix_s;
	return end;
}

void aor_table_schedule(struct aor_table *table, struct aor_record *record)
{
	leave_wheel(record);
	if (!record->present || !record->present->count)
		return;
	int64_t end = first_end(record->present);
	if (end < table->wheel_unix_s)
		end = table->wheel_unix_s;
	struct aor_record **slot = &table->wheel[end % WHEEL_SLOTS];
	record->wheel_next = *slot;
	record->wheel_link = slot;
	if (*slot)
		(*slot)->wheel_link = &record->wheel_next;
	*slot = record;
}

struct aor_record *aor_table_take_expired(struct aor_table *table, int64_t now_unix_s)
{
	/* The clock may have been set forward by years: one turn sees every slot. */
	if (now_unix_s - table->wheel_unix_s > WHEEL_SLOTS)
		table->wheel_unix_s = now_unix_s - WHEEL_SLOTS;
	for (; table->wheel_unix_s <= now_unix_s; table->wheel_unix_s++) {
		struct aor_record *record = table->wheel[table->wheel_unix_s % WHEEL_SLOTS];
		for (; record; record = record->wheel_next)
			if (first_end(record->present) <= now_unix_s) {
				leave_wheel(record);
				return record;
			}
	}
	table->wheel_unix_s = now_unix_s; /* bindings that end in this second may still come */
	return NULL;
}

struct aor_record *aor_table_next(const struct aor_table *table, struct aor_record *after)
{
	if (after && after->next)
		return after->next;
	for (uint32_t i = after ? bucket_of(table, after->key) + 1 : 0; i <= table->mask; i++)
		if (table->bucket[i])
			return table->bucket[i];
	return NULL;
}

uint32_t aor_table_count(const struct aor_table *table)
{
	return table->count;
}

void aor_table_free(struct aor_table *table)
{
	if (!table)
		return;
	for (uint32_t i = 0; i <= table->mask; i++)
		while (table->bucket[i])
			/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the removed record is no longer in the bucket */
			aor_table_remove(table, table->bucket[i]);
	free(table->bucket);
	free(table);
}
