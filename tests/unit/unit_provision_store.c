/* The database of provisioning: what was applied is there again; bounds, formats, damage, and the copy beside it. */
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include "cmocka_all.h"
#include "provision_rig.h"
#include "provision_store.h"
#include "provision_text.h"
#include "small_disk.h"

static const char *path_of(const char *name)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", provision_rig_directory, name);
	return path;
}

static void apply(struct provision *provision, const char *text, uint64_t revision)
{
	struct provision_rig_answer answer = provision_rig_apply(provision, text);
	assert_true(answer.accepted);
	assert_int_equal(answer.revision, revision);
	provision_rig_forget(&answer);
}

static void refuse_to_open(const char *part)
{
	const struct provision_options options = {.state_dir = provision_rig_directory};
	struct provision *provision = NULL;
	struct problem_list problems = {0};
	assert_int_not_equal(provision_open(&provision, &options, &problems), STATUS_OK);
	assert_null(provision);
	assert_int_equal(problems.count, 1);
	if (!strstr(problems.item[0].message, part))
		problem_list_print(&problems, stderr);
	assert_non_null(strstr(problems.item[0].message, part));
	assert_non_null(strstr(problems.item[0].message, path_of("provision.db")));
	problem_list_free(&problems);
}

/* SQL on the closed database. */
static void execute(const char *sql)
{
	sqlite3 *database;
	assert_int_equal(sqlite3_open(path_of("provision.db"), &database), SQLITE_OK);
	if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(database));
	sqlite3_close(database);
}

static char *read_copy(void)
{
	char *text = calloc(1, 65536);
	FILE *file = fopen(path_of(PROVISION_STORE_COPY_FILE), "rb");
	if (!file) {
		free(text);
		return NULL;
	}
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

static void what_was_applied_is_there_after_a_restart(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	assert_int_equal(provision_revision(provision), 0);
	apply(provision, provision_text_full, 1);
	assert_int_equal(provision_directory(provision)->company_count, 1);
	assert_int_equal(provision_directory(provision)->revision, 1);
	char *before = provision_rig_export(provision), *after;
	struct secret_keys keys = *provision_keys(provision);
	provision_close(provision);

	provision = provision_rig_open(NULL);
	assert_int_equal(provision_revision(provision), 1);
	after = provision_rig_export(provision);
	assert_string_equal(before, after);
	assert_memory_equal(&keys, provision_keys(provision), sizeof(keys));
	assert_int_equal(provision_keys(provision)->node_id, 7);
	assert_false(sodium_is_zero((const unsigned char *)keys.nonce.key[0], SECRET_KEY_BYTES));
	free(before);
	free(after);
	provision_close(provision);
}

static void a_refused_document_changes_nothing(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	apply(provision, provision_text_full, 1);
	const struct directory *live = provision_directory(provision);
	struct provision_rig_answer answer = provision_rig_apply(
		provision,
		"companies:\n- {name: x, domain: y.z, country: ES, users: [{name: u, password: p, extension: '1'}]}\n");
	assert_false(answer.accepted);
	assert_int_equal(answer.problem_count, 1);
	assert_int_equal(answer.revision, 1);
	provision_rig_forget(&answer);
	const struct provision_request dry = {.action = PROVISION_DRY_RUN, .text = SPAN_LITERAL("companies: []\n")};
	answer = provision_rig_ask(provision, &dry);
	assert_true(answer.accepted);
	provision_rig_forget(&answer);
	assert_ptr_equal(provision_directory(provision), live);
	assert_int_equal(provision_revision(provision), 1);
	provision_close(provision);
	provision = provision_rig_open(NULL);
	assert_int_equal(provision_revision(provision), 1);
	provision_close(provision);
}

/* ---- bounds ---- */

static void commit(struct provision_store *store, uint64_t revision, struct span text)
{
	struct problem_list problems = {0};
	const struct provision_history_row row = {.revision = revision, .action = "apply"};
	enum status status = provision_store_commit(store, &row, text, &problems);
	problem_list_print(&problems, stderr);
	assert_int_equal(status, STATUS_OK);
}

static bool is_kept(struct provision_store *store, uint64_t revision)
{
	struct problem_list problems = {0};
	char *text = NULL;
	enum status status = provision_store_load_revision(store, revision, &text, &problems);
	free(text);
	assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
	return status == STATUS_OK;
}

static void documents_are_bounded_in_bytes(void **state)
{
	(void)state;
	struct provision_store *store = NULL;
	struct problem_list problems = {0};
	size_t large = PROVISION_STORE_BYTES_KEPT * 6 / 10;
	char *text = malloc(large);
	memset(text, '#', large);
	assert_int_equal(provision_store_open(&store, provision_rig_directory, &problems), STATUS_OK);
	commit(store, 1, SPAN_LITERAL("companies: []\n"));
	commit(store, 2, span_make(text, large));
	assert_true(is_kept(store, 1));
	commit(store, 3, span_make(text, large));
	/* Together too large, but the newest two stay: there is always a way back. */
	assert_false(is_kept(store, 1));
	assert_true(is_kept(store, 2) && is_kept(store, 3));
	commit(store, 4, SPAN_LITERAL("companies: []\n"));
	assert_false(is_kept(store, 2));
	assert_true(is_kept(store, 3) && is_kept(store, 4));
	provision_store_close(store);
	free(text);
}

static void count_row(void *argument, const struct provision_history_row *row)
{
	uint64_t *oldest_and_count = argument;
	oldest_and_count[0] = row->revision;
	oldest_and_count[1]++;
}

static void rows_are_bounded(void **state)
{
	(void)state;
	char sql[400];
	struct provision_store *store = NULL;
	struct problem_list problems = {0};
	uint64_t seen[2] = {0};
	assert_int_equal(provision_store_open(&store, provision_rig_directory, &problems), STATUS_OK);
	provision_store_close(store);
	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO revision "
		 "SELECT i, 0, 'apply', '', '', 0, 0, '', 0 FROM n",
		 PROVISION_STORE_ROWS_KEPT);
	execute(sql);
	assert_int_equal(provision_store_open(&store, provision_rig_directory, &problems), STATUS_OK);
	commit(store, PROVISION_STORE_ROWS_KEPT + 1, SPAN_LITERAL("companies: []\n"));
	assert_int_equal(provision_store_history(store, UINT32_MAX, count_row, seen, &problems), STATUS_OK);
	assert_int_equal(seen[0], 2);
	assert_int_equal(seen[1], PROVISION_STORE_ROWS_KEPT);
	provision_store_close(store);
}

/* ---- formats ---- */

/* As the first build wrote it: three revisions, of which the oldest has lost its document. */
static const char format_1[] =
	"CREATE TABLE revision (number INTEGER PRIMARY KEY, applied_s INTEGER NOT NULL,"
	" company_count INTEGER NOT NULL, carrier_count INTEGER NOT NULL, summary TEXT NOT NULL, document TEXT);"
	"CREATE TABLE secret_key (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
	"PRAGMA application_id = 1634563184; PRAGMA user_version = 1;"
	"INSERT INTO revision VALUES (1, 1000, 0, 0, 'first', NULL),"
	" (2, 2000, 1, 0, 'second', 'companies:' || char(10) || '  - name: acme' || char(10) || '    domain: a.b' ||"
	"  char(10) || '    country: ES' || char(10)),"
	" (3, 3000, 0, 0, 'third', 'companies: []' || char(10));"
	"INSERT INTO secret_key VALUES ('nonce', randomblob(%zu)), ('cookie', randomblob(%zu)), ('aor', "
	"randomblob(%zu)),"
	" ('steer', randomblob(%zu)), ('tag', randomblob(%zu));";

static void note_rows(void *argument, const struct provision_history_row *row)
{
	char *text = argument;
	sprintf(text + strlen(text), "%d %d %s '%s' %s %d;", (int)row->revision, (int)row->applied_s, row->action,
		row->origin, row->summary, row->has_document);
}

static void the_first_format_is_brought_to_this_one(void **state)
{
	(void)state;
	char sql[1200], rows[500] = "";
	struct secret_keys keys;
	struct problem_list problems = {0};
	snprintf(sql, sizeof(sql), format_1, ROTATING_KEY_STORED_BYTES, ROTATING_KEY_STORED_BYTES, sizeof(keys.aor_key),
		 sizeof(keys.steer_key), sizeof(keys.tag_key));
	execute(sql);
	struct provision *provision = provision_rig_open(NULL);
	assert_int_equal(provision_revision(provision), 3);
	assert_int_equal(provision_model(provision)->companies.count, 0);
	assert_int_equal(provision_history(provision, 9, note_rows, rows, &problems), STATUS_OK);
	assert_string_equal(rows, "3 3000 apply '' third 1;2 2000 apply '' second 1;1 1000 apply '' first 0;");
	const struct provision_request back = {.action = PROVISION_APPLY, .revision = 2};
	struct provision_rig_answer answer = provision_rig_ask(provision, &back);
	assert_true(answer.accepted);
	assert_int_equal(answer.revision, 4);
	provision_rig_forget(&answer);
	keys = *provision_keys(provision);
	provision_close(provision);
	provision = provision_rig_open(NULL);
	assert_string_equal(model_companies(provision_model(provision))[0].name.text, "acme");
	assert_memory_equal(&keys, provision_keys(provision), sizeof(keys));
	provision_close(provision);
}

/* As the second build wrote it: whole documents, in a table of their own. */
static const char format_2[] =
	"CREATE TABLE revision (number INTEGER PRIMARY KEY, applied_s INTEGER NOT NULL, action TEXT NOT NULL,"
	" origin TEXT NOT NULL, file_name TEXT NOT NULL, company_count INTEGER NOT NULL, carrier_count INTEGER NOT "
	"NULL,"
	" summary TEXT NOT NULL, document_bytes INTEGER NOT NULL);"
	"CREATE TABLE secret_key (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE document (number INTEGER PRIMARY KEY, text TEXT NOT NULL);"
	"PRAGMA application_id = 1634563184; PRAGMA user_version = 2;"
	"INSERT INTO revision VALUES (1, 1000, 'apply', 'root', 'a.yaml', 1, 0, 'first', 60);"
	"INSERT INTO document VALUES (1, 'companies:' || char(10) || '  - name: acme' || char(10) || '    domain: a.b' "
	"||"
	"  char(10) || '    country: ES' || char(10));"
	"INSERT INTO secret_key VALUES ('nonce', randomblob(%zu)), ('cookie', randomblob(%zu)), ('aor', "
	"randomblob(%zu)),"
	" ('steer', randomblob(%zu)), ('tag', randomblob(%zu));";

static void apply_company(struct provision *provision, const char *company, const char *text, uint64_t revision)
{
	const struct provision_request request = {
		.action = PROVISION_APPLY, .company = company, .text = span_of_text(text)};
	struct provision_rig_answer answer = provision_rig_ask(provision, &request);
	assert_true(answer.accepted);
	assert_int_equal(answer.revision, revision);
	provision_rig_forget(&answer);
}

/* A change of one company alone is what it did not know. */
static void the_second_format_is_brought_to_this_one(void **state)
{
	(void)state;
	char sql[1600], rows[500] = "";
	struct secret_keys keys;
	struct problem_list problems = {0};
	snprintf(sql, sizeof(sql), format_2, ROTATING_KEY_STORED_BYTES, ROTATING_KEY_STORED_BYTES, sizeof(keys.aor_key),
		 sizeof(keys.steer_key), sizeof(keys.tag_key));
	execute(sql);
	struct provision *provision = provision_rig_open(NULL);
	assert_int_equal(provision_revision(provision), 1);
	apply_company(provision, "globex", "companies: [{name: globex, domain: g.b, country: ES}]\n", 2);
	keys = *provision_keys(provision);
	provision_close(provision);
	provision = provision_rig_open(NULL);
	assert_int_equal(provision_model(provision)->companies.count, 2);
	assert_string_equal(model_companies(provision_model(provision))[0].name.text, "acme");
	assert_string_equal(model_companies(provision_model(provision))[1].name.text, "globex");
	assert_memory_equal(&keys, provision_keys(provision), sizeof(keys));
	assert_int_equal(provision_history(provision, 9, note_rows, rows, &problems), STATUS_OK);
	assert_non_null(strstr(rows, ";1 1000 apply 'root' first 1;"));
	provision_close(provision);
}

static void a_newer_format_is_refused(void **state)
{
	(void)state;
	provision_close(provision_rig_open(NULL));
	execute("PRAGMA user_version = 4");
	refuse_to_open("has format 4, and this build knows the formats 1 to 3");
}

/* ---- damage ---- */

static void damage_says_how_to_recover(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	apply(provision, provision_text_full, 1);
	char *before = provision_rig_export(provision);
	provision_close(provision);
	char garbage[4096];
	memset(garbage, 0xa5, sizeof(garbage));
	FILE *file = fopen(path_of("provision.db"), "r+b");
	fseek(file, 4096, SEEK_SET);
	fwrite(garbage, 1, sizeof(garbage), file);
	fclose(file);
	refuse_to_open("Then apply your provisioning, or provisioning.last.yaml");

	/* And so it goes. */
	unlink(path_of("provision.db"));
	provision = provision_rig_open(NULL);
	char *copy = read_copy();
	apply(provision, copy, 1);
	char *after = provision_rig_export(provision);
	assert_string_equal(before, after);
	provision_close(provision);
	free(copy);
	free(before);
	free(after);
}

static void a_store_that_lost_something_is_refused(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	apply(provision, provision_text_full, 1);
	provision_close(provision);
	execute("DELETE FROM document");
	refuse_to_open("the document of its newest revision 1 is missing");
	execute("INSERT INTO document VALUES (1, 'companies: []'); DELETE FROM secret_key WHERE name = 'nonce'");
	refuse_to_open("its keys are incomplete");
}

/* Of companies that were changed one by one, behind a document that is larger than they: each is needed. */
static void a_store_that_lost_one_change_is_refused(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	apply(provision, provision_text_full, 1);
	apply_company(provision, "b", "companies: [{name: b, domain: b.b, country: ES}]\n", 2);
	apply_company(provision, "c", "companies: [{name: c, domain: c.b, country: ES}]\n", 3);
	provision_close(provision);
	provision_close(provision_rig_open(NULL));
	execute("DELETE FROM company_document WHERE number = 2");
	refuse_to_open("the document of its newest revision 3 is missing");
}

/* The file of a running router is overwritten: what is asked of it is refused, what it serves goes on. */
static void damage_while_it_runs_is_an_error_of_the_request(void **state)
{
	(void)state;
	struct provision *provision = provision_rig_open(NULL);
	apply(provision, provision_text_full, 1);
	const struct directory *live = provision_directory(provision);
	execute("PRAGMA wal_checkpoint(TRUNCATE); DROP TABLE document; DROP TABLE revision");
	struct provision_rig_answer answer = provision_rig_apply(provision, "companies: []\n");
	assert_false(answer.accepted);
	assert_non_null(strstr(answer.problems[0], "cannot store the provisioning"));
	provision_rig_forget(&answer);
	const struct provision_request back = {.action = PROVISION_APPLY, .revision = 1};
	answer = provision_rig_ask(provision, &back);
	assert_false(answer.accepted);
	provision_rig_forget(&answer);
	struct problem_list problems = {0};
	uint64_t seen[2] = {0};
	assert_int_equal(provision_counts(provision).store_failures, 2);
	assert_int_equal(provision_counts(provision).refused, 2);
	assert_int_equal(provision_counts(provision).applied, 1);
	assert_int_equal(provision_history(provision, 9, count_row, seen, &problems), STATUS_STORE);
	assert_non_null(strstr(problems.item[0].message, "cannot give the history"));
	problem_list_free(&problems);
	assert_ptr_equal(provision_directory(provision), live);
	assert_int_equal(provision_revision(provision), 1);
	provision_close(provision);
}

/* A full disk refuses changes and nothing else; with room again they go on. */
static int apply_until_full(void)
{
	struct provision *provision = provision_rig_open(NULL);
	char text[65536];
	uint64_t revision = 0;
	struct provision_rig_answer answer = {.accepted = true};
	while (answer.accepted && revision < 100) {
		provision_rig_forget(&answer);
		int length = snprintf(text, sizeof(text), "companies:\n");
		for (int i = 0; i < 200; i++)
			length += snprintf(text + length, sizeof(text) - (size_t)length,
					   "- {name: company-%d-of-%llu, domain: a%d.example.net, country: ES}\n", i,
					   (unsigned long long)revision, i);
		answer = provision_rig_apply(provision, text);
		revision += answer.accepted;
	}
	if (revision < 2 || revision == 100 || !strstr(answer.problems[0], "cannot store the provisioning") ||
	    !strstr(answer.problems[0], "Make room on its disk"))
		return 1;
	provision_rig_forget(&answer);
	if (provision_revision(provision) != revision || provision_directory(provision)->revision != revision)
		return 2;
	/* What reads still works. */
	struct problem_list problems = {0};
	uint64_t seen[2] = {0};
	if (provision_history(provision, UINT32_MAX, count_row, seen, &problems) != STATUS_OK || seen[1] != revision)
		return 3;
	provision_close(provision);
	provision = provision_rig_open(NULL);
	if (provision_revision(provision) != revision)
		return 4;
	if (mount("tmpfs", provision_rig_directory, "tmpfs", MS_REMOUNT, "size=20m") != 0)
		return 5;
	answer = provision_rig_apply(provision, text);
	return answer.accepted && answer.revision == revision + 1 ? 0 : 6;
}

static void a_full_disk_refuses_changes(void **state)
{
	(void)state;
	assert_int_equal(small_disk_run(provision_rig_directory, "size=700k", apply_until_full), 0);
}

/* ---- the copy ---- */

static void the_copy_is_the_newest_document(void **state)
{
	(void)state;
	struct stat file;
	struct provision *provision = provision_rig_open(NULL);
	assert_null(read_copy());
	apply(provision, provision_text_full, 1);
	apply(provision, "companies: [{name: n, domain: a.b, country: ES}]\n", 2);
	char *copy = read_copy(), *exported = provision_rig_export(provision);
	assert_int_equal(strncmp(copy, "# Revision 2, ", 14), 0);
	assert_string_equal(strchr(copy, '\n') + 1, exported);
	assert_int_equal(stat(path_of(PROVISION_STORE_COPY_FILE), &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	free(copy);
	provision_close(provision);
	/* One that is missing or old is made again. */
	unlink(path_of(PROVISION_STORE_COPY_FILE));
	provision_close(provision_rig_open(NULL));
	copy = read_copy();
	assert_non_null(copy);
	assert_string_equal(strchr(copy, '\n') + 1, exported);
	free(copy);
	/* A new store does not overwrite what is left of an old one. */
	unlink(path_of("provision.db"));
	provision_close(provision_rig_open(NULL));
	copy = read_copy();
	assert_string_equal(strchr(copy, '\n') + 1, exported);
	free(copy);
	free(exported);
}

static void a_copy_that_cannot_be_written_stops_nothing(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path_of(PROVISION_STORE_COPY_FILE), 0700), 0);
	struct provision *provision = provision_rig_open(NULL);
	apply(provision, provision_text_full, 1);
	provision_close(provision);
	assert_int_equal(rmdir(path_of(PROVISION_STORE_COPY_FILE)), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, provision_rig_set_up, provision_rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_was_applied_is_there_after_a_restart),
		CASE(a_refused_document_changes_nothing),
		CASE(documents_are_bounded_in_bytes),
		CASE(rows_are_bounded),
		CASE(the_first_format_is_brought_to_this_one),
		CASE(the_second_format_is_brought_to_this_one),
		CASE(a_store_that_lost_one_change_is_refused),
		CASE(a_newer_format_is_refused),
		CASE(damage_says_how_to_recover),
		CASE(a_store_that_lost_something_is_refused),
		CASE(damage_while_it_runs_is_an_error_of_the_request),
		CASE(a_full_disk_refuses_changes),
		CASE(the_copy_is_the_newest_document),
		CASE(a_copy_that_cannot_be_written_stops_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
