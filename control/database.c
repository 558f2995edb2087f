#include "database.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

/* ---- small tools ---- */

struct sqlite3_stmt *database_prepare(const struct database *database, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	return sqlite3_prepare_v2(database->connection, sql, -1, &statement, NULL) == SQLITE_OK ? statement : NULL;
}

bool database_execute(const struct database *database, const char *sql)
{
	return sqlite3_exec(database->connection, sql, NULL, NULL, NULL) == SQLITE_OK;
}

bool database_begin(const struct database *database)
{
	return database_execute(database, "BEGIN IMMEDIATE");
}

void database_roll_back(const struct database *database)
{
	if (sqlite3_get_autocommit(database->connection))
		return;
	sqlite3_step(database->rollback);
	sqlite3_reset(database->rollback);
}

bool database_number(const struct database *database, const char *sql, int64_t *number)
{
	sqlite3_stmt *statement = database_prepare(database, sql);
	bool found = statement && sqlite3_step(statement) == SQLITE_ROW;
	if (found)
		*number = sqlite3_column_int64(statement, 0);
	/* An error of the step is said again here. */
	return sqlite3_finalize(statement) == SQLITE_OK && found;
}

static enum status report_damage(const struct database *database, struct problem_list *problems, const char *finding)
{
	problem_add(problems,
		    "%s: %s is damaged (%s). Stop amityd; put a backup of the file in its place, or move it and its "
		    "-wal and -shm files away; start again. %s",
		    database->path, database->kind->what, finding, database->kind->recovery);
	return STATUS_STORE;
}

/* What to do, by what SQLite calls the failure. */
static const struct {
	int code;
	const char *advice;
} advices[] = {
	{SQLITE_FULL, "Make room on its disk, and try again"},
	{SQLITE_IOERR, "Make room on its disk and see whether the disk is well (dmesg), and try again"},
	{SQLITE_READONLY, "Its file, directory or file system is read-only: check owner, permissions and mount"},
	{SQLITE_PERM, "Check its owner and permissions"},
	{SQLITE_CANTOPEN, "Check owner and permissions of the file and of its directory, and the room on the disk"},
	{SQLITE_BUSY, "Another program holds it locked: close that (a second amityd, the sqlite3 shell), try again"},
	{SQLITE_LOCKED, "Another program holds it locked: close that (a second amityd, the sqlite3 shell), try again"},
	{SQLITE_NOMEM, "Make memory free, and try again"},
};

enum status database_report(const struct database *database, struct problem_list *problems, const char *doing)
{
	int code = database->connection ? sqlite3_errcode(database->connection) & 0xff : SQLITE_NOMEM;
	const char *said = database->connection ? sqlite3_errmsg(database->connection) : "out of memory";
	const char *advice = "The log and the system's messages may say more";
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return report_damage(database, problems, said);
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].code == code)
			advice = advices[i].advice;
	problem_add(problems, "%s: cannot %s: %s. %s", database->path, doing, said, advice);
	return STATUS_STORE;
}

/* ---- what is there ---- */

/* The least page. SQLite takes a shorter file for a new database, but amity makes none that is short at any moment. */
#define FILE_BYTES_MIN 512

/* Result: false with a problem. */
static bool is_plausible(const struct database *database, const struct stat *file, struct problem_list *problems)
{
	if (!S_ISREG(file->st_mode)) {
		problem_add(problems, "%s: is no file, but %s must be one: move it away, or name another state_dir",
			    database->path, database->kind->what);
		return false;
	}
	if (file->st_size < FILE_BYTES_MIN) {
		report_damage(database, problems, file->st_size ? "the file was cut" : "the file is empty");
		return false;
	}
	return true;
}

/* Of every page. Result: false with a problem. */
static bool is_sound(const struct database *database, struct problem_list *problems)
{
	sqlite3_stmt *statement = database_prepare(database, "PRAGMA quick_check(1)");
	if (!statement || sqlite3_step(statement) != SQLITE_ROW) {
		database_report(database, problems, "be read");
		sqlite3_finalize(statement);
		return false;
	}
	const char *finding = (const char *)sqlite3_column_text(statement, 0);
	bool sound = finding && strcmp(finding, "ok") == 0;
	if (!sound)
		report_damage(database, problems, finding ? finding : "unknown");
	sqlite3_finalize(statement);
	return sound;
}

/* Result: false with a problem when the file is not of this kind, or of a format that this build does not know. */
static bool is_ours(const struct database *database, int64_t *format, struct problem_list *problems)
{
	const struct database_kind *kind = database->kind;
	int64_t mark;
	if (!database_number(database, "PRAGMA application_id", &mark) ||
	    !database_number(database, "PRAGMA user_version", format)) {
		database_report(database, problems, "be read");
		return false;
	}
	bool is_old_unmarked = mark == 0 && kind->unmarked_format && *format == kind->unmarked_format;
	if (mark != kind->mark && !is_old_unmarked) {
		problem_add(problems,
			    "%s: is a database, but not %s of amity: name another state_dir, or move the file away and "
			    "start again",
			    database->path, kind->what);
		return false;
	}
	if (*format > kind->format || *format < 1) {
		problem_add(problems,
			    "%s: has format %lld, and this build knows the formats 1 to %d: a newer amity wrote it. "
			    "Start that one; or move the file away and start again. %s",
			    database->path, (long long)*format, kind->format, kind->recovery);
		return false;
	}
	return true;
}

/* ---- formats ---- */

static bool take_steps(const struct database *database, int64_t from)
{
	const struct database_kind *kind = database->kind;
	char sql[80];
	for (int64_t format = from; format < kind->format; format++)
		if (!database_execute(database, kind->step[format]))
			return false;
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %u; PRAGMA user_version = %d", kind->mark, kind->format);
	return database_execute(database, sql);
}

/* All steps are one transaction: a file has its old format or the new one. */
static enum status migrate(const struct database *database, struct problem_list *problems)
{
	int64_t format;
	if (!database_execute(database, "BEGIN IMMEDIATE"))
		return database_report(database, problems, "be locked");
	if (!is_ours(database, &format, problems)) {
		database_execute(database, "ROLLBACK");
		return STATUS_STORE;
	}
	if (format == database->kind->format)
		return database_execute(database, "COMMIT") ? STATUS_OK
							    : database_report(database, problems, "be read");
	if (take_steps(database, format) && database_execute(database, "COMMIT"))
		return STATUS_OK;
	enum status status = database_report(database, problems, "be brought to the format of this build");
	database_execute(database, "ROLLBACK");
	return status;
}

static bool connect_to(struct database *database, const char *path, int flags)
{
	flags |= database->kind->is_of_one_thread ? SQLITE_OPEN_NOMUTEX : SQLITE_OPEN_FULLMUTEX;
	if (sqlite3_open_v2(path, &database->connection, flags, NULL) != SQLITE_OK)
		return false;
	sqlite3_busy_timeout(database->connection, (int)database->kind->busy_timeout_ms);
	return true;
}

static void remove_with_companions(const char *path)
{
	static const char *const endings[] = {"", "-journal", "-wal", "-shm"};
	char name[PATH_MAX];
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (snprintf(name, sizeof(name), "%s%s", path, endings[i]) < (int)sizeof(name))
			unlink(name);
}

static bool sync_directory_of(const char *path)
{
	char copy[PATH_MAX];
	snprintf(copy, sizeof(copy), "%s", path);
	int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done = directory >= 0 && fsync(directory) == 0;
	if (directory >= 0)
		close(directory);
	return done;
}

/* Begun under another name: what has the real one is always whole, so an empty file is never ours. */
static enum status create(const struct database *database, const char *path, struct problem_list *problems)
{
	struct database begun = {.kind = database->kind, .path = database->path};
	mode_t before = umask(S_IRWXG | S_IRWXO);
	bool done = connect_to(&begun, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) &&
		    database_execute(&begun, "BEGIN IMMEDIATE") && take_steps(&begun, 0) &&
		    database_execute(&begun, "COMMIT");
	umask(before);
	if (!done)
		database_report(&begun, problems, "be made");
	sqlite3_close(begun.connection);
	/* Whoever came first keeps it. */
	if (done && link(path, database->path) != 0 && errno != EEXIST) {
		problem_add(problems, "%s: cannot be made: %s", database->path, strerror(errno));
		done = false;
	}
	remove_with_companions(path);
	return done && sync_directory_of(database->path) ? STATUS_OK : STATUS_IO;
}

/* ---- opening ---- */

/* Makes it when it is not there, and looks at it as a file. */
static enum status find_file(const struct database *database, struct problem_list *problems)
{
	struct stat file;
	char begun[PATH_MAX];
	if (snprintf(begun, sizeof(begun), "%s.new", database->path) >= (int)sizeof(begun)) {
		problem_add(problems, "%s: %s", database->path, strerror(ENAMETOOLONG));
		return STATUS_IO;
	}
	/* A crash may have left one. */
	remove_with_companions(begun);
	if (stat(database->path, &file) == 0) {
		if (!is_plausible(database, &file, problems))
			return STATUS_STORE;
	} else if (errno == ENOENT) {
		enum status status = create(database, begun, problems);
		if (status != STATUS_OK)
			return status;
	}
	if (access(database->path, R_OK | W_OK) != 0) {
		problem_add(problems, "%s: cannot be written: %s: check its owner, its permissions and its mount",
			    database->path, strerror(errno));
		return STATUS_IO;
	}
	/* It holds what strangers should not see: passwords, keys, who is where. */
	if (chmod(database->path, S_IRUSR | S_IWUSR) != 0) {
		problem_add(problems, "%s: cannot be protected from being read by others: %s", database->path,
			    strerror(errno));
		return STATUS_IO;
	}
	return STATUS_OK;
}

static enum status set_up(struct database *database, struct problem_list *problems)
{
	char sql[64];
	enum status status = find_file(database, problems);
	if (status != STATUS_OK)
		return status;
	if (!connect_to(database, database->path, SQLITE_OPEN_READWRITE)) {
		database_report(database, problems, "be opened");
		return STATUS_IO;
	}
	if (!is_sound(database, problems))
		return STATUS_STORE;
	status = migrate(database, problems);
	if (status != STATUS_OK)
		return status;
	snprintf(sql, sizeof(sql), "PRAGMA journal_mode = WAL; PRAGMA synchronous = %s", database->kind->synchronous);
	database->rollback = database_prepare(database, "ROLLBACK");
	return database->rollback && database_execute(database, sql) ? STATUS_OK
								     : database_report(database, problems, "be opened");
}

enum status database_open(struct database *database, const struct database_kind *kind, const char *state_dir,
			  struct problem_list *problems)
{
	struct database opened = {.kind = kind};
	struct stat directory;
	if (asprintf(&opened.path, "%s/%s", state_dir, kind->file_name) < 0) {
		problem_add(problems, "%s: %s", kind->file_name, status_text(STATUS_NO_MEMORY));
		return STATUS_NO_MEMORY;
	}
	enum status status = STATUS_IO;
	if (stat(state_dir, &directory) != 0)
		problem_add(problems, "%s: %s: make the directory, or name another node.state_dir", opened.path,
			    strerror(errno));
	else
		status = set_up(&opened, problems);
	if (status != STATUS_OK) {
		database_close(&opened);
		return status;
	}
	*database = opened;
	return STATUS_OK;
}

enum status database_open_reader(struct database *reader, const struct database *opened, struct problem_list *problems)
{
	struct database second = {.kind = opened->kind};
	if (asprintf(&second.path, "%s", opened->path) < 0) {
		problem_add(problems, "%s: %s", opened->path, status_text(STATUS_NO_MEMORY));
		return STATUS_NO_MEMORY;
	}
	if (!connect_to(&second, second.path, SQLITE_OPEN_READONLY)) {
		enum status status = database_report(&second, problems, "be opened a second time");
		database_close(&second);
		return status;
	}
	second.rollback = database_prepare(&second, "ROLLBACK");
	if (!second.rollback) {
		enum status status = database_report(&second, problems, "be opened a second time");
		database_close(&second);
		return status;
	}
	*reader = second;
	return STATUS_OK;
}

void database_close(struct database *database)
{
	sqlite3_finalize(database->rollback);
	sqlite3_close(database->connection);
	free(database->path);
	*database = (struct database){0};
}

/* ---- a text beside it ---- */

static bool write_all(int descriptor, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(descriptor, text, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		text += written;
		length -= (size_t)written;
	}
	return fsync(descriptor) == 0;
}

enum status database_write_copy(const char *path, const char *text, size_t length)
{
	char begun[PATH_MAX];
	if (snprintf(begun, sizeof(begun), "%s.new", path) >= (int)sizeof(begun)) {
		errno = ENAMETOOLONG;
		return STATUS_IO;
	}
	unlink(begun);
	int descriptor = open(begun, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (descriptor < 0)
		return STATUS_IO;
	bool done = write_all(descriptor, text, length);
	int why = errno;
	close(descriptor);
	if (done && rename(begun, path) == 0)
		return sync_directory_of(path) ? STATUS_OK : STATUS_IO;
	why = done ? errno : why;
	unlink(begun);
	errno = why;
	return STATUS_IO;
}
