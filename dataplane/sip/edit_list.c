#include "edit_list.h"

void edit_list_init(struct edit_list *list)
{
	list->count = 0;
	list->overflowed = false;
	list->writer = text_write_begin(list->text, sizeof(list->text));
}

void edit_list_replace(struct edit_list *list, struct slice part, struct span text)
{
	if (list->count == EDIT_LIST_MAX || text.length > UINT16_MAX) {
		list->overflowed = true;
		return;
	}
	list->edit[list->count] = (struct edit){.offset = part.offset,
						.removed = part.length,
						.text_length = (uint16_t)text.length,
						.order = (uint16_t)list->count,
						.text = text.at};
	list->count++;
}

struct span edit_list_take(struct edit_list *list)
{
	struct span taken = text_written(&list->writer);

	list->writer.at += list->writer.length;
	list->writer.capacity -= list->writer.length;
	list->writer.length = 0;
	return taken;
}

static bool edit_is_before(const struct edit *a, const struct edit *b)
{
	return a->offset < b->offset || (a->offset == b->offset && a->order < b->order);
}

/* Insertion sort: the edits are few and come nearly in order. */
static void sort_edits(struct edit_list *list)
{
	for (uint32_t i = 1; i < list->count; i++) {
		struct edit moved = list->edit[i];
		uint32_t at = i;
		for (; at > 0 && edit_is_before(&moved, &list->edit[at - 1]); at--)
			list->edit[at] = list->edit[at - 1];
		list->edit[at] = moved;
	}
}

int edit_list_apply(struct edit_list *list, char *out, uint32_t capacity, struct span received)
{
	struct text_writer writer = text_write_begin(out, capacity);
	uint32_t kept = 0;	    /* bytes of `received` before this one are done */
	uint32_t removal_start = 0; /* of the newest removal: inserts at its very start stand behind its text */

	if (list->overflowed || list->writer.overflowed)
		return -1;
	sort_edits(list);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct edit *edit = &list->edit[i];
		uint32_t end = (uint32_t)edit->offset + edit->removed;
		bool behind_removal = edit->removed == 0 && edit->offset == removal_start;
		if (end > received.length || (edit->offset < kept && !behind_removal))
			return -1;
		if (edit->offset > kept)
			text_write_span(&writer, span_make(received.at + kept, edit->offset - kept));
		text_write_span(&writer, span_make(edit->text, edit->text_length));
		if (end > kept)
			kept = end;
		if (edit->removed)
			removal_start = edit->offset;
	}
	text_write_span(&writer, span_skip(received, kept));
	return writer.overflowed ? -1 : (int)writer.length;
}
