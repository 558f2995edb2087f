#include "edit_list.h"

#include "copy_bytes.h"

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

/* Before whom it stands: of its two members, which lie so in memory (little-endian), the offset counts first. */
static uint32_t edit_rank(const struct edit *edit)
{
	uint32_t rank;

	_Static_assert(offsetof(struct edit, order) == 0 && offsetof(struct edit, offset) == 2, "one number");
	memcpy(&rank, edit, sizeof(rank));
	return rank;
}

/* Insertion sort: the edits are few and come nearly in order. */
static void sort_edits(struct edit_list *list)
{
	for (uint32_t i = 1; i < list->count; i++) {
		uint32_t at = i, rank = edit_rank(&list->edit[i]);
		if (rank >= edit_rank(&list->edit[i - 1]))
			continue;
		struct edit moved = list->edit[i];
		for (; at > 0 && rank < edit_rank(&list->edit[at - 1]); at--)
			list->edit[at] = list->edit[at - 1];
		list->edit[at] = moved;
	}
}

/* What is written so far; `left`: room for more. */
struct output {
	char *at;
	uint32_t left;
};

/* Result: false when there is no room for it. */
static inline bool put(struct output *output, const char *text, uint32_t length)
{
	if (length > output->left)
		return false;
	copy_bytes(output->at, text, length);
	output->at += length;
	output->left -= length;
	return true;
}

int edit_list_apply(struct edit_list *list, char *out, uint32_t capacity, struct span received)
{
	struct output output = {out, capacity};
	uint32_t kept = 0;	    /* bytes of `received` before this one are done */
	uint32_t removal_start = 0; /* of the newest removal: inserts at its very start stand behind its text */

	if (list->overflowed || list->writer.overflowed)
		return -1;
	sort_edits(list);
	for (uint32_t i = 0, count = list->count; i < count; i++) {
		const struct edit *edit = &list->edit[i];
		uint32_t offset = edit->offset, end = offset + edit->removed;
		if (end > received.length || (offset < kept && (edit->removed || offset != removal_start)))
			return -1;
		if (offset > kept && !put(&output, received.at + kept, offset - kept))
			return -1;
		if (!put(&output, edit->text, edit->text_length))
			return -1;
		kept = end > kept ? end : kept;
		removal_start = edit->removed ? offset : removal_start;
	}
	if (!put(&output, received.at + kept, received.length - kept))
		return -1;
	return (int)(capacity - output.left);
}
