#include "key_index.h"

/* There is always a line with room, where every search ends. */
static uint32_t lines_for(uint32_t count)
{
	return (uint32_t)(((uint64_t)count + count / 2) / KEY_LINE_ENTRIES + 1);
}

uint64_t key_index_bytes(uint32_t count)
{
	return (uint64_t)lines_for(count) * sizeof(struct key_line);
}

void key_index_init(struct key_index *index, void *memory, uint32_t count)
{
	*index = (struct key_index){.line = memory, .line_count = lines_for(count)};
	for (uint32_t i = 0; i < index->line_count; i++)
		for (uint32_t entry = 0; entry < KEY_LINE_ENTRIES; entry++)
			index->line[i].slot[entry] = KEY_INDEX_NONE;
}

void key_index_add(struct key_index *index, uint32_t bits, uint32_t slot)
{
	uint32_t at = key_index_home(index, bits), room;

	while (!(room = key_line_free(&index->line[at])))
		at = key_index_after(index, at);
	uint32_t entry = (uint32_t)__builtin_ctz(room);
	index->line[at].bits[entry] = bits;
	index->line[at].slot[entry] = slot;
}

struct place {
	uint32_t line;
	uint32_t entry;
};

static struct place place_of(const struct key_index *index, uint32_t bits, uint32_t slot)
{
	uint32_t at = key_index_home(index, bits), found;

	while (!(found = key_line_find(index->line[at].slot, slot)))
		at = key_index_after(index, at);
	return (struct place){at, (uint32_t)__builtin_ctz(found)};
}

void key_index_replace(struct key_index *index, uint32_t bits, uint32_t slot, uint32_t other)
{
	struct place place = place_of(index, bits, slot);
	index->line[place.line].slot[place.entry] = other;
}

/* Moves an entry of `line` that is at home at the gap or before it into the gap, which is then where it was. */
static void fill_from(struct key_index *index, uint32_t line, struct place *gap)
{
	struct key_line *from = &index->line[line], *to = &index->line[gap->line];

	for (uint32_t entry = 0; entry < KEY_LINE_ENTRIES; entry++) {
		/* Distances from `line` back, modulo 2^32: right also when it is behind the last one, at the first. */
		if (from->slot[entry] == KEY_INDEX_NONE ||
		    line - key_index_home(index, from->bits[entry]) < line - gap->line)
			continue;
		to->bits[gap->entry] = from->bits[entry];
		to->slot[gap->entry] = from->slot[entry];
		*gap = (struct place){line, entry};
		return;
	}
}

void key_index_remove(struct key_index *index, uint32_t bits, uint32_t slot)
{
	struct place gap = place_of(index, bits, slot);
	uint32_t at = gap.line;

	/* Who found the line of the gap full and went on is looked for there from now on, up to a line with room. */
	while (!key_line_free(&index->line[at])) {
		at = key_index_after(index, at);
		fill_from(index, at, &gap);
	}
	index->line[gap.line].slot[gap.entry] = KEY_INDEX_NONE;
}
