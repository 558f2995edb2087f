#include "cmocka_all.h"

#include "guard_page.h"
#include "line_read.h"
#include "random_source.h"

#define TEXT_BYTES_MAX 400

static struct guard_page guard;

/* Line after line, found by looking at every byte. */
static void check(struct span text)
{
	struct line_read lines;
	struct span line = {0};
	uint32_t at = 0;

	line_read_begin(&lines, text);
	while (at < text.length) {
		uint32_t end = at;
		while (end < text.length && text.at[end] != '\n')
			end++;
		uint32_t next = end < text.length ? end + 1 : end;
		if (end > at && text.at[end - 1] == '\r')
			end--;
		assert_true(line_read_take(&line, &lines));
		assert_ptr_equal(line.at, text.at + at);
		assert_int_equal(line.length, end - at);
		assert_ptr_equal(lines.next, text.at + next);
		at = next;
	}
	assert_false(line_read_take(&line, &lines));
	assert_false(line_read_take(&line, &lines));
}

static void check_at_both_ends(struct span text)
{
	check(guard_page_place(&guard, text));
	check(guard_page_place_first(&guard, text));
}

static void lines_of_any_end(void **state)
{
	static const char *const texts[] = {"",	    "\n",	"\r\n",	    "\r",     "a",	"a\n",	     "a\r\n",
					    "a\nb", "a\r\nb\r", "\n\n\r\n", "a\rb\n", "\r\r\n", "a\n\nb\n\n"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_at_both_ends(span_of_text(texts[i]));
}

/* A line feed at each place around the ends of blocks, in texts of each length. */
static void line_feeds_at_every_place(void **state)
{
	char text[3 * LINE_READ_BLOCK_BYTES];

	(void)state;
	for (uint32_t length = 1; length <= sizeof(text); length++) {
		memset(text, '.', sizeof(text));
		check_at_both_ends(span_make(text, length));
		for (uint32_t at = 0; at < length; at++) {
			text[at] = '\n';
			check_at_both_ends(span_make(text, length));
			text[at] = '.';
		}
	}
}

static void random_texts(void **state)
{
	static const char bytes[] = "\n\r.x";
	struct random_source random = random_source_of(64);
	char text[TEXT_BYTES_MAX];

	(void)state;
	for (int times = 0; times < 20000; times++) {
		uint32_t length = random_source_below(&random, TEXT_BYTES_MAX), rare = random_source_below(&random, 60);
		for (uint32_t at = 0; at < length; at++)
			text[at] =
				random_source_below(&random, 60) < rare ? '.' : bytes[random_source_below(&random, 4)];
		check_at_both_ends(span_make(text, length));
	}
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&guard, 4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guard_page_free(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_any_end),
		cmocka_unit_test(line_feeds_at_every_place),
		cmocka_unit_test(random_texts),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
