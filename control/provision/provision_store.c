#include "provision_store.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <sodium.h>
#include <sqlite3.h>

#define APPLICATION_ID	0x616d7470 /* "amtp" in the file's header: a database of ours */
#define SCHEMA_VERSION	1
#define BUSY_TIMEOUT_MS 2000

struct provision_store {
	sqlite3 *database;
	char *path;
};

static const char SCHEMA[] = "CREATE TABLE revision (number INTEGER PRIMARY KEY, applied_s INTEGER NOT NULL,"
			     " company_count INTEGER NOT NULL, carrier_count INTEGER NOT NULL, summary TEXT NOT NULL,"
			     " document TEXT);"
			     "CREATE TABLE secret_key (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
			     "PRAGMA application_id = 1634563184;"
			     "PRAGMA user_version = 1;";

/* ---- small tools ---- */

static enum status report(const struct provision_store *store, struct problem_list *problems, const char *what)
{
	problem_add(problems,
		    "%s: cannot %s: %s. If the disk is full, make room and try again; if the file is damaged, stop "
		    "amityd, move "
		    "%s* away (or put a backup in its place), start again and apply your provisioning file",
		    store->path, what, sqlite3_errmsg(store->database), store->path);
	return STATUS_STORE;
}

static sqlite3_stmt *prepare(const struct provision_store *store, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	return sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL) == SQLITE_OK ? statement : NULL;
}

static bool execute(const struct provision_store *store, const char *sql)
{
	return sqlite3_exec(store->database, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool read_number(const struct provision_store *store, const char *sql, int64_t *number)
{
	sqlite3_stmt *statement = prepare(store, sql);
	bool found = statement && sqlite3_step(statement) == SQLITE_ROW;
	if (found)
		*number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return found;
}

/* ---- opening ---- */

static enum status check_identity(struct provision_store *store, struct problem_list *problems)
{
	int64_t application_id, version, table_count;
	if (!read_number(store, "PRAGMA application_id", &application_id) ||
	    !read_number(store, "PRAGMA user_version", &version) ||
	    !read_number(store, "SELECT count(*) FROM sqlite_master", &table_count))
		return report(store, problems, "read the provisioning database");
	if (application_id == 0 && version == 0 && table_count == 0)
		return execute(store, SCHEMA) ? STATUS_OK : report(store, problems, "create the provisioning database");
	if (application_id != APPLICATION_ID) {
		problem_add(problems,
			    "%s: is a database, but not one of amity's: name another state_dir, or move the file away "
			    "and start again",
			    store->path);
		return STATUS_STORE;
	}
	if (version != SCHEMA_VERSION) {
		problem_add(problems,
			    "%s: has format %lld, this build reads format %d: run the build that wrote it, export "
			    "there, and apply the "
			    "export to a new state_dir here",
			    store->path, (long long)version, SCHEMA_VERSION);
		return STATUS_STORE;
	}
	return STATUS_OK;
}

static enum status check_damage(struct provision_store *store, struct problem_list *problems)
{
	sqlite3_stmt *statement = prepare(store, "PRAGMA quick_check(1)");
	bool intact = statement && sqlite3_step(statement) == SQLITE_ROW &&
		      strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
	sqlite3_finalize(statement);
	if (intact)
		return STATUS_OK;
	problem_add(problems,
		    "%s: the database is damaged: stop amityd, put a backup in its place or move %s* away, start again "
		    "and apply your "
		    "provisioning file (new keys end the dialogs that are open)",
		    store->path, store->path);
	return STATUS_STORE;
}

static enum status set_up(struct provision_store *store, struct problem_list *problems)
{
	/* The file holds passwords and keys. */
	if (chmod(store->path, S_IRUSR | S_IWUSR) != 0)
		return report(store, problems, "protect the provisioning database");
	sqlite3_busy_timeout(store->database, BUSY_TIMEOUT_MS);
	if (!execute(store, "PRAGMA journal_mode = WAL") || !execute(store, "PRAGMA synchronous = FULL"))
		return report(store, problems, "open the provisioning database");
	/* One creates it, whoever comes at the same time sees it created. */
	if (!execute(store, "BEGIN IMMEDIATE"))
		return report(store, problems, "lock the provisioning database");
	enum status status = check_identity(store, problems);
	if (status != STATUS_OK || !execute(store, "COMMIT")) {
		if (status == STATUS_OK)
			status = report(store, problems, "write the provisioning database");
		execute(store, "ROLLBACK");
		return status;
	}
	return check_damage(store, problems);
}

enum status provision_store_open(struct provision_store **store, const char *state_dir, struct problem_list *problems)
{
	struct provision_store *opened = calloc(1, sizeof(*opened));
	if (!opened || asprintf(&opened->path, "%s/provision.db", state_dir) < 0) {
		free(opened);
		problem_add(problems, "%s", status_text(STATUS_NO_MEMORY));
		return STATUS_NO_MEMORY;
	}
	struct stat directory;
	enum status status = STATUS_STORE;
	if (stat(state_dir, &directory) != 0)
		problem_add(problems, "%s: %s: create the directory, or name another node.state_dir", state_dir,
			    strerror(errno));
	else if (sqlite3_open_v2(opened->path, &opened->database,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, NULL) != SQLITE_OK)
		report(opened, problems, "open the provisioning database");
	else
		status = set_up(opened, problems);
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
	sqlite3_close(store->database);
	free(store->path);
	free(store);
}

const char *provision_store_path(const struct provision_store *store)
{
	return store->path;
}

/* ---- keys ---- */

/* What is stored under which name. */
static const struct {
	const char *name;
	size_t offset, size;
} key_rows[] = {
	{"nonce", offsetof(struct secret_keys, nonce), sizeof(struct rotating_key)},
	{"cookie", offsetof(struct secret_keys, cookie), sizeof(struct rotating_key)},
	{"aor", offsetof(struct secret_keys, aor_key), sizeof(((struct secret_keys *)0)->aor_key)},
	{"steer", offsetof(struct secret_keys, steer_key), sizeof(((struct secret_keys *)0)->steer_key)},
	{"tag", offsetof(struct secret_keys, tag_key), sizeof(((struct secret_keys *)0)->tag_key)},
};
#define KEY_ROW_COUNT (sizeof(key_rows) / sizeof(key_rows[0]))

static void make_keys(struct secret_keys *keys)
{
	for (size_t i = 0; i < KEY_ROW_COUNT; i++)
		randombytes_buf((char *)keys + key_rows[i].offset, key_rows[i].size);
	/* Ids tell the newer key from the older. */
	keys->nonce.id[0] = keys->cookie.id[0] = 1;
	keys->nonce.id[1] = keys->cookie.id[1] = 0;
	/* There is no older key yet: zeros open nothing. */
	memset(keys->nonce.key[1], 0, SECRET_KEY_BYTES);
	memset(keys->cookie.key[1], 0, SECRET_KEY_BYTES);
}

static bool write_keys(struct provision_store *store, const struct secret_keys *keys)
{
	bool written = execute(store, "BEGIN IMMEDIATE");
	for (size_t i = 0; i < KEY_ROW_COUNT && written; i++) {
		sqlite3_stmt *statement = prepare(store, "INSERT INTO secret_key (name, value) VALUES (?1, ?2)");
		written = statement &&
			  sqlite3_bind_text(statement, 1, key_rows[i].name, -1, SQLITE_STATIC) == SQLITE_OK &&
			  sqlite3_bind_blob(statement, 2, (const char *)keys + key_rows[i].offset,
					    (int)key_rows[i].size, SQLITE_STATIC) == SQLITE_OK &&
			  sqlite3_step(statement) == SQLITE_DONE;
		sqlite3_finalize(statement);
	}
	return written && execute(store, "COMMIT");
}

/* Result: how many of the rows were found in their right size. */
static size_t read_keys(struct provision_store *store, struct secret_keys *keys)
{
	size_t found = 0;
	for (size_t i = 0; i < KEY_ROW_COUNT; i++) {
		sqlite3_stmt *statement = prepare(store, "SELECT value FROM secret_key WHERE name = ?1");
		if (statement && sqlite3_bind_text(statement, 1, key_rows[i].name, -1, SQLITE_STATIC) == SQLITE_OK &&
		    sqlite3_step(statement) == SQLITE_ROW &&
		    sqlite3_column_bytes(statement, 0) == (int)key_rows[i].size) {
			memcpy((char *)keys + key_rows[i].offset, sqlite3_column_blob(statement, 0), key_rows[i].size);
			found++;
		}
		sqlite3_finalize(statement);
	}
	return found;
}

enum status provision_store_load_keys(struct provision_store *store, struct secret_keys *keys,
				      struct problem_list *problems)
{
	struct secret_keys loaded = {0};
	int64_t stored;
	if (!read_number(store, "SELECT count(*) FROM secret_key", &stored))
		return report(store, problems, "read the keys");
	if (stored == 0) {
		make_keys(&loaded);
		if (!write_keys(store, &loaded)) {
			enum status status = report(store, problems, "store the keys");
			execute(store, "ROLLBACK");
			return status;
		}
	} else if (read_keys(store, &loaded) != KEY_ROW_COUNT) {
		problem_add(problems,
			    "%s: its keys are incomplete: put a backup of the file in its place, or delete the rows of "
			    "table secret_key "
			    "(new keys are made; dialogs that are open end)",
			    store->path);
		return STATUS_STORE;
	}
	*keys = loaded;
	sodium_memzero(&loaded, sizeof(loaded));
	return STATUS_OK;
}

/* ---- revisions ---- */

static enum status load(struct provision_store *store, sqlite3_stmt *statement, uint64_t *revision, char **text,
			struct problem_list *problems)
{
	int result = statement ? sqlite3_step(statement) : SQLITE_ERROR;
	enum status status = result == SQLITE_DONE ? STATUS_NOT_FOUND : STATUS_STORE;
	if (result == SQLITE_ROW) {
		const char *document = (const char *)sqlite3_column_text(statement, 1);
		char *copy = document ? strdup(document) : NULL;
		status = !document ? STATUS_NOT_FOUND : !copy ? STATUS_NO_MEMORY : STATUS_OK;
		if (copy) {
			*revision = (uint64_t)sqlite3_column_int64(statement, 0);
			*text = copy;
		}
	} else if (status == STATUS_STORE) {
		report(store, problems, "read the provisioning");
	}
	sqlite3_finalize(statement);
	return status;
}

enum status provision_store_load(struct provision_store *store, uint64_t *revision, char **text,
				 struct problem_list *problems)
{
	return load(store, prepare(store, "SELECT number, document FROM revision ORDER BY number DESC LIMIT 1"),
		    revision, text, problems);
}

enum status provision_store_load_revision(struct provision_store *store, uint64_t revision, char **text,
					  struct problem_list *problems)
{
	uint64_t found;
	sqlite3_stmt *statement = prepare(store, "SELECT number, document FROM revision WHERE number = ?1");
	if (statement)
		sqlite3_bind_int64(statement, 1, (sqlite3_int64)revision);
	return load(store, statement, &found, text, problems);
}

static bool insert_revision(struct provision_store *store, const struct provision_history_row *row, struct span text)
{
	sqlite3_stmt *statement =
		prepare(store, "INSERT INTO revision (number, applied_s, company_count, carrier_count, summary, "
			       "document) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
	bool inserted =
		statement && sqlite3_bind_int64(statement, 1, (sqlite3_int64)row->revision) == SQLITE_OK &&
		sqlite3_bind_int64(statement, 2, (sqlite3_int64)row->applied_s) == SQLITE_OK &&
		sqlite3_bind_int64(statement, 3, row->company_count) == SQLITE_OK &&
		sqlite3_bind_int64(statement, 4, row->carrier_count) == SQLITE_OK &&
		sqlite3_bind_text(statement, 5, row->summary ? row->summary : "", -1, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_bind_text(statement, 6, text.at, (int)text.length, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_step(statement) == SQLITE_DONE;
	sqlite3_finalize(statement);
	return inserted;
}

static bool forget_old_documents(struct provision_store *store, uint64_t revision)
{
	sqlite3_stmt *statement =
		prepare(store, "UPDATE revision SET document = NULL WHERE number <= ?1 AND document IS NOT NULL");
	bool done = statement &&
		    sqlite3_bind_int64(statement, 1, (sqlite3_int64)revision - PROVISION_STORE_DOCUMENTS_KEPT) ==
			    SQLITE_OK &&
		    sqlite3_step(statement) == SQLITE_DONE;
	sqlite3_finalize(statement);
	return done;
}

enum status provision_store_commit(struct provision_store *store, const struct provision_history_row *row,
				   struct span text, struct problem_list *problems)
{
	bool done = execute(store, "BEGIN IMMEDIATE") && insert_revision(store, row, text) &&
		    forget_old_documents(store, row->revision) && execute(store, "COMMIT");
	if (done)
		return STATUS_OK;
	enum status status = report(store, problems, "store the provisioning");
	execute(store, "ROLLBACK");
	return status;
}

enum status provision_store_history(struct provision_store *store, provision_history_fn row, void *argument,
				    struct problem_list *problems)
{
	sqlite3_stmt *statement =
		prepare(store, "SELECT number, applied_s, company_count, carrier_count, summary, document IS NOT "
			       "NULL FROM revision ORDER BY number DESC");
	int result = SQLITE_ERROR;
	while (statement && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		struct provision_history_row found = {
			.revision = (uint64_t)sqlite3_column_int64(statement, 0),
			.applied_s = (uint64_t)sqlite3_column_int64(statement, 1),
			.company_count = (uint32_t)sqlite3_column_int64(statement, 2),
			.carrier_count = (uint32_t)sqlite3_column_int64(statement, 3),
			.has_document = sqlite3_column_int(statement, 5) != 0,
			.summary = (const char *)sqlite3_column_text(statement, 4),
		};
		row(argument, &found);
	}
	enum status status = result == SQLITE_DONE ? STATUS_OK : report(store, problems, "read the history");
	sqlite3_finalize(statement);
	return status;
}
