#include "pattern_cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs.h>
#include <pcre2.h>
#include <sodium.h>
#include <sqlite3.h>

#include "log.h"
#include "pattern_content.h"

#define APPLICATION_ID	1634562160 /* "ampp" in the file's header */
#define FORMAT_VERSION	1	   /* of the tables, the key and the content */
#define PUTS_A_COMMIT	500	   /* a first start that is interrupted keeps what it had compiled */
#define BUSY_TIMEOUT_MS 2000
#define PAGE_BYTES	4096
/* A database at its limit (pattern_compiler.h), and the texts of 40,000 patterns. */
#define CONTENT_BYTES_MAX (76 << 20)

/* Names may be long and the environment's, statements are not. */
#define SQL_BYTES 256

struct pattern_cache {
	char *path;
	uint8_t secret[crypto_generichash_KEYBYTES];
	hs_platform_info_t cpu; /* asked once: in a virtual machine each question costs a visit to the host */
	sqlite3 *database;	/* NULL: goes on without */
	sqlite3_stmt *select, *insert;
	uint32_t puts_open; /* since the last commit */
	bool in_transaction;
	bool is_read_only;
	bool has_warned;
	uint32_t damaged_count;
};

static const char SCHEMA[] =
	"CREATE TABLE pattern_set (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, mac BLOB NOT NULL, content BLOB "
	"NOT "
	"NULL);"
	"CREATE TABLE used (build INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (build, id)) WITHOUT ROWID;"
	"PRAGMA application_id = 1634562160;"
	"PRAGMA user_version = 1;";

/* ---- when something is wrong ---- */

static void warn(struct pattern_cache *cache, const char *event, const char *what)
{
	if (cache->has_warned)
		return;
	cache->has_warned = true;
	struct log_quoted path = log_quote(cache->path, strlen(cache->path)), why = log_quote(what, strlen(what));
	log_event(LOG_LEVEL_WARNING, event, "path=%s problem=%s", path.text, why.text);
}

static void close_database(struct pattern_cache *cache)
{
	sqlite3_finalize(cache->select);
	sqlite3_finalize(cache->insert);
	sqlite3_close(cache->database);
	cache->select = cache->insert = NULL;
	cache->database = NULL;
	cache->in_transaction = false;
}

static bool remove_file(const struct pattern_cache *cache)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	char name[PATH_MAX + 16];
	bool removed = true;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", cache->path, suffixes[i]);
		removed &= unlink(name) == 0 || errno == ENOENT;
	}
	return removed;
}

static bool is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

static bool open_database(struct pattern_cache *cache);

/* The file is made anew if it is damaged, once a process; else, or again, the router goes on without it. */
static void give_up(struct pattern_cache *cache)
{
	char why[200];
	int code = cache->database ? sqlite3_extended_errcode(cache->database) : SQLITE_CANTOPEN;
	snprintf(why, sizeof(why), "%s", cache->database ? sqlite3_errmsg(cache->database) : "cannot be opened");
	close_database(cache);
	if (is_damage(code) && !cache->has_warned) {
		cache->damaged_count++;
		warn(cache, "pattern_cache_rebuilt", why);
		if (remove_file(cache) && open_database(cache))
			return;
		close_database(cache);
	}
	warn(cache, "pattern_cache_off", why);
}

/* A disk that is full, or cannot be written: what is there can still be read. */
static void stop_writing(struct pattern_cache *cache)
{
	if (is_damage(sqlite3_extended_errcode(cache->database))) {
		give_up(cache);
		return;
	}
	warn(cache, "pattern_cache_not_written", sqlite3_errmsg(cache->database));
	cache->is_read_only = true;
	sqlite3_exec(cache->database, "ROLLBACK", NULL, NULL, NULL);
	cache->in_transaction = false;
}

/* ---- the file ---- */

static bool execute(struct pattern_cache *cache, const char *sql)
{
	return sqlite3_exec(cache->database, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool read_number(struct pattern_cache *cache, const char *sql, int64_t *number)
{
	sqlite3_stmt *statement = NULL;
	bool found = sqlite3_prepare_v2(cache->database, sql, -1, &statement, NULL) == SQLITE_OK &&
		     sqlite3_step(statement) == SQLITE_ROW;
	if (found)
		*number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return found;
}

/* Result: false with *foreign when the file is no cache of this format. */
static bool make_tables(struct pattern_cache *cache, bool *foreign)
{
	int64_t application, version, tables;
	char limit[SQL_BYTES];
	snprintf(limit, sizeof(limit), "PRAGMA max_page_count = %llu", PATTERN_CACHE_BYTES_MAX / PAGE_BYTES);
	sqlite3_busy_timeout(cache->database, BUSY_TIMEOUT_MS);
	*foreign = false;
	if (!read_number(cache, "PRAGMA application_id", &application) ||
	    !read_number(cache, "PRAGMA user_version", &version) ||
	    !read_number(cache, "SELECT count(*) FROM sqlite_master", &tables))
		return false;
	*foreign = tables > 0 && (application != APPLICATION_ID || version != FORMAT_VERSION);
	if (*foreign)
		return false;
	/* Without a sync at each commit: what a crash of the machine tears is seen, and compiled again. */
	return execute(cache, "PRAGMA page_size = 4096") && execute(cache, "PRAGMA journal_mode = WAL") &&
	       execute(cache, "PRAGMA synchronous = NORMAL") && execute(cache, limit) &&
	       (tables > 0 || execute(cache, SCHEMA));
}

static bool prepare(struct pattern_cache *cache)
{
	static const char select[] = "SELECT id, mac, content FROM pattern_set WHERE key = ?";
	static const char insert[] = "INSERT OR REPLACE INTO pattern_set (key, mac, content) VALUES (?, ?, ?)";
	return sqlite3_prepare_v2(cache->database, select, -1, &cache->select, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(cache->database, insert, -1, &cache->insert, NULL) == SQLITE_OK;
}

static bool open_database(struct pattern_cache *cache)
{
	bool foreign = false;
	for (int attempt = 0; attempt < 2; attempt++) {
		if (sqlite3_open(cache->path, &cache->database) != SQLITE_OK)
			return false;
		chmod(cache->path, S_IRUSR | S_IWUSR);
		if (make_tables(cache, &foreign))
			return prepare(cache);
		if (!foreign)
			return false;
		close_database(cache);
		cache->damaged_count++;
		warn(cache, "pattern_cache_rebuilt", "is a database of another kind or format");
		if (!remove_file(cache))
			return false;
	}
	return false;
}

enum status pattern_cache_open(struct pattern_cache **cache, const char *state_dir, const struct secret_keys *keys)
{
	static const unsigned char purpose[] = "amity pattern cache";
	struct pattern_cache *opened = calloc(1, sizeof(*opened));
	if (!opened || asprintf(&opened->path, "%s/patterns.db", state_dir) < 0) {
		free(opened);
		return STATUS_NO_MEMORY;
	}
	hs_populate_platform(&opened->cpu);
	crypto_generichash(opened->secret, sizeof(opened->secret), purpose, sizeof(purpose), keys->aor_key,
			   sizeof(keys->aor_key));
	if (!open_database(opened))
		give_up(opened);
	*cache = opened;
	return STATUS_OK;
}

void pattern_cache_close(struct pattern_cache *cache)
{
	if (!cache)
		return;
	if (cache->in_transaction)
		execute(cache, "COMMIT");
	close_database(cache);
	sodium_memzero(cache->secret, sizeof(cache->secret));
	free(cache->path);
	free(cache);
}

/* ---- keys ---- */

static void make_key(uint8_t key[crypto_generichash_BYTES], const struct pattern_cache *cache,
		     const struct span *pattern, uint32_t count)
{
	crypto_generichash_state state;
	char pcre2_version[64] = "";
	const uint32_t numbers[] = {FORMAT_VERSION, PATTERN_COMPILE_FLAGS, HS_MODE_BLOCK, count};
	pcre2_config(PCRE2_CONFIG_VERSION, pcre2_version);
	crypto_generichash_init(&state, cache->secret, sizeof(cache->secret), crypto_generichash_BYTES);
	crypto_generichash_update(&state, (const uint8_t *)numbers, sizeof(numbers));
	crypto_generichash_update(&state, (const uint8_t *)&cache->cpu, sizeof(cache->cpu));
	crypto_generichash_update(&state, (const uint8_t *)pcre2_version, sizeof(pcre2_version));
	crypto_generichash_update(&state, (const uint8_t *)hs_version(), strlen(hs_version()) + 1);
	for (uint32_t i = 0; i < count; i++) {
		crypto_generichash_update(&state, (const uint8_t *)&pattern[i].length, sizeof(pattern[i].length));
		crypto_generichash_update(&state, (const uint8_t *)pattern[i].at, pattern[i].length);
	}
	crypto_generichash_final(&state, key, crypto_generichash_BYTES);
}

static void make_mac(uint8_t mac[crypto_generichash_BYTES], const struct pattern_cache *cache,
		     const uint8_t key[crypto_generichash_BYTES], const void *content, size_t length)
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, cache->secret, sizeof(cache->secret), crypto_generichash_BYTES);
	crypto_generichash_update(&state, key, crypto_generichash_BYTES);
	crypto_generichash_update(&state, content, length);
	crypto_generichash_final(&state, mac, crypto_generichash_BYTES);
}

/* ---- sets ---- */

/* Of the row that `select` stands on. */
static bool read_row(struct pattern_cache *cache, struct pattern_product *product, const uint8_t *key,
		     const struct span *pattern, uint32_t count)
{
	uint8_t mac[crypto_generichash_BYTES];
	int length = sqlite3_column_bytes(cache->select, 2);
	if (sqlite3_column_bytes(cache->select, 1) != (int)sizeof(mac) || length <= 0 || length > CONTENT_BYTES_MAX)
		return false;
	const void *content = sqlite3_column_blob(cache->select, 2), *stored = sqlite3_column_blob(cache->select, 1);
	if (!content || !stored)
		return false;
	make_mac(mac, cache, key, content, (size_t)length);
	return sodium_memcmp(mac, stored, sizeof(mac)) == 0 &&
	       pattern_content_read(product, content, (size_t)length, pattern, count);
}

bool pattern_cache_get(struct pattern_cache *cache, struct pattern_product *product, int64_t *row,
		       const struct span *pattern, uint32_t count)
{
	uint8_t key[crypto_generichash_BYTES];
	if (!cache->database)
		return false;
	make_key(key, cache, pattern, count);
	sqlite3_bind_blob(cache->select, 1, key, sizeof(key), SQLITE_STATIC);
	int result = sqlite3_step(cache->select);
	bool found = result == SQLITE_ROW, good = false;
	if (found) {
		*row = sqlite3_column_int64(cache->select, 0);
		good = read_row(cache, product, key, pattern, count);
	}
	int ended = sqlite3_reset(cache->select);
	if ((!found && result != SQLITE_DONE) || ended != SQLITE_OK) {
		if (good)
			pattern_compile_free(product);
		give_up(cache);
		return false;
	}
	if (found && !good) {
		cache->damaged_count++;
		warn(cache, "pattern_cache_damaged", "a set is not what was stored: compiled again");
	}
	return good;
}

static bool begin(struct pattern_cache *cache)
{
	if (!cache->in_transaction)
		cache->in_transaction = execute(cache, "BEGIN IMMEDIATE");
	return cache->in_transaction;
}

static bool commit(struct pattern_cache *cache)
{
	cache->puts_open = 0;
	if (!cache->in_transaction)
		return true;
	cache->in_transaction = !execute(cache, "COMMIT");
	return !cache->in_transaction;
}

int64_t pattern_cache_put(struct pattern_cache *cache, const struct pattern_product *product,
			  const struct span *pattern, uint32_t count)
{
	uint8_t key[crypto_generichash_BYTES], mac[crypto_generichash_BYTES];
	void *content;
	size_t length;
	if (!cache->database || cache->is_read_only ||
	    pattern_content_write(&content, &length, product, pattern, count) != STATUS_OK)
		return 0;
	make_key(key, cache, pattern, count);
	make_mac(mac, cache, key, content, length);
	sqlite3_bind_blob(cache->insert, 1, key, sizeof(key), SQLITE_STATIC);
	sqlite3_bind_blob(cache->insert, 2, mac, sizeof(mac), SQLITE_STATIC);
	sqlite3_bind_blob64(cache->insert, 3, content, length, SQLITE_STATIC);
	bool stored = length <= CONTENT_BYTES_MAX && begin(cache) && sqlite3_step(cache->insert) == SQLITE_DONE;
	int64_t row = stored ? sqlite3_last_insert_rowid(cache->database) : 0;
	sqlite3_reset(cache->insert);
	sqlite3_clear_bindings(cache->insert);
	free(content);
	if (stored && ++cache->puts_open >= PUTS_A_COMMIT)
		stored = commit(cache);
	if (!stored)
		stop_writing(cache);
	return stored ? row : 0;
}

static bool record_use(struct pattern_cache *cache, int64_t build, const int64_t *row, uint32_t count)
{
	sqlite3_stmt *statement = NULL;
	bool good = sqlite3_prepare_v2(cache->database, "INSERT OR IGNORE INTO used (build, id) VALUES (?, ?)", -1,
				       &statement, NULL) == SQLITE_OK;
	for (uint32_t i = 0; i < count && good; i++) {
		if (row[i] == 0)
			continue;
		sqlite3_bind_int64(statement, 1, build);
		sqlite3_bind_int64(statement, 2, row[i]);
		good = sqlite3_step(statement) == SQLITE_DONE;
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	return good;
}

void pattern_cache_finish(struct pattern_cache *cache, const int64_t *row, uint32_t count)
{
	int64_t build = 0;
	char sql[SQL_BYTES];
	if (!cache->database || cache->is_read_only)
		return;
	bool good = begin(cache) && read_number(cache, "SELECT coalesce(max(build), 0) + 1 FROM used", &build) &&
		    record_use(cache, build, row, count);
	snprintf(sql, sizeof(sql),
		 "DELETE FROM used WHERE build <= %lld; DELETE FROM pattern_set WHERE id NOT IN (SELECT id FROM used)",
		 (long long)build - PATTERN_CACHE_BUILDS_KEPT);
	if (!good || !execute(cache, sql) || !commit(cache))
		stop_writing(cache);
}

void pattern_cache_add_use(struct pattern_cache *cache, const int64_t *row, uint32_t count)
{
	int64_t build = 0;
	if (!cache->database || cache->is_read_only || count == 0)
		return;
	bool good = begin(cache) && read_number(cache, "SELECT coalesce(max(build), 1) FROM used", &build) &&
		    record_use(cache, build, row, count);
	if (!good || !commit(cache))
		stop_writing(cache);
}

uint32_t pattern_cache_damaged_count(const struct pattern_cache *cache)
{
	return cache->damaged_count;
}
