/*
 * database.h - a SQLite file in the state directory: made, checked, brought to this build's format; or refused, with
 * the file's name, what is wrong with it and the way out.
 *
 * A kind of database is a row: its name, its mark, and the SQL of each format that it ever had. A new file walks
 * through all of them, so that what is tested with new files is what old files go through.
 *
 * Thread: one at a time.
 */
#ifndef AMITY_DATABASE_H
#define AMITY_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "problem.h"
#include "status.h"

struct sqlite3;
struct sqlite3_stmt;

struct database_kind {
	const char *file_name;	 /* in the state directory */
	const char *what;	 /* "the provisioning database" */
	uint32_t mark;		 /* its application_id */
	int32_t unmarked_format; /* that format was written without a mark; 0: none was */
	int32_t format;		 /* of this build */
	const char *const *step; /* [format]: SQL from format i to i + 1; step[0] begins a new file */
	const char *synchronous; /* FULL: a commit survives the machine; NORMAL: it survives the process */
	uint32_t busy_timeout_ms;
	bool is_of_one_thread; /* SQLite then takes no lock around each column and each value */
	const char *recovery;  /* what to do once a damaged file was moved away, and what that costs */
};

struct database {
	struct sqlite3 *connection;
	const struct database_kind *kind;
	char *path;
	struct sqlite3_stmt *rollback; /* ready: a roll back must not need memory, which may be what has ended */
};

/*
 * Opens state_dir/file_name, or makes it. Result: STATUS_OK; STATUS_IO: cannot be reached or written; STATUS_STORE:
 * damaged, foreign or of a newer format; then *problems says so and *database is untouched.
 */
AMITY_CHECKED enum status database_open(struct database *database, const struct database_kind *kind,
					const char *state_dir, struct problem_list *problems);

/* A second connection that reads what was committed, while the first one writes. */
AMITY_CHECKED enum status database_open_reader(struct database *reader, const struct database *opened,
					       struct problem_list *problems);

/* A zeroed one is allowed. */
void database_close(struct database *database);

/* The last failure of SQLite, with advice that fits it: "PATH: cannot store the revision: disk full. Make room ...".
 * Result: STATUS_STORE. */
enum status database_report(const struct database *database, struct problem_list *problems, const char *doing);

/* Result: NULL when it cannot be prepared. Owner: the caller, to sqlite3_finalize(). */
struct sqlite3_stmt *database_prepare(const struct database *database, const char *sql);

/* Statements without result. Result: false when one failed. */
bool database_execute(const struct database *database, const char *sql);

/* Of a transaction that writes. Result: false when it did not begin. */
bool database_begin(const struct database *database);

/* Ends the transaction that is open, if one is, as if it had never begun. */
void database_roll_back(const struct database *database);

/* The first column of the first row. Result: false when there is none. */
bool database_number(const struct database *database, const char *sql, int64_t *number);

/* Makes the file under `path` hold `text` from one moment to the next, mode 0600: a crash leaves the old one or the new
 * one. Result: STATUS_IO with errno set. */
AMITY_CHECKED enum status database_write_copy(const char *path, const char *text, size_t length);

#endif
