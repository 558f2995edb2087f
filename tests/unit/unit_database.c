/* SQLite files: made, migrated, and refused by name with the way out, whatever state they are in. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "cmocka_all.h"
#include "database.h"
#include "small_disk.h"

static char directory[64], path[128];
static struct database database;

#define FIRST_STEP "CREATE TABLE thing (number INTEGER PRIMARY KEY, name TEXT)"

static const char *const steps[] = {
	FIRST_STEP,
	"ALTER TABLE thing ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'; UPDATE thing SET colour = 'of ' || name",
	"CREATE TABLE other (number INTEGER); INSERT INTO other SELECT number FROM thing",
};
static const char *const failing_steps[] = {FIRST_STEP, "CREATE TABLE other (number INTEGER)", "nonsense"};

static struct database_kind kind_of_format(int32_t format)
{
	return (struct database_kind){
		.file_name = "things.db",
		.what = "the database of things",
		.mark = 0x61626364,
		.unmarked_format = 1,
		.format = format,
		.step = steps,
		.synchronous = "NORMAL",
		.busy_timeout_ms = 10,
		.recovery = "Then make things anew",
	};
}

static int set_up(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/amity-database-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/things.db", directory);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
	char file[160];
	(void)state;
	database_close(&database);
	for (int i = 0; i < 4; i++) {
		snprintf(file, sizeof(file), "%s%s", path, endings[i]);
		unlink(file);
	}
	rmdir(path);
	/* Nothing else was left behind. */
	return rmdir(directory);
}

static enum status open_format(int32_t format, struct problem_list *problems)
{
	static struct database_kind kind;
	kind = kind_of_format(format);
	return database_open(&database, &kind, directory, problems);
}

static void must_open(int32_t format)
{
	struct problem_list problems = {0};
	enum status status = open_format(format, &problems);
	problem_list_print(&problems, stderr);
	assert_int_equal(status, STATUS_OK);
}

/* One problem that names the file and says what `part` says. */
static void must_refuse(int32_t format, const char *part)
{
	struct problem_list problems = {0};
	assert_int_not_equal(open_format(format, &problems), STATUS_OK);
	assert_null(database.connection);
	if (problems.count != 1 || !strstr(problems.item[0].message, part) || !strstr(problems.item[0].message, path)) {
		problem_list_print(&problems, stderr);
		fail_msg("expected one problem with ...%s...", part);
	}
	problem_list_free(&problems);
}

static int64_t number(const char *sql)
{
	int64_t found = -1;
	return database_number(&database, sql, &found) ? found : -1;
}

static void a_new_file_has_the_newest_format(void **state)
{
	(void)state;
	must_open(3);
	assert_int_equal(number("PRAGMA user_version"), 3);
	assert_int_equal(number("PRAGMA application_id"), 0x61626364);
	assert_int_equal(number("SELECT count(*) FROM thing"), 0);
	struct stat file;
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
}

static void an_old_file_is_brought_to_the_new_format(void **state)
{
	(void)state;
	must_open(1);
	assert_true(database_execute(&database, "INSERT INTO thing VALUES (7, 'tree'), (8, 'sea')"));
	database_close(&database);
	must_open(3);
	assert_int_equal(number("PRAGMA user_version"), 3);
	assert_int_equal(number("SELECT count(*) FROM thing WHERE colour = 'of ' || name"), 2);
	assert_int_equal(number("SELECT sum(number) FROM other"), 15);
	database_close(&database);
	must_open(3);
	assert_int_equal(number("SELECT count(*) FROM other"), 2);
}

/* As amity wrote it before its files had a mark. */
static void an_unmarked_file_of_its_format_is_taken(void **state)
{
	(void)state;
	sqlite3 *old;
	assert_int_equal(sqlite3_open(path, &old), SQLITE_OK);
	assert_int_equal(sqlite3_exec(old, steps[0], NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(old, "PRAGMA user_version = 1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(old);
	must_open(3);
	assert_int_equal(number("PRAGMA application_id"), 0x61626364);
}

static void a_step_that_fails_leaves_the_old_format(void **state)
{
	(void)state;
	struct problem_list problems = {0};
	must_open(1);
	assert_true(database_execute(&database, "INSERT INTO thing VALUES (7, 'tree')"));
	database_close(&database);
	struct database_kind kind = kind_of_format(3);
	kind.step = failing_steps;
	assert_int_not_equal(database_open(&database, &kind, directory, &problems), STATUS_OK);
	assert_non_null(strstr(problems.item[0].message, "be brought to the format of this build"));
	problem_list_free(&problems);
	must_open(1);
	assert_int_equal(number("PRAGMA user_version"), 1);
	assert_int_equal(number("SELECT count(*) FROM pragma_table_info('thing')"), 2);
	assert_int_equal(number("SELECT count(*) FROM sqlite_master"), 1);
}

/* Killed inside the steps, a file has its old format or the new one. How far it came is the machine's business. */
static void killed_while_it_is_migrated(void **state)
{
	(void)state;
	must_open(1);
	assert_true(database_execute(&database, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
						"i < 20000) INSERT INTO thing SELECT i, 'thing' FROM n"));
	database_close(&database);
	for (useconds_t delay_us = 0; delay_us < 60000; delay_us += 3000) {
		pid_t child = fork();
		if (child == 0) {
			struct problem_list problems = {0};
			_exit(open_format(3, &problems) != STATUS_OK);
		}
		usleep(delay_us);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		sqlite3 *raw;
		assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
		struct database seen = {.connection = raw};
		int64_t format = 0, tables = 0, intact = 0;
		assert_true(database_number(&seen, "PRAGMA user_version", &format));
		assert_true(database_number(&seen, "SELECT count(*) FROM sqlite_master", &tables));
		assert_true(database_number(&seen, "SELECT count(*) FROM thing", &intact));
		sqlite3_close(raw);
		assert_true((format == 1 && tables == 1) || (format == 3 && tables == 2));
		assert_int_equal(intact, 20000);
	}
	must_open(3);
	assert_int_equal(number("SELECT count(*) FROM other"), 20000);
}

static void a_newer_format_is_refused(void **state)
{
	(void)state;
	must_open(3);
	database_close(&database);
	must_refuse(2, "has format 3, and this build knows the formats 1 to 2: a newer amity wrote it");
	must_open(3);
}

static void a_foreign_database_is_refused(void **state)
{
	(void)state;
	sqlite3 *foreign;
	assert_int_equal(sqlite3_open(path, &foreign), SQLITE_OK);
	assert_int_equal(sqlite3_exec(foreign, "CREATE TABLE mail (x)", NULL, NULL, NULL), SQLITE_OK);
	must_refuse(3, "is a database, but not the database of things of amity");
	assert_int_equal(sqlite3_exec(foreign, "INSERT INTO mail VALUES (1)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(foreign);
}

static void write_file(const char *bytes, size_t length)
{
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	fclose(file);
}

static void what_is_no_database_is_refused(void **state)
{
	(void)state;
	char bytes[8192];
	memset(bytes, 'x', sizeof(bytes));
	write_file(bytes, 0);
	must_refuse(3, "the file is empty");
	write_file(bytes, 100);
	must_refuse(3, "the file was cut");
	write_file(bytes, sizeof(bytes));
	must_refuse(3, "is damaged");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	must_refuse(3, "is no file");
}

/* The file of a whole database, to be damaged. */
static char *read_whole(size_t *length)
{
	must_open(3);
	assert_true(database_execute(&database, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
						"i < 2000) INSERT INTO thing SELECT i, 'a thing', 'grey' FROM n"));
	database_close(&database);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	*length = (size_t)ftell(file);
	rewind(file);
	char *bytes = malloc(*length);
	assert_int_equal(fread(bytes, 1, *length, file), *length);
	fclose(file);
	return bytes;
}

static void a_file_that_was_cut_is_refused(void **state)
{
	(void)state;
	size_t length;
	char *whole = read_whole(&length);
	assert_true(length > 8 * 4096);
	for (size_t kept = 1; kept < length; kept = kept < 4096 ? 2 * kept : kept + 4096) {
		write_file(whole, kept);
		must_refuse(3, "move it and its -wal and -shm files away");
	}
	write_file(whole, length);
	must_open(3);
	assert_int_equal(number("SELECT count(*) FROM thing"), 2000);
	free(whole);
}

/* A page overwritten with noise is found before it is used. (A changed letter inside a text is none that SQLite sees.)
 */
static void a_page_of_noise_is_refused(void **state)
{
	(void)state;
	size_t length;
	char *whole = read_whole(&length), *damaged = malloc(length);
	for (size_t page = 0; page < length; page += 4096) {
		memcpy(damaged, whole, length);
		for (size_t i = 0; i < 4096; i++)
			damaged[page + i] = (char)(i * 131 + page + 17);
		write_file(damaged, length);
		must_refuse(3, "is damaged");
	}
	free(damaged);
	free(whole);
}

static void one_that_is_locked_is_refused(void **state)
{
	(void)state;
	sqlite3 *other;
	must_open(3);
	database_close(&database);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	must_refuse(3, "Another program holds it locked");
	sqlite3_close(other);
	must_open(3);
}

static int open_read_only(void)
{
	must_open(3);
	database_close(&database);
	if (mount(NULL, directory, NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0)
		return 98;
	must_refuse(3, "cannot be written: Read-only file system");
	return 0;
}

static int fill_disk(void)
{
	struct problem_list problems = {0};
	must_open(3);
	bool done = true;
	for (int i = 0; i < 200 && done; i++)
		done = database_execute(&database, "INSERT INTO thing SELECT NULL, hex(randomblob(5000)), 'grey'");
	if (done || database_report(&database, &problems, "store a thing") != STATUS_STORE ||
	    !strstr(problems.item[0].message, "cannot store a thing: database or disk is full. Make room"))
		return 1;
	/* What was stored is whole. */
	database_close(&database);
	must_open(3);
	return number("SELECT count(*) FROM thing") > 0 ? 0 : 2;
}

static int open_without_room(void)
{
	char filler[160], block[4096] = {1};
	snprintf(filler, sizeof(filler), "%s/filler", directory);
	int descriptor = open(filler, O_WRONLY | O_CREAT, 0600);
	while (write(descriptor, block, sizeof(block)) > 0)
		;
	must_refuse(3, "cannot be made");
	return 0;
}

static void a_read_only_or_full_disk_is_told(void **state)
{
	(void)state;
	assert_int_equal(small_disk_run(directory, "size=1m", open_read_only), 0);
	assert_int_equal(small_disk_run(directory, "size=400k", fill_disk), 0);
	assert_int_equal(small_disk_run(directory, "size=64k", open_without_room), 0);
}

static void a_reader_sees_what_was_committed(void **state)
{
	(void)state;
	struct problem_list problems = {0};
	struct database reader = {0};
	int64_t count = -1;
	must_open(3);
	assert_int_equal(database_open_reader(&reader, &database, &problems), STATUS_OK);
	assert_true(database_execute(&database, "BEGIN IMMEDIATE; INSERT INTO thing VALUES (1, 'a', 'b')"));
	assert_true(database_number(&reader, "SELECT count(*) FROM thing", &count));
	assert_int_equal(count, 0);
	assert_true(database_execute(&database, "COMMIT"));
	assert_true(database_number(&reader, "SELECT count(*) FROM thing", &count));
	assert_int_equal(count, 1);
	assert_false(database_execute(&reader, "DELETE FROM thing"));
	database_close(&reader);
}

static void a_copy_is_the_old_or_the_new_one(void **state)
{
	(void)state;
	char copy[160];
	struct stat file;
	snprintf(copy, sizeof(copy), "%s/copy", directory);
	assert_int_equal(database_write_copy(copy, "old", 3), STATUS_OK);
	assert_int_equal(database_write_copy(copy, "newer", 5), STATUS_OK);
	assert_int_equal(stat(copy, &file), 0);
	assert_int_equal(file.st_size, 5);
	assert_int_equal(file.st_mode & 0777, 0600);
	unlink(copy);
	assert_int_equal(mkdir(copy, 0700), 0);
	assert_int_equal(database_write_copy(copy, "x", 1), STATUS_IO);
	rmdir(copy);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_new_file_has_the_newest_format),
		CASE(an_old_file_is_brought_to_the_new_format),
		CASE(an_unmarked_file_of_its_format_is_taken),
		CASE(a_step_that_fails_leaves_the_old_format),
		CASE(killed_while_it_is_migrated),
		CASE(a_newer_format_is_refused),
		CASE(a_foreign_database_is_refused),
		CASE(what_is_no_database_is_refused),
		CASE(a_file_that_was_cut_is_refused),
		CASE(a_page_of_noise_is_refused),
		CASE(one_that_is_locked_is_refused),
		CASE(a_read_only_or_full_disk_is_told),
		CASE(a_reader_sees_what_was_committed),
		CASE(a_copy_is_the_old_or_the_new_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
