#include "cmocka_all.h"

#include "branch_name.h"
#include "guard_page.h"
#include "random_source.h"

#define TEXT "z9hG4bK.AQIDBAUGBwgJCgsMDQ4PEA"

static const struct branch_name usual = {1, 2, 0x0304, 0x05060708, 0x090a0b0c0d0e0f10};
static struct guard_page in, out;

static bool is_same(const struct branch_name *a, const struct branch_name *b)
{
	return a->node == b->node && a->worker == b->worker && a->generation == b->generation && a->slot == b->slot &&
	       a->secret == b->secret;
}

static bool read_text(struct branch_name *name, struct span text)
{
	return branch_name_read(name, guard_page_place(&in, text));
}

static struct span write_name(const struct branch_name *name)
{
	char *room = guard_page_room(&out, BRANCH_NAME_TEXT_BYTES);

	branch_name_write(room, name);
	return span_make(room, BRANCH_NAME_TEXT_BYTES);
}

static void the_bytes_of_the_header(void **state)
{
	struct branch_name name;

	(void)state;
	assert_span_equal(write_name(&usual), SPAN_LITERAL(TEXT));
	assert_true(read_text(&name, SPAN_LITERAL(TEXT)));
	assert_true(is_same(&name, &usual));
}

static void reads_what_was_written(void **state)
{
	struct random_source random = random_source_of(17);
	struct branch_name name, greatest = {UINT8_MAX, UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX}, none = {0};

	(void)state;
	assert_true(read_text(&name, write_name(&greatest)) && is_same(&name, &greatest));
	assert_true(read_text(&name, write_name(&none)) && is_same(&name, &none));
	for (int i = 0; i < 10000; i++) {
		uint64_t place = random_source_next(&random), count = random_source_next(&random);
		struct branch_name made = {(uint8_t)place, (uint8_t)(place >> 8), (uint16_t)count,
					   (uint32_t)(place >> 32), random_source_next(&random)};
		assert_true(read_text(&name, write_name(&made)) && is_same(&name, &made));
	}
}

/* Whatever is changed, it is refused or names another branch, in the one spelling of that one. */
static void every_change_is_seen(void **state)
{
	uint32_t others = 0;

	(void)state;
	for (uint32_t bit = 0; bit < BRANCH_NAME_TEXT_BYTES * 8; bit++) {
		char text[] = TEXT;
		struct branch_name name;
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		struct span changed = span_make(text, BRANCH_NAME_TEXT_BYTES);
		if (!read_text(&name, changed))
			continue;
		others++;
		assert_true(bit >= 64);
		assert_false(is_same(&name, &usual));
		assert_span_equal(write_name(&name), changed);
	}
	assert_true(others > 0);
}

static void only_the_whole_is_read(void **state)
{
	struct branch_name name = usual;
	struct span longer = SPAN_LITERAL(TEXT "==");

	(void)state;
	for (uint32_t length = 0; length <= longer.length; length++)
		assert_int_equal(read_text(&name, span_make(longer.at, length)), length == BRANCH_NAME_TEXT_BYTES);
	assert_false(branch_name_read(&name, (struct span){0}));
}

/* The four bits that 22 digits have more than 16 bytes are zero: A, Q, g and w end a name. */
static void one_name_has_one_spelling(void **state)
{
	struct branch_name name;
	uint32_t right = 0;

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char text[] = TEXT;
		text[BRANCH_NAME_TEXT_BYTES - 1] = (char)byte;
		bool expected = byte == 'A' || byte == 'Q' || byte == 'g' || byte == 'w';
		assert_int_equal(read_text(&name, span_make(text, BRANCH_NAME_TEXT_BYTES)), expected);
		right += expected;
	}
	assert_int_equal(right, 4);
}

static void what_is_not_ours_leaves_the_name_alone(void **state)
{
	static const char *const texts[] = {
		"",
		"z9hG4bK",
		"z9hG4bK.",
		"z9hG4bKpAQIDBAUGBwgJCgsMDQ4PEA",
		"Z9HG4BK.AQIDBAUGBwgJCgsMDQ4PEA",
		"z9hG4bK.AQIDBAUGBwgJCgsMDQ4PE=",
		"z9hG4bK.AQIDBAUG/wgJCgsMDQ4PEA",
		"z9hG4bK.AQIDBAUG+wgJCgsMDQ4PEA",
		"z9hG4bK.AQIDBAUG wgJCgsMDQ4PEA",
		"z9hG4bKping0123456789012345678",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct branch_name name = usual;
		if (read_text(&name, span_of_text(texts[i])))
			fail_msg("read: %s", texts[i]);
		assert_true(is_same(&name, &usual));
	}
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&in, 4096);
	guard_page_build(&out, 4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guard_page_free(&in);
	guard_page_free(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_of_the_header),   cmocka_unit_test(reads_what_was_written),
		cmocka_unit_test(every_change_is_seen),	     cmocka_unit_test(only_the_whole_is_read),
		cmocka_unit_test(one_name_has_one_spelling), cmocka_unit_test(what_is_not_ours_leaves_the_name_alone),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
