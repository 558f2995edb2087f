#include "cmocka_all.h"

#include <stdlib.h>

#include "edit_list.h"
#include "guard_page.h"
#include "scan.h"

static struct edit_list list;

static struct slice part(uint16_t offset, uint16_t length)
{
	return (struct slice){offset, length};
}

static void check(struct span received, const char *expected)
{
	struct guard_page guarded, in;
	uint32_t length = (uint32_t)strlen(expected);

	guard_page_build(&guarded, 4096);
	guard_page_build(&in, 4096);
	received = guard_page_place(&in, received);
	/* As much as it takes, and from somewhere on so much that nothing has to be counted. */
	for (uint32_t spare = 0; spare <= received.length + 70; spare++) {
		char *out = guard_page_room(&guarded, length + spare);
		assert_int_equal(edit_list_apply(&list, out, length + spare, received), length);
		assert_span_equal(span_make(out, length), span_of_text(expected));
	}
	for (uint32_t room = 0; room < length; room++)
		assert_int_equal(edit_list_apply(&list, guard_page_room(&guarded, room), room, received), -1);
	guard_page_free(&guarded);
	guard_page_free(&in);
}

static void replaces_inserts_and_removes(void **state)
{
	struct span received = SPAN_LITERAL("0123456789");

	(void)state;
	edit_list_init(&list);
	check(received, "0123456789");
	edit_list_replace(&list, part(8, 2), SPAN_LITERAL("end"));
	edit_list_replace(&list, part(0, 0), SPAN_LITERAL("begin "));
	edit_list_replace(&list, part(3, 2), (struct span){0});
	edit_list_replace(&list, part(10, 0), SPAN_LITERAL("!"));
	edit_list_replace(&list, part(5, 1), SPAN_LITERAL("five"));
	check(received, "begin 012five67end!");
	edit_list_init(&list);
	edit_list_replace(&list, part(0, 10), (struct span){0});
	check(received, "");
}

static void edits_at_one_place_keep_their_order(void **state)
{
	struct span received = SPAN_LITERAL("0123456789");

	(void)state;
	edit_list_init(&list);
	edit_list_replace(&list, part(7, 0), SPAN_LITERAL("x"));
	edit_list_replace(&list, part(4, 0), SPAN_LITERAL("a"));
	edit_list_replace(&list, part(4, 0), SPAN_LITERAL("b"));
	edit_list_replace(&list, part(4, 2), SPAN_LITERAL("C"));
	edit_list_replace(&list, part(4, 0), SPAN_LITERAL("d"));
	edit_list_replace(&list, part(6, 0), SPAN_LITERAL("e"));
	check(received, "0123abCde6x789");
}

static void what_was_withdrawn_is_as_never_added(void **state)
{
	struct span received = SPAN_LITERAL("0123456789");

	(void)state;
	edit_list_init(&list);
	edit_list_replace(&list, part(2, 1), SPAN_LITERAL("two"));
	struct edit_list_mark mark = edit_list_mark(&list);
	for (uint32_t i = 0; i < EDIT_LIST_MAX; i++)
		edit_list_replace(&list, part(5, 0), SPAN_LITERAL("x"));
	assert_true(list.overflowed);
	edit_list_withdraw(&list, mark);
	edit_list_replace(&list, part(7, 0), SPAN_LITERAL("y"));
	check(received, "01two3456y789");
	/* What ran over before the mark stays so. */
	for (uint32_t i = 0; i < EDIT_LIST_MAX; i++)
		edit_list_replace(&list, part(5, 0), SPAN_LITERAL("x"));
	edit_list_withdraw(&list, edit_list_mark(&list));
	assert_true(list.overflowed);
}

static void refuses_what_overlaps_or_is_outside(void **state)
{
	static const struct {
		struct slice a, b;
	} rows[] = {{{2, 3}, {4, 2}}, {{4, 2}, {2, 3}}, {{2, 3}, {2, 3}},  {{2, 3}, {3, 0}},
		    {{2, 3}, {3, 1}}, {{0, 1}, {9, 2}}, {{0, 1}, {11, 0}}, {{0, 1}, {65535, 65535}}};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		edit_list_init(&list);
		edit_list_replace(&list, rows[i].a, SPAN_LITERAL("a"));
		edit_list_replace(&list, rows[i].b, SPAN_LITERAL("b"));
		assert_int_equal(edit_list_apply(&list, out, sizeof(out), SPAN_LITERAL("0123456789")), -1);
	}
}

static void takes_texts_one_by_one(void **state)
{
	(void)state;
	edit_list_init(&list);
	text_write_literal(&list.writer, "one");
	struct span one = edit_list_take(&list);
	struct span empty = edit_list_take(&list);
	text_write_number(&list.writer, 22);
	struct span two = edit_list_take(&list);
	assert_span_equal(one, SPAN_LITERAL("one"));
	assert_int_equal(empty.length, 0);
	assert_span_equal(two, SPAN_LITERAL("22"));
	edit_list_replace(&list, part(1, 0), one);
	edit_list_replace(&list, part(0, 0), two);
	check(SPAN_LITERAL("ab"), "22aoneb");
}

static void insert(const char *text, uint16_t offset)
{
	text_write_span(&list.writer, span_of_text(text));
	edit_list_insert(&list, offset);
}

static void inserts_at_one_place_become_one(void **state)
{
	(void)state;
	edit_list_init(&list);
	insert("a", 4);
	insert("bc", 4);
	insert("", 4);
	insert("d", 4);
	assert_int_equal(list.count, 1);
	insert("e", 5); /* elsewhere */
	assert_int_equal(list.count, 2);
	insert("f", 4); /* there again, and not the last one */
	assert_int_equal(list.count, 3);
	text_write_literal(&list.writer, "g");
	struct span between = edit_list_take(&list);
	insert("h", 4); /* its text stands elsewhere */
	assert_int_equal(list.count, 4);
	edit_list_replace(&list, part(4, 1), SPAN_LITERAL("I"));
	insert("j", 4); /* behind a removal */
	edit_list_replace(&list, part(8, 1), between);
	assert_int_equal(list.count, 7);
	check(SPAN_LITERAL("0123456789"), "0123abcdfhIje567g9");
	/* Behind the text of a removal. */
	edit_list_init(&list);
	text_write_literal(&list.writer, "k");
	edit_list_replace(&list, part(4, 2), edit_list_take(&list));
	insert("l", 4);
	assert_int_equal(list.count, 1);
	check(SPAN_LITERAL("0123456789"), "0123kl6789");
}

/* What is put where there is room, of which less may be taken; the last byte of the buffer too. */
static void takes_what_was_put(void **state)
{
	(void)state;
	edit_list_init(&list);
	char *at = edit_list_room(&list, EDIT_LIST_TEXT_BYTES - 3);
	assert_non_null(at);
	memcpy(at, "one", 3);
	struct span taken = edit_list_take_to(&list, at + 3);
	assert_span_equal(taken, SPAN_LITERAL("one"));
	assert_ptr_equal(edit_list_room(&list, EDIT_LIST_TEXT_BYTES - 3), taken.at + 3);
	assert_false(list.overflowed);
	assert_null(edit_list_room(&list, EDIT_LIST_TEXT_BYTES - 2));
	assert_true(list.overflowed);
}

static void both_limits_are_reached(void **state)
{
	static char long_text[UINT16_MAX + 1], out[4 * EDIT_LIST_MAX];
	char received[EDIT_LIST_MAX];

	(void)state;
	memset(received, '.', sizeof(received));
	edit_list_init(&list);
	for (uint16_t i = 0; i < EDIT_LIST_MAX; i++)
		edit_list_replace(&list, part((uint16_t)(EDIT_LIST_MAX - 1 - i), 0), SPAN_LITERAL("x"));
	assert_int_equal(edit_list_apply(&list, out, sizeof(out), span_make(received, sizeof(received))),
			 2 * EDIT_LIST_MAX);
	edit_list_replace(&list, part(0, 0), SPAN_LITERAL("x"));
	assert_int_equal(edit_list_apply(&list, out, sizeof(out), span_make(received, sizeof(received))), -1);

	edit_list_init(&list);
	for (int i = 0; i < EDIT_LIST_TEXT_BYTES; i++) {
		text_write_char(&list.writer, 'x');
		edit_list_take(&list);
	}
	assert_int_equal(edit_list_apply(&list, out, sizeof(out), SPAN_LITERAL("ab")), 2);
	text_write_char(&list.writer, 'x');
	assert_int_equal(edit_list_apply(&list, out, sizeof(out), SPAN_LITERAL("ab")), -1);

	edit_list_init(&list);
	edit_list_replace(&list, part(0, 0), span_make(long_text, sizeof(long_text)));
	assert_int_equal(edit_list_apply(&list, out, sizeof(out), SPAN_LITERAL("ab")), -1);
}

/* Against a model that has one text before each byte and one mark whether the byte stays. */
static void random_edits_as_a_model_does(void **state)
{
	static char before[101][64], expected[16384], out[16384];
	bool gone[100];
	char received[100];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		memset(before, 0, sizeof(before));
		memset(gone, 0, sizeof(gone));
		for (int i = 0; i < 100; i++)
			received[i] = (char)('a' + rand() % 26);
		edit_list_init(&list);
		for (int count = rand() % 30; count > 0; count--) {
			uint16_t offset = (uint16_t)(rand() % 101), removed = (uint16_t)(rand() % 6);
			if (offset + removed > 100)
				removed = 0;
			bool taken = offset > 0 && gone[offset - 1] && offset < 100 && gone[offset];
			for (int i = offset; i < offset + removed; i++)
				taken |= gone[i] || (i > offset && before[i][0]);
			if (taken || strlen(before[offset]) > 50)
				continue;
			text_write_char(&list.writer, '<');
			text_write_number(&list.writer, (uint64_t)count);
			text_write_char(&list.writer, '>');
			struct span text = edit_list_take(&list);
			edit_list_replace(&list, part(offset, removed), text);
			strncat(before[offset], text.at, text.length);
			memset(gone + offset, 1, removed);
		}
		expected[0] = '\0';
		for (int i = 0; i <= 100; i++) {
			strcat(expected, before[i]);
			if (i < 100 && !gone[i])
				strncat(expected, &received[i], 1);
		}
		int length = edit_list_apply(&list, out, sizeof(out), span_make(received, 100));
		assert_true(length >= 0);
		assert_span_equal(span_make(out, (size_t)length), span_of_text(expected));
	}
}

/* Before, between and behind longer pieces, with as much room as makes a difference, and not a byte more. */
static void texts_of_any_length(void **state)
{
	static char text[300], received[300], expected[901];

	(void)state;
	for (uint32_t i = 0; i < 300; i++) {
		text[i] = (char)('A' + i % 26);
		received[i] = (char)('a' + i % 25);
	}
	for (uint32_t length = 1; length < 300; length++) {
		edit_list_init(&list);
		edit_list_replace(&list, part((uint16_t)length, 0), span_make(text, length));
		edit_list_replace(&list, part(299, 1), span_make(text + 1, 300 - length));
		snprintf(expected, sizeof(expected), "%.*s%.*s%.*s%.*s", (int)length, received, (int)length, text,
			 (int)(299 - length), received + length, (int)(300 - length), text + 1);
		check(span_make(received, 300), expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_inserts_and_removes),
		cmocka_unit_test(edits_at_one_place_keep_their_order),
		cmocka_unit_test(what_was_withdrawn_is_as_never_added),
		cmocka_unit_test(refuses_what_overlaps_or_is_outside),
		cmocka_unit_test(takes_texts_one_by_one),
		cmocka_unit_test(inserts_at_one_place_become_one),
		cmocka_unit_test(takes_what_was_put),
		cmocka_unit_test(both_limits_are_reached),
		cmocka_unit_test(random_edits_as_a_model_does),
		cmocka_unit_test(texts_of_any_length),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	return failed + (scan_select(SCAN_AVX512) ? cmocka_run_group_tests_name("with AVX-512", tests, NULL, NULL) : 0);
}
