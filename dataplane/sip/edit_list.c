#include "edit_list.h"

#include "copy_bytes.h"
#include "edit_list_put.h"
#include "scan.h"

void edit_list_init(struct edit_list *list)
{
	list->count = 0;
	list->overflowed = false;
	/* One by one: as a whole it would be read when all before it is written (short_text.h). */
	list->writer.at = list->text;
	list->writer.length = 0;
	list->writer.capacity = sizeof(list->text);
	list->writer.overflowed = false;
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

/* Apart: mostly nothing moves, or one. */
static __attribute__((noinline)) void move_down(struct edit *first, struct edit *at)
{
	struct edit moved = *at;
	uint32_t rank = edit_rank(&moved);

	for (; at > first && rank < edit_rank(at - 1); at--)
		*at = *(at - 1);
	*at = moved;
}

/* Insertion sort: the edits are few and come nearly in order. Result: the bytes of all texts. */
static uint32_t sort_edits(struct edit_list *list)
{
	struct edit *first = list->edit, *end = first + list->count;
	uint32_t text_bytes = 0, last = 0;

	for (struct edit *edit = first; edit < end; edit++) {
		uint32_t rank = edit_rank(edit);
		text_bytes += edit->text_length;
		if (rank < last)
			move_down(first, edit);
		else
			last = rank;
	}
	return text_bytes;
}

static inline char *put_counted(char *at, const char *end, const char *text, uint32_t length)
{
	if (length > (size_t)(end - at))
		return NULL;
	copy_bytes(at, text, length);
	return at + length;
}

static inline char *put_roomy(char *at, const char *end, const char *text, uint32_t length)
{
	(void)end;
	copy_bytes(at, text, length);
	return at + length;
}

/* `spare`: by how much more than all that is put there is room. */
static char *put_all(char *at, const char *end, int64_t spare, const struct edit_list *list, struct span received)
{
#if defined(__x86_64__)
	if (spare >= EDIT_LIST_SPARE_BYTES && scan_selected() == SCAN_AVX512)
		return edit_list_avx512_put_all(at, list, received);
#endif
	return spare >= 0 ? edit_list_put_all(at, end, put_roomy, list, received)
			  : edit_list_put_all(at, end, put_counted, list, received);
}

int edit_list_apply(struct edit_list *list, char *out, uint32_t capacity, struct span received)
{
	if (list->overflowed || list->writer.overflowed)
		return -1;
	/* Nearly always there is room for what is removed, too. */
	int64_t spare = (int64_t)capacity - sort_edits(list) - received.length;

	if (list->count && list->edit[list->count - 1].offset > received.length)
		return -1;
	const char *end = put_all(out, out + capacity, spare, list, received);
	return end ? (int)(end - out) : -1;
}

/*
 * Of edits in order: can all that is kept move to where it goes, the last piece first?
 *
 *   received   [..a..XXXX..b..YY....c....]      b goes first, then the text for YY, then a. Neither must reach what
 *   outgoing      [..a..x..b..yyyy..c....]      goes later: b may go back as far as XXXX began, a as the room does.
 *
 * Result: false also when a text is a part of the message, or edits overlap: the other way looks closer.
 */
static bool can_move(const struct edit_list *list, uint32_t room, struct span received)
{
	uintptr_t first = (uintptr_t)received.at - room, end = (uintptr_t)received.at + received.length;
	const struct edit *behind = list->edit + list->count;
	int64_t shift = 0;

	if (list->count && (uint32_t)behind[-1].offset + behind[-1].removed > received.length)
		return false;
	for (uint32_t i = list->count; i-- > 0;) {
		const struct edit *edit = &list->edit[i];
		int64_t kept = i ? (int64_t)edit[-1].offset + edit[-1].removed : 0;
		int64_t least = i ? (int64_t)edit[-1].offset : -(int64_t)room;
		uintptr_t text = (uintptr_t)edit->text;
		bool is_own = edit->text_length && text < end && text + edit->text_length > first;
		shift += (int64_t)edit->removed - edit->text_length;
		if (is_own || kept > edit->offset || kept + shift < least)
			return false;
	}
	return true;
}

/* Result: where the outgoing message begins. */
static char *move_pieces(const struct edit_list *list, struct span received)
{
	char *at = (char *)(uintptr_t)received.at;
	int64_t shift = 0;

	for (uint32_t i = list->count; i-- > 0;) {
		const struct edit *edit = &list->edit[i];
		uint32_t kept = i ? (uint32_t)edit[-1].offset + edit[-1].removed : 0;
		shift += (int64_t)edit->removed - edit->text_length;
		if (shift)
			memmove(at + kept + shift, at + kept, edit->offset - kept);
		copy_bytes(at + edit->offset + shift, edit->text, edit->text_length);
	}
	return at + shift;
}

/* Where the last edit ends, in the received bytes. */
static uint32_t find_end(const struct edit_list *list)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < list->count; i++) {
		uint32_t edit_end = (uint32_t)list->edit[i].offset + list->edit[i].removed;
		end = edit_end > end ? edit_end : end;
	}
	return end;
}

/* Put together behind the texts, which may be parts of the message themselves. `text_bytes`: of all texts. */
static char *put_together(struct edit_list *list, uint32_t text_bytes, uint32_t room, struct span received)
{
	uint32_t before = find_end(list);
	char *put_at = list->writer.at;

	if (before > received.length || (uint64_t)text_bytes + before > list->writer.capacity)
		return NULL;
	int64_t spare = (int64_t)list->writer.capacity - text_bytes - before;
	const char *end = put_all(put_at, put_at + list->writer.capacity, spare, list, span_make(received.at, before));
	if (!end || (uint64_t)(end - put_at) > (uint64_t)before + room)
		return NULL;
	char *start = (char *)(uintptr_t)received.at + before - (end - put_at);
	copy_bytes(start, put_at, (uint32_t)(end - put_at));
	return start;
}

char *edit_list_apply_in_place(struct edit_list *list, uint32_t room, struct span received)
{
	if (list->overflowed || list->writer.overflowed)
		return NULL;
	uint32_t text_bytes = sort_edits(list);
	return can_move(list, room, received) ? move_pieces(list, received)
					      : put_together(list, text_bytes, room, received);
}
