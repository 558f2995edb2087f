#include "cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define CAPTURED_BYTES_MAX 65536

/* stderr leads into a file from capture_start() to capture_end(). */
static int stderr_before;
static FILE *captured;

static void capture_start(void)
{
	captured = tmpfile();
	assert_non_null(captured);
	stderr_before = dup(STDERR_FILENO);
	assert_int_equal(dup2(fileno(captured), STDERR_FILENO), STDERR_FILENO);
}

static const char *capture_end(void)
{
	static char text[CAPTURED_BYTES_MAX];

	dup2(stderr_before, STDERR_FILENO);
	close(stderr_before);
	rewind(captured);
	size_t length = fread(text, 1, sizeof(text) - 1, captured);
	text[length] = '\0';
	fclose(captured);
	return text;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void test_one_line_an_event(void **state)
{
	(void)state;
	log_open(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	capture_start();
	log_event(LOG_LEVEL_INFO, "one_line", "a=%d b=%s", 1, "x\ny\x1b[31m");
	log_event(LOG_LEVEL_DEBUG, "too_quiet", "a=%d", 1);
	const char *text = capture_end();
	assert_int_equal(count_lines(text), 1);
	assert_memory_equal(text, "time=2", 6);
	assert_non_null(strstr(text, "Z level=info event=one_line a=1 b=x?y?[31m\n"));
}

static void test_flood_is_limited_and_told(void **state)
{
	(void)state;
	log_open(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	capture_start();
	for (int i = 0; i < 20 * LOG_EVENTS_PER_SECOND; i++)
		log_event(LOG_LEVEL_INFO, "flood", "i=%d", i);
	log_event(LOG_LEVEL_INFO, "another", "i=%d", 0);
	/* The flood may have begun just before a new second. */
	sleep(1);
	log_event(LOG_LEVEL_INFO, "flood", "i=%d", -1);
	const char *text = capture_end();
	assert_true(count_lines(text) <= 2 * LOG_EVENTS_PER_SECOND + 2);
	assert_non_null(strstr(text, "event=another i=0\n"));
	assert_non_null(strstr(text, "event=flood i=-1 lines_left_out="));
}

static void test_long_line_is_cut(void **state)
{
	static char value[4 * LOG_LINE_BYTES_MAX];

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	capture_start();
	log_event(LOG_LEVEL_ERROR, "long", "value=%s", value);
	const char *text = capture_end();
	assert_int_equal(count_lines(text), 1);
	assert_true(strlen(text) < LOG_LINE_BYTES_MAX + 160);
	assert_int_equal(text[strlen(text) - 1], '\n');
}

static void test_quote(void **state)
{
	static char value[2 * LOG_QUOTED_BYTES_MAX];

	(void)state;
	assert_string_equal(log_quote("plain", 5).text, "plain");
	assert_string_equal(log_quote("", 0).text, "\"\"");
	assert_string_equal(log_quote("two words", 9).text, "\"two words\"");
	assert_string_equal(log_quote("a=\"b\\", 5).text, "\"a=\\\"b\\\\\"");
	memset(value, '"', sizeof(value));
	struct log_quoted quoted = log_quote(value, sizeof(value));
	assert_int_equal(quoted.text[strlen(quoted.text) - 1], '"');
	assert_true(strlen(quoted.text) < LOG_QUOTED_BYTES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_line_an_event),
		cmocka_unit_test(test_flood_is_limited_and_told),
		cmocka_unit_test(test_long_line_is_cut),
		cmocka_unit_test(test_quote),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
