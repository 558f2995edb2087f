#include "edit_list.h"

#include "copy_bytes.h"

void edit_list_init(struct edit_list *list)
{
	list->count = 0;
	list->overflowed = false;
	list->writer = text_write_begin(list->text, sizeof(list->text));
}

void edit_list_insert(struct edit_list *list, uint16_t offset)
{
	edit_list_insert_taken(list, offset, edit_list_take(list));
}

void edit_list_insert_taken(struct edit_list *list, uint16_t offset, struct span text)
{
	struct edit *last = list->count ? &list->edit[list->count - 1] : NULL;

	if (last && last->offset == offset && last->text + last->text_length == text.at)
		last->text_length = (uint16_t)(last->text_length + text.length);
	else
		edit_list_replace(list, (struct slice){offset, 0}, text);
}

/* Before whom it stands: of its two members, which lie so in memory (little-endian), the offset counts first. */
static uint32_t edit_rank(const struct edit *edit)
{
	uint32_t rank;

	_Static_assert(offsetof(struct edit, order) == 0 && offsetof(struct edit, offset) == 2, "one number");
	memcpy(&rank, edit, sizeof(rank));
	return rank;
}

/* Insertion sort: the edits are few and come nearly in order. */
static void move_down(struct edit_list *list, uint32_t at)
{
	struct edit moved = list->edit[at];
	uint32_t rank = edit_rank(&moved);

	for (; at > 0 && rank < edit_rank(&list->edit[at - 1]); at--)
		list->edit[at] = list->edit[at - 1];
	list->edit[at] = moved;
}

static void sort_edits(struct edit_list *list)
{
	uint32_t last = list->count ? edit_rank(&list->edit[0]) : 0;

	for (uint32_t i = 1, count = list->count; i < count; i++) {
		uint32_t rank = edit_rank(&list->edit[i]);
		if (rank < last)
			move_down(list, i);
		else
			last = rank;
	}
}

/* Result: behind it; NULL when there is no room for it up to `end`. */
static inline char *put(char *at, const char *end, const char *text, uint32_t length)
{
	if (length > (size_t)(end - at))
		return NULL;
	copy_bytes(at, text, length);
	return at + length;
}

int edit_list_apply(struct edit_list *list, char *out, uint32_t capacity, struct span received)
{
	char *at = out, *out_end = out + capacity;
	uint32_t kept = 0;	    /* bytes of `received` before this one are done */
	uint32_t removal_start = 0; /* of the newest removal: inserts at its very start stand behind its text */

	if (list->overflowed || list->writer.overflowed)
		return -1;
	sort_edits(list);
	for (const struct edit *edit = list->edit, *edits_end = edit + list->count; edit < edits_end; edit++) {
		uint32_t offset = edit->offset, end = offset + edit->removed;
		if (end > received.length || (offset < kept && (edit->removed || offset != removal_start)))
			return -1;
		if (offset > kept && !(at = put(at, out_end, received.at + kept, offset - kept)))
			return -1;
		if (edit->text_length && !(at = put(at, out_end, edit->text, edit->text_length)))
			return -1;
		kept = end > kept ? end : kept;
		removal_start = edit->removed ? offset : removal_start;
	}
	at = put(at, out_end, received.at + kept, received.length - kept);
	return at ? (int)(at - out) : -1;
}
