#include "name_table_build.h"

uint32_t name_table_build_slots(uint32_t count)
{
	uint32_t slots = 2;
	while (count <= NAME_TABLE_BUILD_MAX && slots < 2 * count)
		slots *= 2;
	return count ? slots : 0;
}

enum status name_table_build(struct name_table *table, struct arena *arena, uint32_t count)
{
	*table = (struct name_table){0};
	if (count == 0)
		return STATUS_OK;
	if (count > NAME_TABLE_BUILD_MAX)
		return STATUS_LIMIT;
	uint32_t slots = name_table_build_slots(count);
	struct name_slot *slot = arena_take_lines(arena, slots, sizeof(*slot));
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
	while (slot[i].length_plus_one)
		i = (i + 1) & table->mask;
	slot[i] = (struct name_slot){.hash = hash, .value = value, .length_plus_one = name.length + 1};
	if (name.length > NAME_INLINE_BYTES)
		memcpy(slot[i].text, &name.at, sizeof(name.at));
	else if (name.length)
		memcpy(slot[i].text, name.at, name.length);
	table->count++;
	return true;
}

bool name_table_build_has_room(const struct name_table *table, uint64_t count)
{
	return table->slot && 2 * count <= (uint64_t)table->mask + 1;
}

enum status name_table_build_copy(struct name_table *table, struct arena *arena, const struct name_table *from)
{
	struct name_slot *slot = arena_take_lines_to_fill(arena, (size_t)from->mask + 1, sizeof(*slot));
	if (!slot)
		return STATUS_NO_MEMORY;
	memcpy(slot, from->slot, ((size_t)from->mask + 1) * sizeof(*slot));
	*table = (struct name_table){.slot = slot, .mask = from->mask, .count = from->count};
	return STATUS_OK;
}

/* NULL when absent. */
static struct name_slot *find_slot(const struct name_table *table, struct span name, bool fold)
{
	return (struct name_slot *)(uintptr_t)name_table_find_slot(table, name, fold);
}

void name_table_build_set(struct name_table *table, struct span name, uint32_t value, bool fold)
{
	struct name_slot *slot = find_slot(table, name, fold);
	if (slot)
		slot->value = value;
}

void name_table_build_close_up(struct name_table *table, uint32_t removed)
{
	struct name_slot *slot = (struct name_slot *)table->slot;
	for (uint32_t i = 0; slot && i <= table->mask; i++)
		slot[i].value -= slot[i].length_plus_one && slot[i].value > removed;
}

/* Whoever stands behind the hole on a way that leads over it moves into it: no search then ends too early. */
void name_table_build_remove(struct name_table *table, struct span name, bool fold)
{
	struct name_slot *slot = (struct name_slot *)table->slot, *found = find_slot(table, name, fold);
	if (!found)
		return;
	uint32_t hole = (uint32_t)(found - slot);
	for (uint32_t i = (hole + 1) & table->mask; slot[i].length_plus_one; i = (i + 1) & table->mask) {
		uint32_t home = slot[i].hash & table->mask;
		if (((i - home) & table->mask) < ((i - hole) & table->mask))
			continue;
		slot[hole] = slot[i];
		hole = i;
	}
	slot[hole] = (struct name_slot){0};
	table->count--;
}
