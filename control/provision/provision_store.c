#include "provision_store.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <sqlite3.h>

#include "database.h"
#include "document_join.h"
#include "log.h"
#include "provision_keys.h"

struct provision_store {
	struct database database;
	struct database reader; /* sees what was committed, also while an apply writes */
	char *copy_path;
};

static const char *const steps[] = {
	"CREATE TABLE revision (number INTEGER PRIMARY KEY, applied_s INTEGER NOT NULL,"
	" company_count INTEGER NOT NULL, carrier_count INTEGER NOT NULL, summary TEXT NOT NULL, document TEXT);"
	"CREATE TABLE secret_key (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;",

	/* Documents get a table of their own, so that reading the history does not walk through them. */
	"CREATE TABLE document (number INTEGER PRIMARY KEY, text TEXT NOT NULL);"
	"INSERT INTO document SELECT number, document FROM revision WHERE document IS NOT NULL;"
	"CREATE TABLE new_revision (number INTEGER PRIMARY KEY, applied_s INTEGER NOT NULL, action TEXT NOT NULL,"
	" origin TEXT NOT NULL, file_name TEXT NOT NULL, company_count INTEGER NOT NULL,"
	" carrier_count INTEGER NOT NULL, summary TEXT NOT NULL, document_bytes INTEGER NOT NULL);"
	"INSERT INTO new_revision SELECT number, applied_s, 'apply', '', '', company_count, carrier_count, summary,"
	" coalesce(length(CAST(document AS BLOB)), 0) FROM revision;"
	"DROP TABLE revision;"
	"ALTER TABLE new_revision RENAME TO revision;",

	/* A change of one company of many is stored as that company. */
	"CREATE TABLE company_document (number INTEGER PRIMARY KEY, removed INTEGER NOT NULL, text TEXT NOT NULL);",
};

static const struct database_kind kind = {
	.file_name = "provision.db",
	.what = "the provisioning database",
	.mark = 0x616d7470, /* "amtp" */
	.format = PROVISION_STORE_FORMAT,
	.step = steps,
	.synchronous = "FULL",
	.busy_timeout_ms = 2000,
	.recovery =
		"Then apply your provisioning, or " PROVISION_STORE_COPY_FILE
		", the copy of the last revision that amity keeps in the same directory (without a backup there are "
		"new keys: they end the dialogs that are open)",
};
_Static_assert(sizeof(steps) / sizeof(steps[0]) == PROVISION_STORE_FORMAT, "a step leads to each format");

/* ---- life ---- */

enum status provision_store_open(struct provision_store **store, const char *state_dir, struct problem_list *problems)
{
	struct provision_store *opened = calloc(1, sizeof(*opened));
	if (!opened || asprintf(&opened->copy_path, "%s/" PROVISION_STORE_COPY_FILE, state_dir) < 0) {
		free(opened);
		problem_add(problems, "%s", status_text(STATUS_NO_MEMORY));
		return STATUS_NO_MEMORY;
	}
	enum status status = database_open(&opened->database, &kind, state_dir, problems);
	if (status == STATUS_OK)
		status = database_open_reader(&opened->reader, &opened->database, problems);
	if (status != STATUS_OK) {
		provision_store_close(opened);
		return status;
	}
	*store = opened;
	return STATUS_OK;
}

void provision_store_close(struct provision_store *store)
{
	if (!store)
		return;
	database_close(&store->reader);
	database_close(&store->database);
	free(store->copy_path);
	free(store);
}

const char *provision_store_path(const struct provision_store *store)
{
	return store->database.path;
}

enum status provision_store_load_keys(struct provision_store *store, struct secret_keys *keys,
				      struct problem_list *problems)
{
	return provision_keys_load(keys, &store->database, problems);
}

/* ---- revisions ---- */

/* What a document is made of: the last whole one up to its revision, and the companies that changed since. */
struct pieces {
	sqlite3_int64 base;
	char *text;
	struct document_part *part;
	uint32_t count;
};

static void free_pieces(struct pieces *pieces)
{
	for (uint32_t i = 0; i < pieces->count; i++)
		free((char *)(uintptr_t)pieces->part[i].text.at);
	free(pieces->part);
	free(pieces->text);
}

/* Result: STATUS_NOT_FOUND, STATUS_NO_MEMORY, STATUS_STORE (not yet reported). */
static enum status read_base(const struct database *database, uint64_t revision, struct pieces *pieces)
{
	sqlite3_stmt *statement =
		database_prepare(database, "SELECT number, text FROM document WHERE number <= ?1 AND EXISTS (SELECT 1 "
					   "FROM revision WHERE revision.number = ?1) ORDER BY number DESC LIMIT 1");
	if (statement)
		sqlite3_bind_int64(statement, 1, (sqlite3_int64)revision);
	int result = statement ? sqlite3_step(statement) : SQLITE_ERROR;
	enum status status = result == SQLITE_DONE ? STATUS_NOT_FOUND : STATUS_STORE;
	if (result == SQLITE_ROW) {
		const char *document = (const char *)sqlite3_column_text(statement, 1);
		pieces->base = sqlite3_column_int64(statement, 0);
		pieces->text = document ? strdup(document) : NULL;
		status = pieces->text ? STATUS_OK : STATUS_NO_MEMORY;
	}
	sqlite3_finalize(statement);
	return status;
}

static enum status read_part(sqlite3_stmt *statement, struct pieces *pieces)
{
	const char *text = (const char *)sqlite3_column_text(statement, 1);
	char *copy = text ? strdup(text) : NULL;
	if (!copy)
		return STATUS_NO_MEMORY;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): free_pieces() has it */
	pieces->part[pieces->count++] = (struct document_part){span_of_text(copy), sqlite3_column_int(statement, 0)};
	return STATUS_OK;
}

/* Each revision behind the whole document has changed one company, or its document is lost. */
static enum status read_parts(const struct database *database, uint64_t revision, struct pieces *pieces)
{
	uint64_t wanted = revision - (uint64_t)pieces->base;
	if (wanted == 0)
		return STATUS_OK;
	pieces->part = calloc(wanted, sizeof(*pieces->part));
	if (!pieces->part)
		return STATUS_NO_MEMORY;
	sqlite3_stmt *statement = database_prepare(database, "SELECT removed, text FROM company_document WHERE number "
							     "> ?1 AND number <= ?2 ORDER BY number");
	if (statement) {
		sqlite3_bind_int64(statement, 1, pieces->base);
		sqlite3_bind_int64(statement, 2, (sqlite3_int64)revision);
	}
	int result = SQLITE_ERROR;
	enum status status = STATUS_OK;
	while (statement && status == STATUS_OK && (result = sqlite3_step(statement)) == SQLITE_ROW)
		status = read_part(statement, pieces);
	sqlite3_finalize(statement);
	if (status != STATUS_OK)
		return status;
	if (result != SQLITE_DONE)
		return STATUS_STORE;
	return pieces->count == wanted ? STATUS_OK : STATUS_NOT_FOUND;
}

static enum status join(char **text, struct pieces *pieces)
{
	if (pieces->count > 0)
		return document_join(text, span_of_text(pieces->text), pieces->part, pieces->count);
	*text = pieces->text;
	pieces->text = NULL;
	return STATUS_OK;
}

/* Both statements see the same state, also while an apply commits; within a transaction they do anyway. */
static enum status load_from(const struct database *database, uint64_t revision, char **text,
			     struct problem_list *problems)
{
	struct pieces pieces = {0};
	bool is_nested = !sqlite3_get_autocommit(database->connection);
	enum status status = is_nested || database_execute(database, "BEGIN") ? STATUS_OK : STATUS_STORE;
	if (status == STATUS_OK)
		status = read_base(database, revision, &pieces);
	if (status == STATUS_OK)
		status = read_parts(database, revision, &pieces);
	if (status == STATUS_STORE)
		database_report(database, problems, "give the provisioning");
	/* Nothing was written, and this needs no memory. */
	if (!is_nested)
		database_roll_back(database);
	if (status == STATUS_OK)
		status = join(text, &pieces);
	/* A part that is none was never stored. */
	if (status == STATUS_INVALID)
		status = STATUS_NOT_FOUND;
	free_pieces(&pieces);
	return status;
}

/* A newest revision without its document is damage that no page shows. */
enum status provision_store_load(struct provision_store *store, uint64_t *revision, char **text,
				 struct problem_list *problems)
{
	int64_t newest = 0;
	if (!database_number(&store->database, "SELECT coalesce(max(number), 0) FROM revision", &newest))
		return database_report(&store->database, problems, "give the provisioning");
	if (newest == 0)
		return STATUS_NOT_FOUND;
	*revision = (uint64_t)newest;
	enum status status = provision_store_load_revision(store, *revision, text, problems);
	if (status != STATUS_NOT_FOUND)
		return status;
	problem_add(
		problems,
		"%s: the document of its newest revision %lld is missing. Put a backup of the file in its place, or "
		"move it and its -wal and -shm files away; start again. %s",
		store->database.path, (long long)newest, kind.recovery);
	return STATUS_STORE;
}

enum status provision_store_load_revision(struct provision_store *store, uint64_t revision, char **text,
					  struct problem_list *problems)
{
	return load_from(&store->database, revision, text, problems);
}

enum status provision_store_history_text(struct provision_store *store, uint64_t revision, char **text,
					 struct problem_list *problems)
{
	return load_from(&store->reader, revision, text, problems);
}

static bool bind_text(sqlite3_stmt *statement, int place, const char *text)
{
	return sqlite3_bind_text(statement, place, text ? text : "", -1, SQLITE_STATIC) == SQLITE_OK;
}

static bool insert_revision(struct provision_store *store, const struct provision_history_row *row, struct span text)
{
	sqlite3_stmt *statement =
		database_prepare(&store->database,
				 "INSERT INTO revision (number, applied_s, action, origin, file_name, company_count, "
				 "carrier_count, summary, document_bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
	bool inserted = statement && sqlite3_bind_int64(statement, 1, (sqlite3_int64)row->revision) == SQLITE_OK &&
			sqlite3_bind_int64(statement, 2, (sqlite3_int64)row->applied_s) == SQLITE_OK &&
			bind_text(statement, 3, row->action) && bind_text(statement, 4, row->origin) &&
			bind_text(statement, 5, row->file_name) &&
			sqlite3_bind_int64(statement, 6, row->company_count) == SQLITE_OK &&
			sqlite3_bind_int64(statement, 7, row->carrier_count) == SQLITE_OK &&
			bind_text(statement, 8, row->summary) &&
			sqlite3_bind_int64(statement, 9, text.length) == SQLITE_OK &&
			sqlite3_step(statement) == SQLITE_DONE;
	sqlite3_finalize(statement);
	return inserted;
}

static bool insert_document(struct provision_store *store, uint64_t revision, struct span text)
{
	sqlite3_stmt *statement =
		database_prepare(&store->database, "INSERT INTO document (number, text) VALUES (?1, ?2)");
	bool inserted = statement && sqlite3_bind_int64(statement, 1, (sqlite3_int64)revision) == SQLITE_OK &&
			sqlite3_bind_text(statement, 2, text.at, (int)text.length, SQLITE_STATIC) == SQLITE_OK &&
			sqlite3_step(statement) == SQLITE_DONE;
	sqlite3_finalize(statement);
	return inserted;
}

static bool insert_company(struct provision_store *store, uint64_t revision, struct span text, bool is_removed)
{
	sqlite3_stmt *statement = database_prepare(
		&store->database, "INSERT INTO company_document (number, removed, text) VALUES (?1, ?2, ?3)");
	bool inserted = statement && sqlite3_bind_int64(statement, 1, (sqlite3_int64)revision) == SQLITE_OK &&
			sqlite3_bind_int(statement, 2, is_removed) == SQLITE_OK &&
			sqlite3_bind_text(statement, 3, text.at, (int)text.length, SQLITE_STATIC) == SQLITE_OK &&
			sqlite3_step(statement) == SQLITE_DONE;
	sqlite3_finalize(statement);
	return inserted;
}

/* The oldest go first: by number, by size, by row. What a kept revision is made of is kept. */
static bool forget_old(struct provision_store *store, uint64_t newest)
{
	int64_t kept, base;
	char sql[500];
	snprintf(sql, sizeof(sql),
		 "SELECT min(number) FROM revision AS oldest WHERE number > %lld AND (number >= %lld OR "
		 "(SELECT sum(document_bytes) FROM revision WHERE revision.number >= oldest.number) <= %llu)",
		 (long long)newest - PROVISION_STORE_DOCUMENTS_KEPT, (long long)newest - 1, PROVISION_STORE_BYTES_KEPT);
	if (!database_number(&store->database, sql, &kept))
		return false;
	snprintf(sql, sizeof(sql), "SELECT coalesce(max(number), %lld) FROM document WHERE number <= %lld",
		 (long long)kept, (long long)kept);
	if (!database_number(&store->database, sql, &base))
		return false;
	snprintf(sql, sizeof(sql),
		 "DELETE FROM document WHERE number < %lld; DELETE FROM company_document WHERE number <= %lld;"
		 "UPDATE revision SET document_bytes = 0 WHERE document_bytes > 0 AND number < %lld;"
		 "DELETE FROM revision WHERE number <= %lld",
		 (long long)base, (long long)base, (long long)base, (long long)newest - PROVISION_STORE_ROWS_KEPT);
	return database_execute(&store->database, sql);
}

/* ---- the copy for people ---- */

static void write_copy(const struct provision_store *store, uint64_t revision, struct span text)
{
	char *copy = NULL;
	int length = asprintf(&copy,
			      "# Revision %llu, kept by amityd for recovery: `amityctl apply` takes it.\n" SPAN_FORMAT,
			      (unsigned long long)revision, SPAN_ARGUMENTS(text));
	if (length >= 0 && database_write_copy(store->copy_path, copy, (size_t)length) == STATUS_OK) {
		free(copy);
		return;
	}
	const char *why = strerror(length < 0 ? ENOMEM : errno);
	log_event(LOG_LEVEL_WARNING, "provisioning_copy_not_written", "path=%s revision=%llu error=%s",
		  store->copy_path, (unsigned long long)revision, log_quote(why, strlen(why)).text);
	if (length >= 0)
		free(copy);
}

/* Result: 0 when there is none, or none of ours. */
static uint64_t read_copy_revision(const struct provision_store *store)
{
	unsigned long long revision = 0;
	FILE *file = fopen(store->copy_path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "# Revision %llu", &revision) != 1)
		revision = 0;
	fclose(file);
	return revision;
}

void provision_store_check_copy(const struct provision_store *store, uint64_t revision, struct span text)
{
	uint64_t copied = read_copy_revision(store);
	if (copied > revision)
		log_event(LOG_LEVEL_WARNING, "provisioning_older_than_its_copy", "revision=%llu copy=%llu path=%s",
			  (unsigned long long)revision, (unsigned long long)copied, store->copy_path);
	else if (copied < revision)
		write_copy(store, revision, text);
}

enum status provision_store_commit(struct provision_store *store, const struct provision_history_row *row,
				   struct span text, struct problem_list *problems)
{
	bool done = database_begin(&store->database) && insert_revision(store, row, text) &&
		    insert_document(store, row->revision, text) && forget_old(store, row->revision) &&
		    database_execute(&store->database, "COMMIT");
	if (!done) {
		enum status status = database_report(&store->database, problems, "store the provisioning");
		database_roll_back(&store->database);
		return status;
	}
	write_copy(store, row->revision, text);
	return STATUS_OK;
}

/* Of companies behind a whole document: a start joins them. Rows of the history say how many bytes they have. */
#define PARTS_MAX PROVISION_STORE_ROWS_KEPT

static bool wants_whole(struct provision_store *store, uint64_t revision, bool *wanted)
{
	int64_t base, base_bytes, bytes;
	char sql[200];
	if (!database_number(&store->database, "SELECT coalesce(max(number), 0) FROM document", &base))
		return false;
	*wanted = revision - (uint64_t)base >= PARTS_MAX;
	if (*wanted || base == 0)
		return true;
	snprintf(sql, sizeof(sql), "SELECT coalesce(sum(document_bytes), 0) FROM revision WHERE number = %lld",
		 (long long)base);
	if (!database_number(&store->database, sql, &base_bytes))
		return false;
	snprintf(sql, sizeof(sql), "SELECT coalesce(sum(document_bytes), 0) FROM revision WHERE number > %lld",
		 (long long)base);
	if (!database_number(&store->database, sql, &bytes))
		return false;
	*wanted = bytes > base_bytes;
	return true;
}

static bool insert_whole(struct provision_store *store, uint64_t revision, struct problem_list *problems)
{
	char *text = NULL, sql[100];
	if (load_from(&store->database, revision, &text, problems) != STATUS_OK)
		return false;
	snprintf(sql, sizeof(sql), "UPDATE revision SET document_bytes = %zu WHERE number = %llu", strlen(text),
		 (unsigned long long)revision);
	bool inserted = insert_document(store, revision, span_of_text(text)) && database_execute(&store->database, sql);
	free(text);
	return inserted;
}

enum status provision_store_commit_company(struct provision_store *store, const struct provision_history_row *row,
					   struct span text, bool is_removed, struct problem_list *problems)
{
	bool whole = false;
	bool done = database_begin(&store->database) && insert_revision(store, row, text) &&
		    insert_company(store, row->revision, text, is_removed) &&
		    wants_whole(store, row->revision, &whole) &&
		    (!whole || insert_whole(store, row->revision, problems)) && forget_old(store, row->revision) &&
		    database_execute(&store->database, "COMMIT");
	if (done)
		return STATUS_OK;
	enum status status = database_report(&store->database, problems, "store the provisioning");
	database_roll_back(&store->database);
	return status;
}

/* ---- history ---- */

enum status provision_store_history(struct provision_store *store, uint32_t most, provision_history_fn row,
				    void *argument, struct problem_list *problems)
{
	sqlite3_stmt *statement = database_prepare(
		&store->reader, "SELECT number, applied_s, action, origin, file_name, company_count, carrier_count, "
				"summary, document_bytes > 0 FROM revision ORDER BY number DESC LIMIT ?1");
	int result = statement ? sqlite3_bind_int64(statement, 1, most) : SQLITE_ERROR;
	while (statement && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		struct provision_history_row found = {
			.revision = (uint64_t)sqlite3_column_int64(statement, 0),
			.applied_s = (uint64_t)sqlite3_column_int64(statement, 1),
			.action = (const char *)sqlite3_column_text(statement, 2),
			.origin = (const char *)sqlite3_column_text(statement, 3),
			.file_name = (const char *)sqlite3_column_text(statement, 4),
			.company_count = (uint32_t)sqlite3_column_int64(statement, 5),
			.carrier_count = (uint32_t)sqlite3_column_int64(statement, 6),
			.summary = (const char *)sqlite3_column_text(statement, 7),
			.has_document = sqlite3_column_int(statement, 8) != 0,
		};
		row(argument, &found);
	}
	enum status status =
		result == SQLITE_DONE ? STATUS_OK : database_report(&store->reader, problems, "give the history");
	sqlite3_finalize(statement);
	return status;
}
