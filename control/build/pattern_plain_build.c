#include "pattern_plain_build.h"

#include <stdlib.h>

#include "pattern_plain_read.h"

#define ROWS_AT_FIRST	128
#define SLOTS_PER_GROUP 2 /* at least */

struct rows {
	struct pattern_plain *row;
	uint32_t count, room;
	uint32_t pattern_count;
};

static bool make_room(struct rows *rows, uint32_t count)
{
	if (rows->count + count <= rows->room)
		return true;
	uint32_t room = rows->room ? 2 * rows->room : ROWS_AT_FIRST;
	struct pattern_plain *row = realloc(rows->row, room * sizeof(*row));
	if (!row)
		return false;
	rows->row = row;
	rows->room = room;
	return true;
}

/* In the order of their ids. Result: false without memory. */
static bool read_rows(struct rows *rows, const struct span *pattern, uint32_t count)
{
	struct pattern_plain row[PATTERN_PLAIN_CHOICES_MAX];

	for (; rows->pattern_count < count && rows->pattern_count <= UINT16_MAX; rows->pattern_count++) {
		uint32_t more = pattern_plain_read(row, pattern[rows->pattern_count]);
		if (more == 0)
			return true;
		if (!make_room(rows, more))
			return false;
		for (uint32_t i = 0; i < more; i++) {
			row[i].id = (uint16_t)rows->pattern_count;
			rows->row[rows->count++] = row[i];
		}
	}
	return true;
}

static bool is_of_group(const struct pattern_plain *row, const struct pattern_plain *other)
{
	return memcmp(row, other, offsetof(struct pattern_plain, least_bytes)) == 0;
}

static int compare_rows(const void *left, const void *right)
{
	const struct pattern_plain *a = left, *b = right;
	int order = memcmp(a, b, offsetof(struct pattern_plain, least_bytes));

	return order ? order : (int)a->id - (int)b->id;
}

static int compare_ids(const void *left, const void *right)
{
	const struct pattern_plain *a = left, *b = right;

	return (int)a->id - (int)b->id;
}

/* Of sorted rows. Result: the first pattern that makes a group too large; pattern_count: none does. */
static uint32_t find_crowd(const struct rows *rows)
{
	uint32_t least = rows->pattern_count;

	for (uint32_t i = 0, first = 0; i < rows->count; i++) {
		if (!is_of_group(&rows->row[first], &rows->row[i]))
			first = i;
		if (i - first == PATTERN_PLAIN_GROUP_MAX && rows->row[i].id < least)
			least = rows->row[i].id;
	}
	return least;
}

static void keep_first_patterns(struct rows *rows, uint32_t pattern_count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rows->count; i++)
		if (rows->row[i].id < pattern_count)
			rows->row[kept++] = rows->row[i];
	rows->count = kept;
	rows->pattern_count = pattern_count;
}

/* Of sorted rows. */
static uint32_t count_groups(const struct rows *rows)
{
	uint32_t groups = 0;

	for (uint32_t i = 0; i < rows->count; i++)
		groups += i == 0 || !is_of_group(&rows->row[i - 1], &rows->row[i]);
	return groups;
}

static uint32_t hash_of(const struct pattern_plain *row)
{
	uint64_t low, high = 0;

	memcpy(&low, row->prefix, sizeof(low));
	memcpy(&high, row->prefix + sizeof(low), sizeof(row->prefix) - sizeof(low));
	return pattern_plain_hash(low, high);
}

static uint32_t slots_for(uint32_t groups)
{
	uint32_t slots = 1;

	while (slots < SLOTS_PER_GROUP * groups)
		slots *= 2;
	return slots;
}

/* Result: false: none is free where it would be looked for. */
static bool take_slot(uint32_t *slot, uint32_t mask, uint32_t hash, uint32_t row)
{
	for (uint32_t i = 0; i < PATTERN_PLAIN_PROBES_MAX; i++) {
		uint32_t at = (hash + i) & mask;
		if (slot[at] == PATTERN_PLAIN_NO_GROUP) {
			slot[at] = (hash & PATTERN_PLAIN_HASH_MASK) | row;
			return true;
		}
	}
	return false;
}

/* Result: the first pattern whose group got no slot; pattern_count: all have. */
static uint32_t fill_slots(struct pattern_plains *plains, uint32_t pattern_count)
{
	uint32_t *slot = (uint32_t *)(void *)(plains->row + plains->row_count), least = pattern_count;

	memset(slot, 0xff, plains->slot_count * sizeof(*slot));
	plains->lengths = 0;
	for (uint32_t i = 0; i < plains->row_count; i++) {
		const struct pattern_plain *row = &plains->row[i];
		if (i > 0 && is_of_group(row - 1, row))
			continue;
		if (!take_slot(slot, plains->slot_count - 1, hash_of(row), i) && row->id < least)
			least = row->id;
		plains->lengths |= (uint16_t)(1u << row->prefix_bytes);
	}
	return least;
}

/* Sorts the rows as they will stand, without those that have no room. Result: as groups? */
static bool sort_rows(struct rows *rows)
{
	if (rows->count <= PATTERN_PLAIN_LIST_MAX)
		return false;
	qsort(rows->row, rows->count, sizeof(*rows->row), compare_rows);
	keep_first_patterns(rows, find_crowd(rows));
	if (rows->count > PATTERN_PLAIN_LIST_MAX)
		return true;
	qsort(rows->row, rows->count, sizeof(*rows->row), compare_ids);
	return false;
}

static bool is_short_character(uint8_t c)
{
	return (c >= '0' && c <= '9') || c == '*' || c == '+';
}

/* Has it a prefix that a short row can say? */
static bool is_short(const struct pattern_plain *row)
{
	if (row->prefix_bytes > PATTERN_PLAIN_SHORT_BYTES)
		return false;
	for (uint32_t i = 0; i < row->prefix_bytes; i++)
		if (!is_short_character(row->prefix[i]))
			return false;
	return true;
}

static bool are_short(const struct rows *rows)
{
	for (uint32_t i = 0; i < rows->count; i++)
		if (!is_short(&rows->row[i]))
			return false;
	return true;
}

static struct pattern_plain_short shorten(const struct pattern_plain *row)
{
	uint32_t prefix = (uint32_t)row->prefix_bytes << PATTERN_PLAIN_SHORT_COUNT_SHIFT;

	for (uint32_t i = 0; i < row->prefix_bytes; i++)
		prefix |= (row->prefix[i] & 0xfu) << 4 * i;
	return (struct pattern_plain_short){prefix, row->least_bytes, row->most_bytes, row->id};
}

static void copy_rows(struct pattern_plains *plains, const struct rows *rows)
{
	struct pattern_plain_short *row = (struct pattern_plain_short *)(void *)plains->row;

	plains->row_count = rows->count;
	if (!plains->is_short)
		memcpy(plains->row, rows->row, rows->count * sizeof(*rows->row));
	for (uint32_t i = 0; plains->is_short && i < rows->count; i++)
		row[i] = shorten(&rows->row[i]);
}

/* Result: NULL without memory. */
static struct pattern_plains *make_plains(struct rows *rows)
{
	uint32_t slot_count = sort_rows(rows) ? slots_for(count_groups(rows)) : 0;
	struct pattern_plains head = {
		.row_count = rows->count, .slot_count = slot_count, .is_short = slot_count == 0 && are_short(rows)};
	struct pattern_plains *plains = malloc(pattern_plains_bytes(&head));

	if (!plains)
		return NULL;
	*plains = head;
	copy_rows(plains, rows);
	uint32_t placed = slot_count ? fill_slots(plains, rows->pattern_count) : rows->pattern_count;
	if (placed < rows->pattern_count) {
		/* As many slots for fewer: who had one finds one again, not farther from where it is looked for. */
		keep_first_patterns(rows, placed);
		copy_rows(plains, rows);
		fill_slots(plains, placed);
	}
	return plains;
}

enum status pattern_plain_build(struct pattern_plains **plains, uint32_t *pattern_count, const struct span *pattern,
				uint32_t count)
{
	struct rows rows = {0};
	struct pattern_plains *made = NULL;
	bool is_made = read_rows(&rows, pattern, count) && (rows.count == 0 || (made = make_plains(&rows)));

	free(rows.row);
	if (!is_made)
		return STATUS_NO_MEMORY;
	if (rows.pattern_count == 0) {
		free(made);
		made = NULL;
	}
	*plains = made;
	*pattern_count = rows.pattern_count;
	return STATUS_OK;
}

bool pattern_plain_build_is(struct span pattern)
{
	struct pattern_plain row[PATTERN_PLAIN_CHOICES_MAX];

	return pattern_plain_read(row, pattern) > 0;
}

void pattern_plain_build_add_room(struct pattern_plain_room *room, struct span pattern)
{
	struct pattern_plain row[PATTERN_PLAIN_CHOICES_MAX];
	uint32_t count = pattern_plain_read(row, pattern);

	room->rows += count;
	for (uint32_t i = 0; i < count; i++)
		room->is_long |= !is_short(&row[i]);
}

size_t pattern_plain_build_bytes(const struct pattern_plain_room *room)
{
	bool is_list = room->rows <= PATTERN_PLAIN_LIST_MAX;
	struct pattern_plains head = {.row_count = room->rows,
				      .slot_count = is_list ? 0 : slots_for(room->rows),
				      .is_short = is_list && !room->is_long};

	return room->rows ? pattern_plains_bytes(&head) : 0;
}
