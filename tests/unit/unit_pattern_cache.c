/* Sets that are not known come from the cache on disk, else from the compiling process; both are not trusted further
 * than they can be. */
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hs.h>
#include <sodium.h>
#include <sqlite3.h>

#include "cmocka_all.h"
#include "pattern_compile_serve.h"
#include "pattern_pool.h"
#include "pattern_set_fixture.h"

static const struct secret_keys keys = {.aor_key = "0123456789abcde"};

struct world {
	char directory[32];
	char path[48];
	struct pattern_source source;
	struct pattern_compiler *compiler;
	struct pattern_pool *pool;
	uint32_t compiled, loaded, damaged; /* of the last build */
};

static struct world world_make(void)
{
	struct world world = {.directory = "/tmp/amity-patterns-XXXXXX"};
	assert_non_null(mkdtemp(world.directory));
	snprintf(world.path, sizeof(world.path), "%s/patterns.db", world.directory);
	return world;
}

static void run(const char *format, const char *path)
{
	char command[200];
	snprintf(command, sizeof(command), format, path);
	assert_int_equal(system(command), 0);
}

static void world_free(struct world *world)
{
	run("rm -r %s", world->directory);
}

/* A build of a process that starts: nothing is known but what is on disk. */
static void begin_build(struct world *world)
{
	assert_int_equal(pattern_cache_open(&world->source.cache, world->directory, &keys), STATUS_OK);
	assert_int_equal(pattern_pool_create(&world->pool), STATUS_OK);
	pattern_pool_set_source(world->pool, &world->source);
}

static void end_build(struct world *world)
{
	pattern_pool_finish(world->pool, true);
	world->compiled = pattern_pool_compiled_count(world->pool);
	world->loaded = pattern_pool_loaded_count(world->pool);
	world->damaged = pattern_cache_damaged_count(world->source.cache);
	pattern_pool_free(world->pool);
	pattern_cache_close(world->source.cache);
}

/* What the sets of every test are: set i takes the numbers that begin with i and 9, but not i and 99. */
static void check_set(struct world *world, uint32_t i)
{
	char text[2][40], number[16];
	struct pattern_compiled *compiled;
	struct pattern_error error;
	struct pattern_set set;
	struct match_scratch scratch;
	uint32_t id = 7;
	snprintf(text[0], sizeof(text[0]), "^%u(?!99)9", i);
	snprintf(text[1], sizeof(text[1]), "^%u8", i);
	const struct span pattern[] = {span_of_text(text[0]), span_of_text(text[1])};
	assert_int_equal(pattern_pool_get(world->pool, &compiled, pattern, 2, &error), STATUS_OK);
	pattern_set_build_view(&set, compiled, NULL);
	pattern_set_fixture_init(&scratch);
	assert_int_equal(hs_alloc_scratch(set.database, &scratch.hyperscan), HS_SUCCESS);
	assert_int_equal(pattern_set_build_confirmed_count(compiled), 1);
	snprintf(number, sizeof(number), "%u98", i);
	assert_true(pattern_match_first(&id, &set, span_of_text(number), &scratch));
	assert_int_equal(id, 0);
	snprintf(number, sizeof(number), "%u99", i);
	assert_false(pattern_match_first(&id, &set, span_of_text(number), &scratch));
	snprintf(number, sizeof(number), "%u8", i);
	assert_true(pattern_match_first(&id, &set, span_of_text(number), &scratch));
	assert_int_equal(id, 1);
	pattern_set_fixture_free_scratch(&scratch);
	pattern_set_build_release(compiled);
}

/* Sets `first` to `last`, each asked for twice. */
static void build(struct world *world, uint32_t first, uint32_t last)
{
	begin_build(world);
	for (uint32_t i = first; i <= last; i++) {
		check_set(world, i);
		check_set(world, i);
	}
	end_build(world);
}

static void a_restart_does_not_compile(void **state)
{
	(void)state;
	struct world world = world_make();
	struct stat file;
	build(&world, 1, 20);
	assert_int_equal(world.compiled, 20);
	assert_int_equal(world.loaded, 0);
	build(&world, 1, 25);
	assert_int_equal(world.compiled, 5);
	assert_int_equal(world.loaded, 20);
	assert_int_equal(world.damaged, 0);
	assert_int_equal(stat(world.path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	world_free(&world);
}

static int64_t query(const struct world *world, const char *sql)
{
	sqlite3 *database;
	sqlite3_stmt *statement = NULL;
	assert_int_equal(sqlite3_open(world->path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
	int64_t number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	assert_int_equal(sqlite3_close(database), SQLITE_OK);
	return number;
}

/* Whoever changes the file without our key: each of these makes a set that looks like another or like itself. */
static void what_is_not_as_it_was_stored_is_compiled(void **state)
{
	(void)state;
	static const struct {
		const char *sql;
		uint32_t sets;
	} changes[] = {
		/* only the MAC tells: what needs confirmation */
		{"UPDATE pattern_set SET content = substr(content, 1, 4) || x'00' || substr(content, 6)", 3},
		/* a byte of the content */
		{"UPDATE pattern_set SET content = substr(content, 1, 200) || x'ff' || substr(content, 202)", 3},
		{"UPDATE pattern_set SET content = substr(content, 1, length(content) - 1)", 3},
		{"UPDATE pattern_set SET content = x''", 3},
		{"UPDATE pattern_set SET content = content || x'00'", 3},
		{"UPDATE pattern_set SET content = zeroblob(80000000) WHERE id = 2", 1},
		{"UPDATE pattern_set SET mac = x'00' WHERE id < 3", 2},
		/* each gets the content and MAC of its neighbour */
		{"UPDATE pattern_set SET (mac, content) = (SELECT mac, content FROM pattern_set AS other WHERE "
		 "other.id = 1 + pattern_set.id % 3)",
		 3},
	};
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct world world = world_make();
		build(&world, 1, 3);
		query(&world, changes[i].sql);
		build(&world, 1, 3);
		assert_int_equal(world.compiled, changes[i].sets);
		assert_int_equal(world.damaged, changes[i].sets);
		build(&world, 1, 3);
		assert_int_equal(world.loaded, 3);
		world_free(&world);
	}
}

static void a_file_that_is_no_cache_is_made_anew(void **state)
{
	(void)state;
	static const char *const makers[] = {
		"echo 'no database' > %1$s; rm -f %1$s-*",
		"head -c 70000 /dev/urandom > %1$s; rm -f %1$s-*",
		/* its header is whole, its pages are not */
		"dd if=/dev/urandom of=%1$s bs=4096 seek=1 count=8 conv=notrunc status=none; rm -f %1$s-*",
		"truncate -s 5000 %1$s; rm -f %1$s-*",
	};
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		struct world world = world_make();
		build(&world, 1, 20);
		run(makers[i], world.path);
		build(&world, 1, 20);
		assert_int_equal(world.compiled, 20);
		assert_true(world.damaged >= 1);
		build(&world, 1, 20);
		assert_int_equal(world.loaded, 20);
		world_free(&world);
	}
	struct world world = world_make();
	query(&world, "CREATE TABLE pattern_set (of_another_program)");
	build(&world, 1, 2);
	assert_int_equal(world.damaged, 1);
	build(&world, 1, 2);
	assert_int_equal(world.loaded, 2);
	query(&world, "PRAGMA user_version = 99");
	build(&world, 1, 2);
	assert_int_equal(world.compiled, 2);
	world_free(&world);
}

/* Another key: a file from another router. */
static void a_file_of_another_router_is_not_believed(void **state)
{
	(void)state;
	struct world world = world_make();
	struct secret_keys other = keys;
	struct pattern_product product;
	const struct span pattern = SPAN_LITERAL("^1");
	int64_t row;
	other.aor_key[0] ^= 1;
	assert_int_equal(pattern_compile_run(&product, &pattern, 1), STATUS_OK);
	assert_int_equal(pattern_cache_open(&world.source.cache, world.directory, &keys), STATUS_OK);
	assert_int_not_equal(pattern_cache_put(world.source.cache, &product, &pattern, 1), 0);
	pattern_cache_close(world.source.cache);
	pattern_compile_free(&product);
	assert_int_equal(pattern_cache_open(&world.source.cache, world.directory, &other), STATUS_OK);
	assert_false(pattern_cache_get(world.source.cache, &product, &row, &pattern, 1));
	pattern_cache_close(world.source.cache);
	assert_int_equal(pattern_cache_open(&world.source.cache, world.directory, &keys), STATUS_OK);
	assert_true(pattern_cache_get(world.source.cache, &product, &row, &pattern, 1));
	pattern_compile_free(&product);
	pattern_cache_close(world.source.cache);
	world_free(&world);
}

static void without_a_place_for_it_the_build_goes_on(void **state)
{
	(void)state;
	struct world world = world_make();
	/* A directory is where the file should be: root may write everywhere else. */
	assert_int_equal(mkdir(world.path, 0700), 0);
	build(&world, 1, 3);
	assert_int_equal(world.compiled, 3);
	assert_int_equal(rmdir(world.path), 0);
	/* No state directory at all. */
	struct world nowhere = {.directory = "/tmp/amity-patterns-gone"};
	build(&nowhere, 1, 3);
	assert_int_equal(nowhere.compiled, 3);
	/* A file that others hold locked can be read, not written. */
	build(&world, 1, 3);
	sqlite3 *other;
	assert_int_equal(sqlite3_open(world.path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	build(&world, 1, 4);
	assert_int_equal(world.loaded, 3);
	assert_int_equal(world.compiled, 1);
	sqlite3_close(other);
	build(&world, 1, 4);
	assert_int_equal(world.compiled, 1);
	world_free(&world);
}

static void a_full_disk_costs_the_cache_only(void **state)
{
	(void)state;
	struct world world = world_make();
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	run("mount --make-rprivate %s", "/");
	run("mount -t tmpfs -o size=200k none %s", world.directory);
	build(&world, 1, 100);
	assert_int_equal(world.compiled, 100);
	build(&world, 1, 100);
	assert_int_equal(world.compiled + world.loaded, 100);
	run("umount %s", world.directory);
	world_free(&world);
}

static void sets_that_are_not_used_are_removed_in_time(void **state)
{
	(void)state;
	struct world world = world_make();
	build(&world, 1, 5);
	for (int i = 1; i < PATTERN_CACHE_BUILDS_KEPT; i++)
		build(&world, 5, 6);
	assert_int_equal(query(&world, "SELECT count(*) FROM pattern_set"), 6);
	build(&world, 5, 6);
	assert_int_equal(query(&world, "SELECT count(*) FROM pattern_set"), 2);
	assert_int_equal(query(&world, "SELECT count(DISTINCT build) FROM used"), PATTERN_CACHE_BUILDS_KEPT);
	build(&world, 1, 6);
	assert_int_equal(world.compiled, 4);
	world_free(&world);
}

/* One company is applied, and then another in its place: what the first brought is kept as long as all else. */
static void what_a_part_used_is_not_removed_before_its_time(void **state)
{
	(void)state;
	struct world world = world_make();
	build(&world, 1, 2);
	begin_build(&world);
	check_set(&world, 3);
	pattern_pool_finish(world.pool, false);
	pattern_pool_free(world.pool);
	pattern_cache_close(world.source.cache);
	build(&world, 1, 2);
	build(&world, 3, 3);
	assert_int_equal(world.compiled, 0);
	for (int i = 1; i < PATTERN_CACHE_BUILDS_KEPT; i++)
		build(&world, 1, 2);
	assert_int_equal(query(&world, "SELECT count(*) FROM pattern_set"), 3);
	build(&world, 1, 2);
	assert_int_equal(query(&world, "SELECT count(*) FROM pattern_set"), 2);
	world_free(&world);
}

/* ---- the compiling process ---- */

static void set_limits(struct world *world, uint32_t cpu_s, uint32_t memory_mb, uint32_t database, uint32_t scratch)
{
	const struct pattern_limits limits = {cpu_s, memory_mb, database, scratch};
	pattern_compiler_set_limits(world->compiler, &limits);
}

static struct world world_with_compiler(void)
{
	struct world world = world_make();
	assert_int_equal(pattern_compiler_create(&world.compiler, "/proc/self/exe"), STATUS_OK);
	world.source.compiler = world.compiler;
	return world;
}

static void world_with_compiler_free(struct world *world)
{
	pattern_compiler_free(world->compiler);
	world_free(world);
}

static void refused(struct world *world, const char *const *text, uint32_t count, uint32_t index, const char *words)
{
	struct span pattern[8];
	struct pattern_product product;
	struct pattern_error error = {0};
	for (uint32_t i = 0; i < count; i++)
		pattern[i] = span_of_text(text[i]);
	assert_int_equal(pattern_compiler_run(world->compiler, &product, pattern, count, &error), STATUS_INVALID);
	if (!strstr(error.message, words))
		fail_msg("\"%s\" does not say \"%s\"", error.message, words);
	assert_int_equal(error.index, index);
}

/* One that the router needs no database for is not kept, and does not start the process; of another, only what comes
 * behind the plain patterns is, and lists that end alike share it. */
static void plain_patterns_are_not_kept(void **state)
{
	(void)state;
	static const struct {
		struct span pattern[3];
		uint32_t count, compiled, loaded;
	} lists[] = {
		{{SPAN_LITERAL("^2[0-9]{3}$"), SPAN_LITERAL("^3")}, 2, 0, 0},
		{{SPAN_LITERAL("^2[0-9]{3}$"), SPAN_LITERAL("^3"), SPAN_LITERAL("^(4|5)+")}, 3, 1, 0},
		{{SPAN_LITERAL("^6"), SPAN_LITERAL("^(4|5)+")}, 2, 1, 1},
		{{SPAN_LITERAL("^(4|5)+"), SPAN_LITERAL("^6")}, 2, 2, 1},
	};
	struct world world = world_with_compiler();
	begin_build(&world);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct pattern_compiled *compiled;
		struct pattern_error error;
		assert_int_equal(pattern_pool_get(world.pool, &compiled, lists[i].pattern, lists[i].count, &error),
				 STATUS_OK);
		pattern_set_build_release(compiled);
		assert_int_equal(pattern_pool_compiled_count(world.pool), lists[i].compiled);
		assert_int_equal(pattern_pool_loaded_count(world.pool), lists[i].loaded);
	}
	end_build(&world);
	assert_int_equal(query(&world, "SELECT count(*) FROM pattern_set"), 2);
	assert_int_equal(query(&world, "SELECT count(*) FROM used"), 2);
	world_with_compiler_free(&world);
}

struct others {
	struct pattern_pool *pool;
	struct pattern_compiled *set;
	uint32_t calls;
};

static enum status add_others(void *argument)
{
	struct others *others = argument;
	others->calls++;
	return others->set ? pattern_pool_add(others->pool, others->set) : STATUS_NO_MEMORY;
}

static struct pattern_compiled *get(struct pattern_pool *pool, const struct span *pattern, uint32_t count)
{
	struct pattern_compiled *compiled;
	struct pattern_error error;
	assert_int_equal(pattern_pool_get(pool, &compiled, pattern, count, &error), STATUS_OK);
	pattern_set_build_release(compiled);
	return compiled;
}

/* What other companies have is asked for when a database would be made, and once. */
static void sets_of_others_are_asked_for_when_one_would_be_made(void **state)
{
	(void)state;
	const struct span plain = SPAN_LITERAL("^2"), known = SPAN_LITERAL("^(3|4)+"), theirs = SPAN_LITERAL("^(5|6)+"),
			  nobodys = SPAN_LITERAL("^(7|8)+");
	struct others others = {0};
	struct pattern_error error;
	struct pattern_pool *first;
	assert_int_equal(pattern_pool_create(&first), STATUS_OK);
	assert_int_equal(pattern_pool_get(first, &others.set, &theirs, 1, &error), STATUS_OK);
	assert_int_equal(pattern_pool_create(&others.pool), STATUS_OK);
	get(others.pool, &known, 1);
	pattern_pool_set_others(others.pool, add_others, &others);
	get(others.pool, &plain, 1);
	get(others.pool, &known, 1);
	assert_int_equal(others.calls, 0);
	assert_ptr_equal(get(others.pool, &theirs, 1), others.set);
	assert_int_equal(others.calls, 1);
	assert_int_equal(pattern_pool_compiled_count(others.pool), 1);
	get(others.pool, &nobodys, 1);
	assert_int_equal(others.calls, 1);
	assert_int_equal(pattern_pool_compiled_count(others.pool), 2);
	pattern_pool_free(others.pool);
	pattern_set_build_release(others.set);
	pattern_pool_free(first);
	/* When they cannot be had, nothing is made. */
	struct pattern_compiled *none;
	others = (struct others){0};
	assert_int_equal(pattern_pool_create(&others.pool), STATUS_OK);
	pattern_pool_set_others(others.pool, add_others, &others);
	assert_int_equal(pattern_pool_get(others.pool, &none, &theirs, 1, &error), STATUS_NO_MEMORY);
	pattern_pool_free(others.pool);
}

/* Where the compiling process refuses, too. */
static void what_is_refused_behind_plain_patterns_is_named(void **state)
{
	(void)state;
	struct world world = world_with_compiler();
	const struct span pattern[] = {SPAN_LITERAL("^1"), SPAN_LITERAL("^2"), SPAN_LITERAL("^3?$"),
				       SPAN_LITERAL("x?(?:ab|cd|ef){200}1{2}")};
	struct pattern_compiled *compiled;
	struct pattern_error error;
	set_limits(&world, PATTERN_CPU_S_MAX, PATTERN_MEMORY_MB_MAX, 4096, PATTERN_SCRATCH_BYTES_MAX);
	begin_build(&world);
	assert_int_equal(pattern_pool_get(world.pool, &compiled, pattern, 4, &error), STATUS_INVALID);
	assert_int_equal(error.index, 3);
	end_build(&world);
	world_with_compiler_free(&world);
}

static void a_process_of_its_own_compiles(void **state)
{
	(void)state;
	struct world world = world_with_compiler();
	build(&world, 1, 20);
	assert_int_equal(world.compiled, 20);
	build(&world, 1, 21);
	assert_int_equal(world.compiled, 1);
	assert_int_equal(world.loaded, 20);
	world_with_compiler_free(&world);
}

#define SLOW "(1|22|333){2000}"

static void what_takes_too_long_is_refused_by_name(void **state)
{
	(void)state;
	struct world world = world_with_compiler();
	static const char *const texts[] = {"^1", "^2[0-9]{3}$", SLOW, "^3"};
	set_limits(&world, 1, PATTERN_MEMORY_MB_MAX, PATTERN_DATABASE_BYTES_MAX, PATTERN_SCRATCH_BYTES_MAX);
	refused(&world, texts, 4, 2, "takes more than 1 s to compile");
	refused(&world, &texts[2], 1, 0, "takes more than 1 s to compile");
	/* It is ready for the next. */
	build(&world, 1, 3);
	assert_int_equal(world.compiled, 3);
	world_with_compiler_free(&world);
}

static void what_takes_too_much_is_refused_by_name(void **state)
{
	(void)state;
	struct world world = world_with_compiler();
	static const char *const texts[] = {"^1", "(1|22|333){900}", "^2"};
	set_limits(&world, PATTERN_CPU_S_MAX, PATTERN_MEMORY_MB_MAX, 4096, PATTERN_SCRATCH_BYTES_MAX);
	refused(&world, (const char *const[]){"^1", "x?(?:ab|cd|ef){200}1{2}"}, 2, 1, "tables of more than 4096 bytes");
	set_limits(&world, PATTERN_CPU_S_MAX, PATTERN_MEMORY_MB_MAX, PATTERN_DATABASE_BYTES_MAX, 2600);
	refused(&world, (const char *const[]){"^1$", "^2[0-9]{3}$"}, 2, 1, "more than 2600 bytes of memory to match");
#if !defined(__SANITIZE_ADDRESS__) /* which maps all memory before */
	set_limits(&world, PATTERN_CPU_S_MAX, 12, PATTERN_DATABASE_BYTES_MAX, PATTERN_SCRATCH_BYTES_MAX);
	refused(&world, texts, 3, 1, "takes more than 12 MB of memory");
#endif
	(void)texts;
	world_with_compiler_free(&world);
}

/* Each is well alone: the one that costs most is named, and that it is the sum. */
static void a_list_that_is_too_much_together_is_refused(void **state)
{
	(void)state;
	struct world world = world_with_compiler();
	static const char *const texts[] = {"^1[0-9]{3}$", "^2[0-9]*1[0-9]{20}$", "^3[0-9]{3}$"};
	struct pattern_product product;
	struct pattern_error error;
	const struct span alone = span_of_text(texts[1]);
	size_t bytes;
	assert_int_equal(pattern_compiler_run(world.compiler, &product, &alone, 1, &error), STATUS_OK);
	assert_int_equal(hs_database_size(product.database, &bytes), HS_SUCCESS);
	pattern_compile_free(&product);
	set_limits(&world, PATTERN_CPU_S_MAX, PATTERN_MEMORY_MB_MAX, (uint32_t)bytes, PATTERN_SCRATCH_BYTES_MAX);
	refused(&world, texts, 3, 1, "and the patterns of the same list take tables of more than");
	world_with_compiler_free(&world);
}

static void without_its_program_nothing_is_compiled(void **state)
{
	(void)state;
	struct pattern_compiler *compiler;
	struct pattern_product product;
	struct pattern_error error;
	const struct span pattern = SPAN_LITERAL("^1");
	static const char *const programs[] = {"/nonexistent/amityd", "/bin/false"};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pattern_compiler_create(&compiler, programs[i]), STATUS_OK);
		assert_int_equal(pattern_compiler_run(compiler, &product, &pattern, 1, &error), STATUS_ENVIRONMENT);
		pattern_compiler_free(compiler);
	}
}

int main(int argument_count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restart_does_not_compile),
		cmocka_unit_test(what_is_not_as_it_was_stored_is_compiled),
		cmocka_unit_test(a_file_that_is_no_cache_is_made_anew),
		cmocka_unit_test(a_file_of_another_router_is_not_believed),
		cmocka_unit_test(without_a_place_for_it_the_build_goes_on),
		cmocka_unit_test(a_full_disk_costs_the_cache_only),
		cmocka_unit_test(sets_that_are_not_used_are_removed_in_time),
		cmocka_unit_test(what_a_part_used_is_not_removed_before_its_time),
		cmocka_unit_test(plain_patterns_are_not_kept),
		cmocka_unit_test(sets_of_others_are_asked_for_when_one_would_be_made),
		cmocka_unit_test(what_is_refused_behind_plain_patterns_is_named),
		cmocka_unit_test(a_process_of_its_own_compiles),
		cmocka_unit_test(what_takes_too_long_is_refused_by_name),
		cmocka_unit_test(what_takes_too_much_is_refused_by_name),
		cmocka_unit_test(a_list_that_is_too_much_together_is_refused),
		cmocka_unit_test(without_its_program_nothing_is_compiled),
	};
	(void)argument_count;
	if (pattern_compile_serve_is_asked(arguments))
		return pattern_compile_serve();
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
