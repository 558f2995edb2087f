#include "binding_store.h"

#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "database.h"

enum statement {
	STATEMENT_BEGIN,
	STATEMENT_PUT,
	STATEMENT_COMMIT,
	STATEMENT_LOAD,
	STATEMENT_BOUNDS,
	STATEMENT_OLDEST,
	STATEMENT_MOVE,
	STATEMENT_CUT,
	STATEMENT_COUNT
};

#define COLUMNS                                                                                                        \
	"aor, contact, path, call_id, instance, user_agent, received, local, next_hop, registered_unix_s, "            \
	"expires_unix_s, cseq, interface, q, behind_nat"

static const char *const statement_text[STATEMENT_COUNT] = {
	[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
	[STATEMENT_PUT] = ("INSERT INTO binding (" COLUMNS ", row) "
			   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"),
	[STATEMENT_COMMIT] = "COMMIT",
	[STATEMENT_LOAD] = "SELECT " COLUMNS ", row FROM binding ORDER BY row",
	[STATEMENT_BOUNDS] = "SELECT (SELECT min(row) FROM binding), (SELECT max(row) FROM binding)",
	[STATEMENT_OLDEST] = "SELECT aor, contact, row FROM binding ORDER BY row LIMIT ?1",
	[STATEMENT_MOVE] = "UPDATE binding SET row = ?2 WHERE row = ?1",
	[STATEMENT_CUT] = "DELETE FROM binding WHERE row <= ?1",
};

/* Of a contact that was removed, there is a row with the time 0. */
#define REMOVED_UNIX_S 0

/* Addresses are blobs of struct net_address: 16 bytes of IP, port in host order, transport, a zero. */
#define COLUMN_TYPES                                                                                                   \
	"aor TEXT NOT NULL, contact TEXT NOT NULL, path TEXT, call_id TEXT NOT NULL, "                                 \
	"instance TEXT, user_agent TEXT, received BLOB NOT NULL, local BLOB NOT NULL, next_hop BLOB NOT NULL, "        \
	"registered_unix_s INTEGER NOT NULL, expires_unix_s INTEGER NOT NULL, cseq INTEGER NOT NULL, "                 \
	"interface INTEGER NOT NULL, q INTEGER NOT NULL, behind_nat INTEGER NOT NULL"

static const char *const steps[] = {
	"CREATE TABLE binding (" COLUMN_TYPES ", PRIMARY KEY (aor, contact)) WITHOUT ROWID",
	"", /* format 2 has a mark in its header, nothing else */
	/* Format 3 is a log. */
	"CREATE TABLE log (row INTEGER PRIMARY KEY, " COLUMN_TYPES ");"
	"INSERT INTO log (" COLUMNS ") SELECT " COLUMNS " FROM binding ORDER BY registered_unix_s;"
	"DROP TABLE binding;"
	"ALTER TABLE log RENAME TO binding",
};

static const struct database_kind kind = {
	.file_name = BINDING_STORE_FILE,
	.what = "the database of registrations",
	.mark = 0x616d7462, /* "amtb" */
	.unmarked_format = 1,
	.format = BINDING_STORE_VERSION,
	.step = steps,
	.synchronous = "NORMAL",
	.is_of_one_thread = true,
	.recovery = "Endpoints can then not be called until they register anew",
};
_Static_assert(sizeof(steps) / sizeof(steps[0]) == BINDING_STORE_VERSION, "a step leads to each format");

struct binding_store {
	struct database database;
	sqlite3_stmt *statement[STATEMENT_COUNT];
	int64_t oldest_row, newest_row; /* as committed; none: the newest is before the oldest */
	int64_t written_row;		/* the newest of the transaction that is open */
	bool has_foreign_row;		/* that is why a load failed: SQLite itself has nothing to say */
};

static enum status run(struct binding_store *store, enum statement statement)
{
	sqlite3_stmt *prepared = store->statement[statement];
	int result = sqlite3_step(prepared);
	sqlite3_reset(prepared);
	return result == SQLITE_DONE ? STATUS_OK : STATUS_STORE;
}

static enum status read_bounds(struct binding_store *store)
{
	sqlite3_stmt *statement = store->statement[STATEMENT_BOUNDS];
	int result = sqlite3_step(statement);
	store->oldest_row = 1;
	store->newest_row = 0;
	if (result == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
		store->oldest_row = sqlite3_column_int64(statement, 0);
		store->newest_row = sqlite3_column_int64(statement, 1);
	}
	sqlite3_reset(statement);
	return result == SQLITE_ROW ? STATUS_OK : STATUS_STORE;
}

enum status binding_store_open(struct binding_store **store, const char *state_dir, char *problem, size_t problem_size)
{
	struct problem_list problems = {0};
	struct binding_store *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	enum status status = database_open(&made->database, &kind, state_dir, &problems);
	for (int i = 0; i < STATEMENT_COUNT && status == STATUS_OK; i++)
		if (sqlite3_prepare_v3(made->database.connection, statement_text[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &made->statement[i], NULL) != SQLITE_OK)
			status = database_report(&made->database, &problems, "be used");
	if (status == STATUS_OK && read_bounds(made) != STATUS_OK)
		status = database_report(&made->database, &problems, "be read");
	if (status == STATUS_OK) {
		*store = made;
		return STATUS_OK;
	}
	/* One that was not kept was so for want of memory. */
	if (!problems.count && problems.omitted)
		status = STATUS_NO_MEMORY;
	snprintf(problem, problem_size, "%s", problems.count ? problems.item[0].message : status_text(status));
	problem_list_free(&problems);
	binding_store_close(made);
	return status;
}

void binding_store_close(struct binding_store *store)
{
	if (!store)
		return;
	for (int i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(store->statement[i]);
	database_close(&store->database);
	free(store);
}

enum status binding_store_begin(struct binding_store *store)
{
	store->written_row = store->newest_row;
	return run(store, STATEMENT_BEGIN);
}

enum status binding_store_commit(struct binding_store *store)
{
	enum status status = run(store, STATEMENT_COMMIT);
	if (status == STATUS_OK)
		store->newest_row = store->written_row;
	return status;
}

void binding_store_rollback(struct binding_store *store)
{
	database_roll_back(&store->database);
}

static int bind_text(sqlite3_stmt *statement, int place, struct span text)
{
	return sqlite3_bind_text(statement, place, text.length ? text.at : "", (int)text.length, SQLITE_STATIC);
}

static int bind_address(sqlite3_stmt *statement, int place, const struct net_address *address)
{
	return sqlite3_bind_blob(statement, place, address, sizeof(*address), SQLITE_STATIC);
}

enum status binding_store_put(struct binding_store *store, struct span aor, struct binding_record *binding)
{
	sqlite3_stmt *statement = store->statement[STATEMENT_PUT];
	binding->store_row = ++store->written_row;
	int failed = bind_text(statement, 1, aor) | bind_text(statement, 2, binding->contact) |
		     bind_text(statement, 3, binding->path) | bind_text(statement, 4, binding->call_id) |
		     bind_text(statement, 5, binding->instance) | bind_text(statement, 6, binding->user_agent) |
		     bind_address(statement, 7, &binding->received) | bind_address(statement, 8, &binding->local) |
		     bind_address(statement, 9, &binding->next_hop) |
		     sqlite3_bind_int64(statement, 10, binding->registered_unix_s) |
		     sqlite3_bind_int64(statement, 11, binding->expires_unix_s) |
		     sqlite3_bind_int64(statement, 12, binding->cseq) |
		     sqlite3_bind_int(statement, 13, binding->interface) | sqlite3_bind_int(statement, 14, binding->q) |
		     sqlite3_bind_int(statement, 15, binding->behind_nat) |
		     sqlite3_bind_int64(statement, 16, binding->store_row);
	return failed ? STATUS_STORE : run(store, STATEMENT_PUT);
}

enum status binding_store_remove(struct binding_store *store, struct span aor, struct span contact)
{
	struct binding_record removed = {.contact = contact, .expires_unix_s = REMOVED_UNIX_S};
	return binding_store_put(store, aor, &removed);
}

static struct span column_text(sqlite3_stmt *statement, int place)
{
	const char *text = (const char *)sqlite3_column_text(statement, place);
	return span_make(text, text ? (size_t)sqlite3_column_bytes(statement, place) : 0);
}

static bool column_address(struct net_address *address, sqlite3_stmt *statement, int place)
{
	const void *bytes = sqlite3_column_blob(statement, place);
	if (!bytes || sqlite3_column_bytes(statement, place) != sizeof(*address))
		return false;
	memcpy(address, bytes, sizeof(*address));
	return true;
}

/* Result: false when the row is not one of ours. */
static bool read_row(struct binding_record *draft, sqlite3_stmt *statement)
{
	*draft = (struct binding_record){
		.contact = column_text(statement, 1),
		.path = column_text(statement, 2),
		.call_id = column_text(statement, 3),
		.instance = column_text(statement, 4),
		.user_agent = column_text(statement, 5),
		.registered_unix_s = sqlite3_column_int64(statement, 9),
		.expires_unix_s = sqlite3_column_int64(statement, 10),
		.cseq = (uint32_t)sqlite3_column_int64(statement, 11),
		.interface = (uint16_t)sqlite3_column_int(statement, 12),
		.q = (uint16_t)sqlite3_column_int(statement, 13),
		.behind_nat = sqlite3_column_int(statement, 14) != 0,
		.store_row = sqlite3_column_int64(statement, 15),
	};
	draft->seen_unix_s = draft->registered_unix_s;
	return column_address(&draft->received, statement, 6) && column_address(&draft->local, statement, 7) &&
	       column_address(&draft->next_hop, statement, 8) && draft->contact.length;
}

/* More than the datagram of a REGISTER has, and the address of record: a row that has more is not ours. */
#define BATCH_TEXT_BYTES (128 * 1024)

/* SQLite's texts are void when the next row is read; these are not. */
struct batch {
	enum status (*visit)(void *argument, const struct binding_row *rows, uint32_t count);
	void *argument;
	uint32_t count, text_bytes;
	struct binding_row row[BINDING_STORE_ROWS_MAX];
	char text[BATCH_TEXT_BYTES];
};

static enum status visit_batch(struct batch *batch)
{
	enum status status = batch->count ? batch->visit(batch->argument, batch->row, batch->count) : STATUS_OK;
	batch->count = 0;
	batch->text_bytes = 0;
	return status;
}

static void keep_text(struct batch *batch, struct span *text)
{
	char *kept = batch->text + batch->text_bytes;
	if (text->length)
		memcpy(kept, text->at, text->length);
	text->at = kept;
	batch->text_bytes += text->length;
}

/* Result: STATUS_STORE when the row is not one of ours, or what the visit of those before it came to. */
static enum status add_to_batch(struct batch *batch, sqlite3_stmt *statement)
{
	struct binding_row row = {.aor = column_text(statement, 0)};
	if (!read_row(&row.draft, statement))
		return STATUS_STORE;
	struct span *texts[] = {&row.aor,	    &row.draft.contact,	 &row.draft.path,
				&row.draft.call_id, &row.draft.instance, &row.draft.user_agent};
	uint64_t bytes = 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		bytes += texts[i]->length;
	if (bytes > BATCH_TEXT_BYTES)
		return STATUS_STORE;
	enum status status = STATUS_OK;
	if (batch->count == BINDING_STORE_ROWS_MAX || batch->text_bytes + bytes > BATCH_TEXT_BYTES)
		status = visit_batch(batch);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		keep_text(batch, texts[i]);
	batch->row[batch->count++] = row;
	return status;
}

enum status binding_store_load(struct binding_store *store,
			       enum status (*visit)(void *argument, const struct binding_row *rows, uint32_t count),
			       void *argument)
{
	sqlite3_stmt *statement = store->statement[STATEMENT_LOAD];
	struct batch *batch = calloc(1, sizeof(*batch));
	if (!batch)
		return STATUS_NO_MEMORY;
	batch->visit = visit;
	batch->argument = argument;
	enum status status = STATUS_OK;
	int result = SQLITE_DONE;
	while (status == STATUS_OK && (result = sqlite3_step(statement)) == SQLITE_ROW)
		status = add_to_batch(batch, statement);
	if (status == STATUS_OK && result == SQLITE_DONE)
		status = visit_batch(batch);
	free(batch);
	store->has_foreign_row = status == STATUS_STORE;
	sqlite3_reset(statement);
	if (status != STATUS_OK)
		return status;
	return result == SQLITE_DONE ? STATUS_OK : STATUS_STORE;
}

uint64_t binding_store_rows(const struct binding_store *store)
{
	return (uint64_t)(store->newest_row - store->oldest_row + 1);
}

/* A row that is written again. */
struct move {
	int64_t *row;
	int64_t from;
};

static enum status find_moves(struct binding_store *store, struct move *move, uint32_t *count, int64_t *last_row,
			      int64_t *(*find)(void *argument, struct span aor, struct span contact), void *argument)
{
	sqlite3_stmt *statement = store->statement[STATEMENT_OLDEST];
	int result = sqlite3_bind_int(statement, 1, BINDING_STORE_CLEAN_ROWS);
	*count = 0;
	while (result == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
		*last_row = sqlite3_column_int64(statement, 2);
		int64_t *row = find(argument, column_text(statement, 0), column_text(statement, 1));
		if (row && *row == *last_row)
			move[(*count)++] = (struct move){row, *last_row};
	}
	return sqlite3_reset(statement) == SQLITE_OK ? STATUS_OK : STATUS_STORE;
}

static enum status move_row(struct binding_store *store, int64_t from)
{
	sqlite3_stmt *statement = store->statement[STATEMENT_MOVE];
	int failed = sqlite3_bind_int64(statement, 1, from) | sqlite3_bind_int64(statement, 2, ++store->written_row);
	return failed ? STATUS_STORE : run(store, STATEMENT_MOVE);
}

static enum status cut(struct binding_store *store, int64_t last_row)
{
	sqlite3_stmt *statement = store->statement[STATEMENT_CUT];
	return sqlite3_bind_int64(statement, 1, last_row) == SQLITE_OK ? run(store, STATEMENT_CUT) : STATUS_STORE;
}

enum status binding_store_clean(struct binding_store *store,
				int64_t *(*find)(void *argument, struct span aor, struct span contact), void *argument)
{
	struct move move[BINDING_STORE_CLEAN_ROWS];
	uint32_t count = 0;
	int64_t last_row = store->oldest_row - 1, first_new_row = store->newest_row + 1;
	enum status status = binding_store_begin(store);
	if (status == STATUS_OK)
		status = find_moves(store, move, &count, &last_row, find, argument);
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
		status = move_row(store, move[i].from);
	if (status == STATUS_OK)
		status = cut(store, last_row);
	if (status == STATUS_OK)
		status = binding_store_commit(store);
	if (status != STATUS_OK) {
		binding_store_rollback(store);
		return status;
	}
	for (uint32_t i = 0; i < count; i++)
		*move[i].row = first_new_row + i;
	store->oldest_row = last_row + 1;
	return STATUS_OK;
}

const char *binding_store_error(const struct binding_store *store)
{
	return store->has_foreign_row ? "a row that amity did not write" : sqlite3_errmsg(store->database.connection);
}
