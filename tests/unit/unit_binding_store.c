/*
 * The binding store: what was committed is read back exactly; what was not is not there; a damaged file is refused by
 * name.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "binding_store.h"
#include "cmocka_all.h"

static char directory[64], path[128], problem[1024];
static struct binding_store *store;

static enum status try_open(void)
{
	problem[0] = '\0';
	return binding_store_open(&store, directory, problem, sizeof(problem));
}

static int set_up(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/amity-store-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/bindings.db", directory);
	return try_open();
}

static int tear_down(void **state)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char file[160];
	(void)state;
	binding_store_close(store);
	for (int i = 0; i < 3; i++) {
		snprintf(file, sizeof(file), "%s%s", path, endings[i]);
		unlink(file);
	}
	rmdir(directory);
	return 0;
}

static struct binding_record example(const char *contact)
{
	struct binding_record record = {
		.contact = span_of_text(contact),
		.path = SPAN_LITERAL("<sip:p;lr>"),
		.call_id = SPAN_LITERAL("c@h"),
		.instance = SPAN_LITERAL("\"<urn:uuid:1>\""),
		.user_agent = SPAN_LITERAL("Box 'quoted' \xc3\xa9"),
		.registered_unix_s = 1000,
		.expires_unix_s = 4000000000,
		.cseq = UINT32_MAX,
		.interface = 3,
		.q = 700,
		.behind_nat = true,
	};
	record.received = (struct net_address){.ip = {0x20, 1}, .port = 40000};
	record.local = (struct net_address){.ip = {0x20, 2}, .port = 5060};
	record.next_hop = (struct net_address){.ip = {0x20, 3}, .port = 5061, .transport = TRANSPORT_TCP};
	return record;
}

static void put(const char *aor, const char *contact)
{
	struct binding_record record = example(contact);
	assert_int_equal(binding_store_put(store, span_of_text(aor), &record), STATUS_OK);
}

static struct binding_record loaded[16];
static char loaded_text[16][5][64];
static uint32_t loaded_count;

/* What is loaded is void when the visit ends. */
static void keep_text(struct span *text, char *copy)
{
	assert_in_range(text->length, 0, sizeof(loaded_text[0][0]));
	memcpy(copy, text->at, text->length);
	text->at = copy;
}

static void keep_row(const struct binding_row *row)
{
	struct binding_record *record = &loaded[loaded_count];
	*record = row->draft;
	keep_text(&record->contact, loaded_text[loaded_count][0]);
	keep_text(&record->path, loaded_text[loaded_count][1]);
	keep_text(&record->call_id, loaded_text[loaded_count][2]);
	keep_text(&record->instance, loaded_text[loaded_count][3]);
	keep_text(&record->user_agent, loaded_text[loaded_count][4]);
	loaded_count++;
}

static enum status keep(void *argument, const struct binding_row *rows, uint32_t count)
{
	(void)argument;
	assert_in_range(count, 1, BINDING_STORE_ROWS_MAX);
	for (uint32_t i = 0; i < count; i++)
		keep_row(&rows[i]);
	return STATUS_OK;
}

static uint32_t load(void)
{
	loaded_count = 0;
	assert_int_equal(binding_store_load(store, keep, NULL), STATUS_OK);
	return loaded_count;
}

static void reopen(void)
{
	binding_store_close(store);
	assert_int_equal(try_open(), STATUS_OK);
}

static void everything_is_read_back(void **state)
{
	struct binding_record wanted = example("sip:%00;a=b?c=d@h");
	(void)state;
	assert_int_equal(binding_store_begin(store), STATUS_OK);
	put("pbx@d", "sip:%00;a=b?c=d@h");
	assert_int_equal(binding_store_commit(store), STATUS_OK);
	reopen();
	assert_int_equal(load(), 1);
	assert_span_equal(loaded[0].contact, wanted.contact);
	assert_span_equal(loaded[0].path, wanted.path);
	assert_span_equal(loaded[0].call_id, wanted.call_id);
	assert_span_equal(loaded[0].instance, wanted.instance);
	assert_span_equal(loaded[0].user_agent, wanted.user_agent);
	assert_memory_equal(&loaded[0].received, &wanted.received, sizeof(wanted.received));
	assert_memory_equal(&loaded[0].local, &wanted.local, sizeof(wanted.local));
	assert_memory_equal(&loaded[0].next_hop, &wanted.next_hop, sizeof(wanted.next_hop));
	assert_int_equal(loaded[0].registered_unix_s, 1000);
	assert_int_equal(loaded[0].expires_unix_s, 4000000000);
	assert_int_equal(loaded[0].cseq, UINT32_MAX);
	assert_int_equal(loaded[0].interface, 3);
	assert_int_equal(loaded[0].q, 700);
	assert_true(loaded[0].behind_nat);
}

static void assert_row(uint32_t index, const char *contact, int64_t expires_unix_s)
{
	assert_span_equal(loaded[index].contact, span_of_text(contact));
	assert_int_equal(loaded[index].expires_unix_s, expires_unix_s);
	assert_int_equal(loaded[index].store_row, index + 1);
}

static void rows_are_read_in_the_order_of_writing(void **state)
{
	(void)state;
	assert_int_equal(binding_store_begin(store), STATUS_OK);
	put("pbx@d", "sip:a@h");
	put("pbx@d", "sip:a@h");
	put("pbx@d", "sip:b@h");
	put("other@d", "sip:a@h");
	assert_int_equal(binding_store_remove(store, SPAN_LITERAL("pbx@d"), SPAN_LITERAL("sip:a@h")), STATUS_OK);
	assert_int_equal(binding_store_commit(store), STATUS_OK);
	assert_int_equal(binding_store_rows(store), 5);
	reopen();
	assert_int_equal(binding_store_rows(store), 5);
	assert_int_equal(load(), 5);
	assert_row(0, "sip:a@h", 4000000000);
	assert_row(1, "sip:a@h", 4000000000);
	assert_row(2, "sip:b@h", 4000000000);
	assert_row(3, "sip:a@h", 4000000000);
	assert_row(4, "sip:a@h", 0); /* removed */
}

/* ---- cleaning ---- */

static struct binding_record *in_use; /* the only one */

static int64_t *find_in_use(void *argument, struct span aor, struct span contact)
{
	(void)argument;
	assert_span_equal(aor, SPAN_LITERAL("pbx@d"));
	return span_equals(contact, in_use->contact) ? &in_use->store_row : NULL;
}

static void put_many(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		put("pbx@d", "sip:old@h");
}

static void cleaning_keeps_what_counts(void **state)
{
	struct binding_record kept = example("sip:kept@h");
	(void)state;
	in_use = &kept;
	assert_int_equal(binding_store_begin(store), STATUS_OK);
	put_many(10);
	assert_int_equal(binding_store_put(store, SPAN_LITERAL("pbx@d"), &kept), STATUS_OK);
	int64_t earlier_row = kept.store_row;
	assert_int_equal(binding_store_put(store, SPAN_LITERAL("pbx@d"), &kept), STATUS_OK);
	assert_int_not_equal(kept.store_row, earlier_row);
	put_many(BINDING_STORE_CLEAN_ROWS);
	assert_int_equal(binding_store_commit(store), STATUS_OK);
	assert_int_equal(binding_store_rows(store), 12 + BINDING_STORE_CLEAN_ROWS);
	assert_int_equal(binding_store_clean(store, find_in_use, NULL), STATUS_OK);
	assert_int_equal(binding_store_rows(store), 12 + 1); /* the younger of two rows was written again */
	assert_int_equal(kept.store_row, 12 + BINDING_STORE_CLEAN_ROWS + 1);
	reopen();
	assert_int_equal(load(), 13);
	assert_span_equal(loaded[12].contact, kept.contact);
	assert_span_equal(loaded[12].user_agent, kept.user_agent);
	assert_int_equal(loaded[12].store_row, kept.store_row);
	/* All of it: nothing is left to go wrong with, and the log goes on. */
	in_use = &(struct binding_record){.contact = SPAN_LITERAL("sip:other@h")};
	assert_int_equal(binding_store_clean(store, find_in_use, NULL), STATUS_OK);
	assert_int_equal(binding_store_rows(store), 0);
	assert_int_equal(binding_store_clean(store, find_in_use, NULL), STATUS_OK);
	assert_int_equal(binding_store_rows(store), 0);
	assert_int_equal(binding_store_begin(store), STATUS_OK);
	put("pbx@d", "sip:new@h");
	assert_int_equal(binding_store_commit(store), STATUS_OK);
	assert_int_equal(load(), 1);
	assert_int_equal(binding_store_rows(store), 1);
}

static void execute(const char *statement)
{
	sqlite3 *database;
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, statement, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

static void cleaning_that_fails_changes_nothing(void **state)
{
	struct binding_record kept = example("sip:kept@h");
	(void)state;
	in_use = &kept;
	assert_int_equal(binding_store_begin(store), STATUS_OK);
	assert_int_equal(binding_store_put(store, SPAN_LITERAL("pbx@d"), &kept), STATUS_OK);
	put_many(3);
	assert_int_equal(binding_store_commit(store), STATUS_OK);
	execute("CREATE TRIGGER no_move BEFORE DELETE ON binding BEGIN SELECT RAISE(ABORT, 'no'); END");
	assert_int_equal(binding_store_clean(store, find_in_use, NULL), STATUS_STORE);
	assert_int_equal(binding_store_rows(store), 4);
	assert_int_equal(kept.store_row, 1);
	assert_int_equal(load(), 4);
	execute("DROP TRIGGER no_move");
	assert_int_equal(binding_store_clean(store, find_in_use, NULL), STATUS_OK);
	assert_int_equal(kept.store_row, 5);
	assert_int_equal(load(), 1);
}

static void rollback_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(binding_store_begin(store), STATUS_OK);
	put("pbx@d", "sip:a@h");
	binding_store_rollback(store);
	binding_store_rollback(store); /* without a transaction: nothing happens */
	assert_int_equal(load(), 0);
	assert_int_equal(binding_store_begin(store), STATUS_OK);
	put("pbx@d", "sip:a@h");
	reopen();
	assert_int_equal(load(), 0);
}

static void damaged_file_is_refused_by_name(void **state)
{
	(void)state;
	assert_int_equal(binding_store_begin(store), STATUS_OK);
	for (uint32_t i = 0; i < 1000; i++) {
		char contact[32];
		snprintf(contact, sizeof(contact), "sip:%u@h", i);
		put("pbx@d", contact);
	}
	assert_int_equal(binding_store_commit(store), STATUS_OK);
	binding_store_close(store);
	store = NULL;
	FILE *file = fopen(path, "r+b");
	assert_non_null(file);
	for (long offset = 4096; offset < 16384; offset += 64) {
		fseek(file, offset, SEEK_SET);
		fwrite("damage", 1, 6, file);
	}
	fclose(file);
	assert_int_equal(try_open(), STATUS_STORE);
	assert_non_null(strstr(problem, path));
	assert_non_null(strstr(problem, "move it"));
}

static void no_database_is_refused_by_name(void **state)
{
	(void)state;
	binding_store_close(store);
	store = NULL;
	FILE *file = fopen(path, "wb");
	fputs("this was never a database, but somebody's notes about one, long enough to be more than a header of "
	      "SQLite is",
	      file);
	fclose(file);
	assert_int_equal(try_open(), STATUS_STORE);
	assert_non_null(strstr(problem, path));
}

static void other_version_is_refused(void **state)
{
	sqlite3 *database;
	(void)state;
	binding_store_close(store);
	store = NULL;
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, "PRAGMA user_version = 4", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
	assert_int_equal(try_open(), STATUS_STORE);
	assert_non_null(strstr(problem, "format 4"));
}

/* As the first build wrote it. */
static const char format_1[] =
	"CREATE TABLE binding (aor TEXT NOT NULL, contact TEXT NOT NULL, path TEXT, call_id TEXT NOT NULL, "
	"instance TEXT, user_agent TEXT, received BLOB NOT NULL, local BLOB NOT NULL, next_hop BLOB NOT NULL, "
	"registered_unix_s INTEGER NOT NULL, expires_unix_s INTEGER NOT NULL, cseq INTEGER NOT NULL, "
	"interface INTEGER NOT NULL, q INTEGER NOT NULL, behind_nat INTEGER NOT NULL, "
	"PRIMARY KEY (aor, contact)) WITHOUT ROWID; PRAGMA user_version = 1;"
	"INSERT INTO binding VALUES ('pbx@d', 'sip:a@h', '', 'c', '', '', zeroblob(20), zeroblob(20), zeroblob(20), 1, "
	"4000000000, 7, 0, 1000, 0);";

static void the_first_format_is_brought_to_this_one(void **state)
{
	sqlite3 *database;
	(void)state;
	_Static_assert(sizeof(struct net_address) == 20, "the blobs of format_1");
	binding_store_close(store);
	store = NULL;
	unlink(path);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, format_1, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
	assert_int_equal(try_open(), STATUS_OK);
	assert_int_equal(load(), 1);
	assert_span_equal(loaded[0].contact, SPAN_LITERAL("sip:a@h"));
	assert_int_equal(loaded[0].cseq, 7);
	assert_int_equal(loaded[0].store_row, 1);
	assert_int_equal(binding_store_rows(store), 1);
}

/* A text that says which row it is of, of any length. */
static struct span long_text(char *room, uint32_t number, uint32_t length)
{
	memset(room, 'a' + (int)(number % 26), length);
	return span_make(room, length);
}

/* Some rows are so long that no other has room beside two of them. */
static uint32_t agent_bytes(uint32_t number)
{
	return number % 7 < 3 ? 60000 : number % 40;
}

static char agent_room[60000];

static enum status check_rows(void *argument, const struct binding_row *rows, uint32_t count)
{
	uint32_t *next = argument;
	char contact[32];
	assert_in_range(count, 1, BINDING_STORE_ROWS_MAX);
	for (uint32_t i = 0; i < count; i++, (*next)++) {
		struct span agent = long_text(agent_room, *next, agent_bytes(*next));
		snprintf(contact, sizeof(contact), "sip:%u@h", *next);
		assert_true(span_equals(rows[i].aor, SPAN_LITERAL("a@d")));
		assert_true(span_equals(rows[i].draft.contact, span_of_text(contact)));
		assert_true(span_equals(rows[i].draft.user_agent, agent));
		assert_true(span_equals(rows[i].draft.call_id, example(contact).call_id));
	}
	return STATUS_OK;
}

static void rows_are_visited_in_order_so_many_at_a_time(void **state)
{
	uint32_t next = 0;
	char contact[32];
	(void)state;
	assert_int_equal(binding_store_begin(store), STATUS_OK);
	for (uint32_t i = 0; i < 200; i++) {
		snprintf(contact, sizeof(contact), "sip:%u@h", i);
		struct binding_record record = example(contact);
		record.user_agent = long_text(agent_room, i, agent_bytes(i));
		assert_int_equal(binding_store_put(store, SPAN_LITERAL("a@d"), &record), STATUS_OK);
	}
	assert_int_equal(binding_store_commit(store), STATUS_OK);
	assert_int_equal(binding_store_load(store, check_rows, &next), STATUS_OK);
	assert_int_equal(next, 200);
}

static enum status refuse_the_second(void *argument, const struct binding_row *rows, uint32_t count)
{
	uint32_t *visits = argument;
	(void)rows, (void)count;
	return ++*visits == 2 ? STATUS_NO_MEMORY : STATUS_OK;
}

static void a_refusal_ends_the_visits(void **state)
{
	uint32_t visits = 0;
	char contact[32];
	(void)state;
	assert_int_equal(binding_store_begin(store), STATUS_OK);
	for (uint32_t i = 0; i < 4 * BINDING_STORE_ROWS_MAX; i++) {
		snprintf(contact, sizeof(contact), "sip:%u@h", i);
		put("a@d", contact);
	}
	assert_int_equal(binding_store_commit(store), STATUS_OK);
	assert_int_equal(binding_store_load(store, refuse_the_second, &visits), STATUS_NO_MEMORY);
	assert_int_equal(visits, 2);
}

/* A row that was not written by way of binding_store.h. */
static void insert(const char *values)
{
	sqlite3 *database;
	char text[512];
	snprintf(text, sizeof(text),
		 "INSERT INTO binding VALUES (NULL, 'a@d', 'sip:a@h', '', 'c', %s, 1, 2, 3, 4, 5, 6)", values);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

static enum status count_rows(void *argument, const struct binding_row *rows, uint32_t count)
{
	(void)rows;
	*(uint32_t *)argument += count;
	return STATUS_OK;
}

/* 128 KiB of text in all, to the byte, and two bytes more. */
static void a_row_longer_than_any_request_is_damage(void **state)
{
	uint32_t rows = 0;
	(void)state;
	insert("'i', hex(zeroblob(65530)), zeroblob(20), zeroblob(20), zeroblob(20)");
	assert_int_equal(binding_store_load(store, count_rows, &rows), STATUS_OK);
	assert_int_equal(rows, 1);
	insert("'i', hex(zeroblob(65531)), zeroblob(20), zeroblob(20), zeroblob(20)");
	assert_int_equal(binding_store_load(store, count_rows, &rows), STATUS_STORE);
	assert_non_null(strstr(binding_store_error(store), "a row that amity did not write"));
}

static void a_foreign_row_is_damage(void **state)
{
	(void)state;
	insert("'', '', x'00', x'00', x'00'");
	assert_int_equal(binding_store_load(store, keep, NULL), STATUS_STORE);
	assert_non_null(strstr(binding_store_error(store), "a row that amity did not write"));
}

static void missing_directory_is_refused_by_name(void **state)
{
	(void)state;
	binding_store_close(store);
	store = NULL;
	char kept[sizeof(directory)];
	memcpy(kept, directory, sizeof(kept));
	snprintf(directory, sizeof(directory), "/nonexistent/amity");
	assert_int_equal(try_open(), STATUS_IO);
	assert_non_null(strstr(problem, "/nonexistent/amity/bindings.db"));
	memcpy(directory, kept, sizeof(directory));
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test_setup_teardown(everything_is_read_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_are_read_in_the_order_of_writing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cleaning_keeps_what_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cleaning_that_fails_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rollback_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_file_is_refused_by_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_database_is_refused_by_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_version_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_first_format_is_brought_to_this_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_are_visited_in_order_so_many_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_refusal_ends_the_visits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_row_longer_than_any_request_is_damage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_foreign_row_is_damage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(missing_directory_is_refused_by_name, set_up, tear_down),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
