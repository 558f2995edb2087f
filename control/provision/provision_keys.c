#include "provision_keys.h"

#include <string.h>

#include <sodium.h>
#include <sqlite3.h>

/* What is stored under which name. */
static const struct {
	const char *name;
	size_t offset, size;
} key_rows[] = {
	{"nonce", offsetof(struct secret_keys, nonce), ROTATING_KEY_STORED_BYTES},
	{"cookie", offsetof(struct secret_keys, cookie), ROTATING_KEY_STORED_BYTES},
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

static bool write_keys(struct database *database, const struct secret_keys *keys)
{
	bool written = database_begin(database);
	for (size_t i = 0; i < KEY_ROW_COUNT && written; i++) {
		sqlite3_stmt *statement =
			database_prepare(database, "INSERT INTO secret_key (name, value) VALUES (?1, ?2)");
		written = statement &&
			  sqlite3_bind_text(statement, 1, key_rows[i].name, -1, SQLITE_STATIC) == SQLITE_OK &&
			  sqlite3_bind_blob(statement, 2, (const char *)keys + key_rows[i].offset,
					    (int)key_rows[i].size, SQLITE_STATIC) == SQLITE_OK &&
			  sqlite3_step(statement) == SQLITE_DONE;
		sqlite3_finalize(statement);
	}
	return written && database_execute(database, "COMMIT");
}

/* *found: how many of the rows are there in their right size. Result: false when the database could not be asked. */
static bool read_keys(struct database *database, struct secret_keys *keys, size_t *found)
{
	bool asked = true;
	*found = 0;
	for (size_t i = 0; i < KEY_ROW_COUNT && asked; i++) {
		sqlite3_stmt *statement = database_prepare(database, "SELECT value FROM secret_key WHERE name = ?1");
		if (statement && sqlite3_bind_text(statement, 1, key_rows[i].name, -1, SQLITE_STATIC) == SQLITE_OK &&
		    sqlite3_step(statement) == SQLITE_ROW &&
		    sqlite3_column_bytes(statement, 0) == (int)key_rows[i].size) {
			memcpy((char *)keys + key_rows[i].offset, sqlite3_column_blob(statement, 0), key_rows[i].size);
			(*found)++;
		}
		/* An error of the step is said again here. */
		asked = statement && sqlite3_finalize(statement) == SQLITE_OK;
	}
	return asked;
}

enum status provision_keys_load(struct secret_keys *keys, struct database *database, struct problem_list *problems)
{
	struct secret_keys loaded = {0};
	size_t found = KEY_ROW_COUNT;
	int64_t stored;
	if (!database_number(database, "SELECT count(*) FROM secret_key", &stored))
		return database_report(database, problems, "read the keys");
	if (stored == 0) {
		make_keys(&loaded);
		if (!write_keys(database, &loaded)) {
			enum status status = database_report(database, problems, "store the keys");
			database_roll_back(database);
			return status;
		}
	} else if (!read_keys(database, &loaded, &found)) {
		return database_report(database, problems, "read the keys");
	} else if (found != KEY_ROW_COUNT) {
		problem_add(problems,
			    "%s: its keys are incomplete: put a backup of the file in its place, or delete the rows of "
			    "table secret_key "
			    "(new keys are made; dialogs that are open end)",
			    database->path);
		return STATUS_STORE;
	}
	secret_keys_make_ready(&loaded);
	*keys = loaded;
	sodium_memzero(&loaded, sizeof(loaded));
	return STATUS_OK;
}
