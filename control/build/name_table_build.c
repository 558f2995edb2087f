#include "name_table_build.h"

enum status name_table_build(struct name_table *table, struct arena *arena, uint32_t count)
{
	*table = (struct name_table){0};
	if (count == 0)
		return STATUS_OK;
	if (count > UINT32_MAX / 4)
		return STATUS_LIMIT;
	uint32_t slots = 2;
	while (slots < 2 * count)
		slots *= 2;
	struct name_slot *slot = arena_take_array(arena, slots, sizeof(*slot));
	if (!slot)
		return STATUS_NO_MEMORY;
	table->slot = slot;
	table->mask = slots - 1;
	return STATUS_OK;
}

bool name_table_build_add(struct name_table *table, struct span name, uint32_t value, bool fold)
{
	uint32_t present;
	if (name_table_find(&present, table, name, fold))
		return false;
	/* The slots are const for readers only: nobody reads a table that is still being filled. */
	struct name_slot *slot = (struct name_slot *)table->slot;
	uint32_t hash = name_table_hash(name, fold);
	uint32_t i = hash & table->mask;
	while (slot[i].text)
		i = (i + 1) & table->mask;
	slot[i] = (struct name_slot){.text = name.at, .hash = hash, .value = value, .length = name.length};
	table->count++;
	return true;
}
