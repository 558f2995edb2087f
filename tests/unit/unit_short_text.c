/*
 * The short ways of clearing and reading a few bytes do what memset() and memcpy() do, and touch nothing beside.
 */
#include "clear_bytes.h"
#include "cmocka_all.h"
#include "guard_page.h"
#include "short_text.h"

#define CLEARED_MAX 700

static struct guard_page guard;

static void expect_read(struct span text)
{
	uint8_t expected[16] = {0};

	memcpy(expected, text.at, text.length);
	struct short_text read = short_text_read(text.at, text.length);
	assert_memory_equal(&read.low, expected, 8);
	assert_memory_equal(&read.high, expected + 8, 8);
}

/* Every byte has its place, and the lowest and highest bits too. */
static void a_text_is_read_whole_and_nothing_beside_it(void **state)
{
	static const char letters[] = "\xff"
				      "bcdefghijklmn\x80";

	(void)state;
	for (uint32_t length = 0; length <= SHORT_TEXT_BYTES_MAX; length++) {
		struct span text = span_make(letters + SHORT_TEXT_BYTES_MAX - length, length);
		expect_read(guard_page_place(&guard, text));
		expect_read(guard_page_place_first(&guard, text));
	}
}

static void as_many_bytes_are_cleared_as_were_said(void **state)
{
	static char bytes[CLEARED_MAX + 2], expected[sizeof(bytes)];

	(void)state;
	for (size_t size = 0; size <= CLEARED_MAX; size++) {
		memset(bytes, 'x', sizeof(bytes));
		memset(expected, 'x', sizeof(expected));
		memset(expected + 1, 0, size);
		clear_bytes(bytes + 1, size);
		assert_memory_equal(bytes, expected, sizeof(bytes));
	}
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(a_text_is_read_whole_and_nothing_beside_it),
		cmocka_unit_test(as_many_bytes_are_cleared_as_were_said),
	};

	guard_page_build(&guard, 4096);
	int failed = cmocka_run_group_tests(cases, NULL, NULL);
	guard_page_free(&guard);
	return failed;
}
