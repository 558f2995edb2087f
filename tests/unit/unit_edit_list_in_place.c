/*
 * unit_edit_list_in_place - edits applied where the message stands, against edit_list_apply(): the same bytes or a
 * refusal, and nothing beside them is touched.
 */
#include "cmocka_all.h"

#include <stdlib.h>

#include "edit_list.h"
#include "guard_page.h"
#include "scan.h"

#define BEFORE_BYTES   64 /* not ours */
#define ROOM_BYTES     48
#define RECEIVED_BYTES (2 * EDIT_LIST_TEXT_BYTES)

static struct edit_list list;
static struct guard_page guarded;
static char saved[BEFORE_BYTES + ROOM_BYTES + RECEIVED_BYTES];
static char expected[4 * RECEIVED_BYTES];

/* The last bytes that can be read at all; before them the room, and what is not ours. */
static struct span place(uint32_t length)
{
	char *first = guard_page_room(&guarded, BEFORE_BYTES + ROOM_BYTES + length);

	for (uint32_t i = 0; i < BEFORE_BYTES + ROOM_BYTES + length; i++)
		first[i] = (char)('a' + rand() % 26);
	return span_make(first + BEFORE_BYTES + ROOM_BYTES, length);
}

/* Result: whether they were applied. The message is as it was afterwards, for another try. */
static bool apply_as_elsewhere(uint32_t room, struct span received)
{
	char *first = (char *)(uintptr_t)received.at - BEFORE_BYTES - ROOM_BYTES;
	uint32_t bytes = BEFORE_BYTES + ROOM_BYTES + (uint32_t)received.length;
	int length = edit_list_apply(&list, expected, sizeof(expected), received);

	memcpy(saved, first, bytes);
	const char *start = edit_list_apply_in_place(&list, room, received);
	if (!start) {
		assert_memory_equal(first, saved, bytes);
		return false;
	}
	assert_true(length >= 0 && (uint32_t)length <= received.length + room);
	assert_ptr_equal(start + length, received.at + received.length);
	assert_memory_equal(start, expected, (size_t)length);
	assert_memory_equal(first, saved, (size_t)(start - first));
	memcpy(first, saved, bytes);
	return true;
}

/* Applied when the room is enough, and else not. */
static void check(struct span received)
{
	int length = edit_list_apply(&list, expected, sizeof(expected), received);

	for (uint32_t room = 0; room <= ROOM_BYTES; room++) {
		bool fits = length >= 0 && (uint32_t)length <= received.length + room;
		if (apply_as_elsewhere(room, received) != fits)
			fail_msg("%u bytes before %u that become %d", room, received.length, length);
	}
}

static struct slice part(uint32_t offset, uint32_t length)
{
	return (struct slice){(uint16_t)offset, (uint16_t)length};
}

static void no_edit_and_each_kind(void **state)
{
	(void)state;
	struct span received = place(100);
	edit_list_init(&list);
	check(received);
	check(span_make(received.at + 100, 0));
	edit_list_replace(&list, part(100, 0), SPAN_LITERAL("behind"));
	check(received);
	edit_list_replace(&list, part(0, 0), SPAN_LITERAL("before"));
	check(received);
	edit_list_replace(&list, part(40, 20), (struct span){0});
	check(received);
	/* A part of the message that what is written reaches. */
	edit_list_replace(&list, part(70, 1), span_make(received.at + 5, 30));
	check(received);
	edit_list_init(&list);
	edit_list_replace(&list, part(0, 100), (struct span){0});
	check(received);
}

/* One that overlaps another now and then, or lies outside. */
static void add_edit(struct span received)
{
	uint32_t offset = (uint32_t)rand() % ((uint32_t)received.length + 1), removed = 0;

	if (rand() % 2)
		removed = (uint32_t)rand() % ((uint32_t)received.length - offset + 1) / (uint32_t)(1 + rand() % 20);
	if (rand() % 100 == 0)
		removed = (uint32_t)received.length - offset + 1;
	switch (rand() % 3) {
	case 0:
		edit_list_replace(&list, part(offset, removed), (struct span){0});
		break;
	case 1: {
		uint32_t from = (uint32_t)rand() % (uint32_t)received.length;
		uint32_t length = (uint32_t)rand() % 60;
		if (from + length > received.length)
			length = (uint32_t)received.length - from;
		edit_list_replace(&list, part(offset, removed), span_make(received.at + from, length));
		break;
	}
	default:
		for (int length = rand() % 40; length > 0; length--)
			text_write_char(&list.writer, (char)('A' + rand() % 26));
		edit_list_replace(&list, part(offset, removed), edit_list_take(&list));
		if (rand() % 4 == 0) {
			text_write_literal(&list.writer, "more");
			edit_list_insert(&list, (uint16_t)offset);
		}
	}
}

static void random_edits(void **state)
{
	uint32_t applied = 0, refused = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct span received = place(1 + (uint32_t)rand() % 300);
		edit_list_init(&list);
		for (int count = rand() % 8; count > 0; count--)
			add_edit(received);
		check(received);
		*(edit_list_apply(&list, expected, sizeof(expected), received) < 0 ? &refused : &applied) += 1;
	}
	assert_true(applied > 5000 && refused > 1000);
}

/*
 * With a text that is a part of the message, what is before the last edit is put together behind the texts: as long as
 * it fits there. Else it moves where it is, of any length.
 */
static void as_much_as_the_list_has_room_for(void **state)
{
	(void)state;
	struct span received = place(RECEIVED_BYTES);
	for (uint32_t taken = 0; taken <= 7; taken += 7)
		for (uint32_t at = EDIT_LIST_TEXT_BYTES - 20; at <= EDIT_LIST_TEXT_BYTES; at++)
			for (uint32_t own = 0; own <= 1; own++) {
				struct span text = own ? span_make(received.at + 20, 1) : SPAN_LITERAL("x");
				edit_list_init(&list);
				text_write_span(&list.writer, span_make("1234567", taken));
				edit_list_replace(&list, part(0, 9), edit_list_take(&list));
				edit_list_replace(&list, part(at, 0), text);
				/* The text that was taken, twice: where it stands and where it is put. */
				bool fits = 2 * taken + 1 + at <= EDIT_LIST_TEXT_BYTES;
				assert_int_equal(apply_as_elsewhere(ROOM_BYTES, received), !own || fits);
			}
}

/* What goes back reaches as far as the removal before it began, and a byte further. */
static void growth_eats_what_was_removed_before_it(void **state)
{
	(void)state;
	struct span received = place(100);
	for (uint32_t removed = 0; removed <= 20; removed++)
		for (uint32_t grown = 0; grown <= 21; grown++) {
			edit_list_init(&list);
			edit_list_replace(&list, part(30, removed), (struct span){0});
			edit_list_replace(&list, part(60, 0), span_make("abcdefghijklmnopqrstuvwxyz", grown));
			check(received);
		}
}

static void what_ran_over_or_lies_outside(void **state)
{
	static const struct {
		uint32_t offset, removed;
	} outside[] = {{101, 0}, {100, 1}, {1, 100}, {0, 65535}, {65535, 0}, {65535, 65535}};

	(void)state;
	struct span received = place(100);
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		edit_list_init(&list);
		edit_list_replace(&list, part(outside[i].offset, outside[i].removed), (struct span){0});
		assert_false(apply_as_elsewhere(ROOM_BYTES, received));
	}
	edit_list_init(&list);
	for (uint32_t i = 0; i <= EDIT_LIST_MAX; i++)
		edit_list_replace(&list, part(0, 0), (struct span){0});
	assert_false(apply_as_elsewhere(ROOM_BYTES, received));
	edit_list_init(&list);
	assert_null(edit_list_room(&list, EDIT_LIST_TEXT_BYTES + 1));
	assert_false(apply_as_elsewhere(ROOM_BYTES, received));
	edit_list_init(&list);
	for (uint32_t i = 0; i <= EDIT_LIST_TEXT_BYTES; i++)
		text_write_char(&list.writer, 'x');
	assert_false(apply_as_elsewhere(ROOM_BYTES, received));
}

static int build_guard(void **state)
{
	(void)state;
	guard_page_build(&guarded, sizeof(saved));
	return 0;
}

static int free_guard(void **state)
{
	(void)state;
	guard_page_free(&guarded);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_edit_and_each_kind),
		cmocka_unit_test(random_edits),
		cmocka_unit_test(as_much_as_the_list_has_room_for),
		cmocka_unit_test(growth_eats_what_was_removed_before_it),
		cmocka_unit_test(what_ran_over_or_lies_outside),
	};
	int failed = cmocka_run_group_tests(tests, build_guard, free_guard);
	return failed + (scan_select(SCAN_AVX512)
				 ? cmocka_run_group_tests_name("with AVX-512", tests, build_guard, free_guard)
				 : 0);
}
