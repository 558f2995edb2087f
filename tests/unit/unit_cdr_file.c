/* The file of call records: every line whole and once, whatever happens to the disk and the path. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cdr_file.h"
#include "small_disk.h"

static char directory[] = "/tmp/amity-cdr-XXXXXX";
static char path[64], moved[64], error[CDR_FILE_ERROR_BYTES];
static bool truncate_fails;

int __real_ftruncate64(int descriptor, off_t length);
int __wrap_ftruncate64(int descriptor, off_t length);

int __wrap_ftruncate64(int descriptor, off_t length)
{
	if (!truncate_fails)
		return __real_ftruncate64(descriptor, length);
	errno = EIO;
	return -1;
}

static struct cdr_file *open_file(void)
{
	struct cdr_file *file = NULL;
	assert_int_equal(cdr_file_open(&file, path, error), STATUS_OK);
	return file;
}

/* Line `number`: 100 bytes. */
static bool add(struct cdr_file *file, unsigned number)
{
	char line[128];
	int length = snprintf(line, sizeof(line), "{\"number\": %6u, \"rest\": \"%069d\"}\n", number, 0);
	assert_int_equal(length, 100);
	return cdr_file_add(file, span_of_text(line));
}

static char *read_all(const char *name)
{
	static char text[8 << 20];
	FILE *in = fopen(name, "re");
	assert_non_null(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	return text;
}

/* Lines `first` to `last` - 1 are in the file, in their order, once, and nothing else but `others` lines. */
static void assert_lines(const char *name, unsigned first, unsigned last, unsigned others)
{
	char *rest = read_all(name), *line;
	unsigned number, strange = 0;

	assert_true(!*rest || rest[strlen(rest) - 1] == '\n');
	while ((line = strsep(&rest, "\n")) && rest) {
		if (strlen(line) == 99 && sscanf(line, "{\"number\": %6u,", &number) == 1)
			assert_int_equal(number, first++);
		else
			strange++;
	}
	assert_int_equal(first, last);
	assert_int_equal(strange, others);
}

static void lines_are_added(void **state)
{
	struct cdr_file *file = open_file();
	struct stat made;

	(void)state;
	assert_int_equal(stat(path, &made), 0);
	assert_int_equal(made.st_mode & 0777, 0640);
	for (unsigned i = 0; i < 10; i++)
		assert_true(add(file, i));
	assert_int_equal(cdr_file_counts(file).waiting, 10);
	assert_int_equal(cdr_file_waiting_bytes(file), 1000);
	assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	assert_int_equal(cdr_file_counts(file).written, 10);
	assert_int_equal(cdr_file_counts(file).waiting, 0);
	cdr_file_close(file);
	file = open_file();
	assert_true(add(file, 10));
	assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	cdr_file_close(file);
	assert_lines(path, 0, 11, 0);
	unlink(path);
}

static void an_open_line_is_ended(void **state)
{
	FILE *out = fopen(path, "we");

	(void)state;
	fputs("{\"of a cra", out);
	fclose(out);
	struct cdr_file *file = open_file();
	assert_string_equal(read_all(path), "{\"of a cra");
	for (unsigned i = 0; i < 3; i++) {
		assert_true(add(file, i));
		assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	}
	cdr_file_close(file);
	assert_lines(path, 0, 3, 1);
	unlink(path);
}

static void a_moved_file_is_left(void **state)
{
	struct cdr_file *file = open_file();

	(void)state;
	assert_true(add(file, 0));
	assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	assert_int_equal(rename(path, moved), 0);
	assert_true(add(file, 1));
	assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	assert_int_not_equal(access(path, F_OK), 0);
	/* What waits was taken for the old one. */
	assert_true(add(file, 2));
	assert_int_equal(cdr_file_reopen(file, error), STATUS_OK);
	assert_true(add(file, 3));
	assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	cdr_file_close(file);
	assert_lines(moved, 0, 3, 0);
	assert_lines(path, 3, 4, 0);
	unlink(path);
	unlink(moved);
}

static void a_removed_file_is_made_anew(void **state)
{
	struct cdr_file *file = open_file();

	(void)state;
	assert_true(add(file, 0));
	assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	unlink(path);
	assert_true(add(file, 1));
	assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	assert_lines(path, 1, 2, 0);
	/* Its directory, too: it waits until that is there again. */
	unlink(path);
	assert_int_equal(rename(directory, "/tmp/amity-cdr-elsewhere"), 0);
	assert_true(add(file, 2));
	assert_int_equal(cdr_file_flush(file, error), STATUS_IO);
	assert_non_null(strstr(error, "make its directory"));
	assert_int_equal(cdr_file_reopen(file, error), STATUS_IO);
	assert_true(add(file, 3));
	assert_int_equal(cdr_file_counts(file).waiting, 2);
	assert_int_equal(rename("/tmp/amity-cdr-elsewhere", directory), 0);
	assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	cdr_file_close(file);
	assert_lines(path, 2, 4, 0);
	unlink(path);
}

static void a_full_buffer_loses_what_comes(void **state)
{
	struct cdr_file *file = open_file();
	unsigned taken = 0;

	(void)state;
	while (add(file, taken))
		taken++;
	assert_int_equal(taken, CDR_FILE_BUFFER_BYTES / 100);
	assert_false(add(file, taken));
	assert_int_equal(cdr_file_counts(file).lost, 2);
	assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	assert_true(add(file, taken));
	assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	assert_int_equal(cdr_file_counts(file).written, taken + 1);
	cdr_file_close(file);
	assert_lines(path, 0, taken + 1, 0);
	unlink(path);
}

/* In the child, over a disk of 64 KiB. Result: lines that were added until it was full. */
static unsigned fill(struct cdr_file *file)
{
	unsigned count = 0;

	while (count < 10000) {
		for (unsigned i = 0; i < 7; i++)
			assert_true(add(file, count++));
		if (cdr_file_flush(file, error))
			return count;
	}
	return 0;
}

static int fill_disk(void)
{
	char filler[80];
	snprintf(filler, sizeof(filler), "%s/filler", directory);
	int descriptor = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(posix_fallocate(descriptor, 0, 20000), 0);
	close(descriptor);
	struct cdr_file *file = open_file();
	unsigned count = fill(file);

	assert_true(count > 200);
	assert_non_null(strstr(error, "No space left"));
	assert_true(cdr_file_counts(file).waiting > 0);
	if (!truncate_fails)
		assert_lines(path, 0, (unsigned)cdr_file_counts(file).written, 0);
	assert_int_equal(cdr_file_flush(file, error), STATUS_IO);
	assert_int_equal(cdr_file_counts(file).lost, 0);
	unlink(filler);
	assert_true(add(file, count));
	assert_int_equal(cdr_file_flush(file, error), STATUS_OK);
	assert_int_equal(cdr_file_counts(file).written, count + 1);
	cdr_file_close(file);
	assert_lines(path, 0, count + 1, truncate_fails);
	return 0;
}

static void a_full_disk_loses_nothing(void **state)
{
	(void)state;
	truncate_fails = false;
	assert_int_equal(small_disk_run(directory, "size=64k", fill_disk), 0);
}

static void a_line_that_stays_open_is_ended(void **state)
{
	(void)state;
	truncate_fails = true;
	assert_int_equal(small_disk_run(directory, "size=64k", fill_disk), 0);
	truncate_fails = false;
}

static void assert_refused(const char *what, const char *words)
{
	struct cdr_file *file = NULL;
	char checked[CDR_FILE_ERROR_BYTES];

	assert_int_equal(cdr_file_check(what, checked), STATUS_IO);
	assert_int_equal(cdr_file_open(&file, what, error), STATUS_IO);
	assert_string_equal(checked, error);
	assert_null(file);
	assert_non_null(strstr(error, what));
	if (!strstr(error, words))
		fail_msg("%s", error);
}

static void what_is_no_file_is_refused(void **state)
{
	char nowhere[80];

	(void)state;
	snprintf(nowhere, sizeof(nowhere), "%s/missing/calls.json", directory);
	assert_refused(nowhere, "make its directory");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(path, "not a regular file");
	unlink(path);
	assert_refused("/dev/null", "not a regular file");
	assert_int_equal(cdr_file_check(path, error), STATUS_OK);
	assert_int_not_equal(access(path, F_OK), 0);
	cdr_file_close(open_file());
	assert_int_equal(cdr_file_check(path, error), STATUS_OK);
	unlink(path);
}

static void a_directory_is_refused(void **state)
{
	struct cdr_file *file = NULL;

	(void)state;
	assert_int_equal(cdr_file_check(directory, error), STATUS_IO);
	assert_non_null(strstr(error, "name a file, not a directory"));
	assert_int_equal(cdr_file_open(&file, directory, error), STATUS_IO);
	assert_non_null(strstr(error, "name a file, not a directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_added),
		cmocka_unit_test(an_open_line_is_ended),
		cmocka_unit_test(a_moved_file_is_left),
		cmocka_unit_test(a_removed_file_is_made_anew),
		cmocka_unit_test(a_full_buffer_loses_what_comes),
		cmocka_unit_test(a_full_disk_loses_nothing),
		cmocka_unit_test(a_line_that_stays_open_is_ended),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(a_directory_is_refused),
	};
	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/calls.json", directory);
	snprintf(moved, sizeof(moved), "%s/calls.json.1", directory);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	return failed + (rmdir(directory) != 0);
}
