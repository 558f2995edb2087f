/*
 * edit_list.h - how a message leaves: a list of replacements against the received bytes, applied in one pass into the
 * outgoing mbuf, or over the received bytes themselves.
 *
 *   received   [........XXXX..........|............]      replace XXXX by text, insert text at |
 *   outgoing   [........text..........text............]
 */
#ifndef AMITY_EDIT_LIST_H
#define AMITY_EDIT_LIST_H

#include "span.h"
#include "text_write.h"

/* A rewritten request has about 20 edits; identity headers and credentials can stand often, hence the room. */
#define EDIT_LIST_MAX	     160
#define EDIT_LIST_TEXT_BYTES 4096

struct edit {
	uint16_t order;	 /* inserts at one place keep their order */
	uint16_t offset; /* in the received bytes */
	uint16_t removed;
	uint16_t text_length;
	const char *text;
};

struct edit_list {
	struct edit edit[EDIT_LIST_MAX];
	uint32_t count;
	bool overflowed;
	struct text_writer writer; /* text of the edits: write here, then edit_list_take() */
	char text[EDIT_LIST_TEXT_BYTES];
};

/* Thread: lcore. Cost: does not touch the buffers. */
void edit_list_init(struct edit_list *list);

/* Removes `part` and puts `text` there; either may be empty. `text` must live until apply. Overlapping removals are a
 * mistake of ours. */
static inline void edit_list_replace(struct edit_list *list, struct slice part, struct span text)
{
	uint32_t count = list->count;
	struct edit *edit = &list->edit[count];

	if (count == EDIT_LIST_MAX || text.length > UINT16_MAX) {
		list->overflowed = true;
		return;
	}
	_Static_assert(offsetof(struct edit, removed) == offsetof(struct edit, offset) + 2, "as in a slice");
	edit->order = (uint16_t)count;
	memcpy(&edit->offset, &part, sizeof(part));
	edit->text_length = (uint16_t)text.length;
	edit->text = text.at;
	list->count = count + 1;
}

/*
 * Puts what was written to list->writer since the last take in front of the byte at `offset`. What was written right
 * behind the text before it, for the same place, becomes one edit with it.
 *
 * Range: no mark is between the two.
 */
void edit_list_insert(struct edit_list *list, uint16_t offset);
void edit_list_insert_taken(struct edit_list *list, uint16_t offset, struct span text); /* that was taken just now */

/* How far a list is, to come back to. */
struct edit_list_mark {
	uint32_t count;
	bool overflowed;
};

static inline struct edit_list_mark edit_list_mark(const struct edit_list *list)
{
	return (struct edit_list_mark){list->count, list->overflowed};
}

/* Forgets the edits since `mark`; texts taken for them stay taken. */
static inline void edit_list_withdraw(struct edit_list *list, struct edit_list_mark mark)
{
	list->count = mark.count;
	list->overflowed = mark.overflowed;
}

/* Text written to list->writer since the last take (or init). */
static inline struct span edit_list_take(struct edit_list *list)
{
	struct span taken = text_written(&list->writer);

	list->writer.at += taken.length;
	list->writer.capacity -= taken.length;
	list->writer.length = 0;
	return taken;
}

/* Where `length` bytes can be put behind what was taken, of which edit_list_take_to() then takes as many as there are.
 * Result: NULL: no room, and the list overflowed. */
static inline char *edit_list_room(struct edit_list *list, uint64_t length)
{
	if (length > list->writer.capacity)
		list->overflowed = true;
	return length > list->writer.capacity ? NULL : list->writer.at;
}

static inline struct span edit_list_take_to(struct edit_list *list, const char *end)
{
	list->writer.length = (uint32_t)(end - list->writer.at);
	return edit_list_take(list);
}

/*
 * Applies all edits to `received` into `out`.
 *
 * Inserts at the start of a removal stand before or behind its text, in the order in which the edits were added.
 *
 * Cost: one copy.   Result: length written, or -1 when the list overflowed, `out` is too small, or an edit lies outside
 * `received` or inside another one's removal.
 */
int edit_list_apply(struct edit_list *list, char *out, uint32_t capacity, struct span received);

/*
 * Applies all edits where `received` stands: what is behind the last of them stays there, what is before it moves.
 *
 *   received   [......XXXXXX........................]      the outgoing message ends where the received one did
 *   outgoing         [......text....................]
 *
 * Range: `received` is ours to write to, as are `room` bytes before it.   Cost: what is before the last edit, once;
 * twice when a text is a part of the message, or longer than what the message loses around it.
 * Result: where the outgoing message begins; NULL as -1 above, or when the edits do not fit into the room, or, of what
 * is copied twice, what stands before the last one not behind the texts of the list: then nothing was written.
 */
char *edit_list_apply_in_place(struct edit_list *list, uint32_t room, struct span received);

#endif
