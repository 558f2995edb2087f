/* Memory ends anywhere in the writing of call records: a line is whole or counted as lost, and nothing leaks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "cdr_writer.h"
#include "cmocka_all.h"
#include "failing_allocator.h"
#include "failing_walk.h"

static char directory[] = "/tmp/amity-cdr-XXXXXX";
static char path[64];

struct writing {
	struct cdr_writer *writer;
	struct call_record record;
	char good[4096]; /* the line */
	enum status status;
};

static void read_file(char text[4096])
{
	FILE *in = fopen(path, "re");
	size_t length = in ? fread(text, 1, 4095, in) : 0;
	text[length] = '\0';
	if (in)
		fclose(in);
}

static enum failing_walk_outcome take(void *argument)
{
	struct writing *writing = argument;
	uint64_t lost = cdr_writer_counts(writing->writer).lost;
	cdr_writer_take(writing->writer, &writing->record);
	return cdr_writer_counts(writing->writer).lost == lost ? FAILING_WALK_DONE : FAILING_WALK_REFUSED;
}

static void check_line(void *argument, enum failing_walk_outcome outcome)
{
	struct writing *writing = argument;
	char text[4096];
	assert_true(cdr_writer_flush(writing->writer));
	read_file(text);
	if (outcome == FAILING_WALK_DONE && !*writing->good)
		strcpy(writing->good, text);
	assert_string_equal(text, outcome == FAILING_WALK_DONE ? writing->good : "");
	assert_int_equal(truncate(path, 0), 0);
}

static void lines_are_whole_or_lost(void **state)
{
	struct writing writing = {.record = {.handle = 1,
					     .started_ms = 5,
					     .ringing_ms = 6,
					     .end = CALL_END_FAILED,
					     .caller_kind = CALL_PARTY_USER,
					     .status = 486,
					     .rule = "R4.1",
					     .part[CALL_TEXT_CALLER] = {.length = 5},
					     .part[CALL_TEXT_CALL_ID] = {.offset = 5, .length = 6, .cut = true},
					     .text = "alice\xff@long"}};
	char error[CDR_FILE_ERROR_BYTES];

	(void)state;
	assert_int_equal(cdr_writer_open(&writing.writer, NULL, path, 1, error), STATUS_OK);
	failing_walk(&(struct failing_walk_operation){"take", take, check_line, &writing}, NULL);
	assert_non_null(strstr(writing.good, "\"call_id\":\"?@long\""));
	cdr_writer_close(writing.writer);
}

static enum failing_walk_outcome open_writer(void *argument)
{
	struct writing *writing = argument;
	char error[CDR_FILE_ERROR_BYTES];
	struct event_base *base = event_base_new();

	writing->writer = NULL;
	writing->status = base ? cdr_writer_open(&writing->writer, base, path, 1, error) : STATUS_NO_MEMORY;
	cdr_writer_close(writing->writer);
	if (base)
		event_base_free(base);
	return writing->status == STATUS_OK ? FAILING_WALK_DONE : FAILING_WALK_REFUSED;
}

static void check_opened(void *argument, enum failing_walk_outcome outcome)
{
	const struct writing *writing = argument;
	assert_int_equal(writing->status, outcome == FAILING_WALK_DONE ? STATUS_OK : STATUS_NO_MEMORY);
}

static void opening_is_undone(void **state)
{
	struct writing writing = {0};

	(void)state;
	failing_walk(&(struct failing_walk_operation){"open", open_writer, check_opened, &writing}, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_whole_or_lost),
		cmocka_unit_test(opening_is_undone),
	};
	failing_allocator_set_sqlite_apart();
	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/calls.json", directory);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed + (rmdir(directory) != 0);
}
