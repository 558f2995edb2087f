/*
 * pattern_compiler.h - compiles pattern sets in a process of its own, which can be ended when a set takes too long or
 * too much memory; the set is then refused, and the pattern that is to blame named.
 *
 *   build (worker thread) -> pattern_compiler -> socket -> amity-compile: the same program, under limits
 *
 * posix_spawn(), not fork(): a fork of the router would make its lcores copy every page that they write next. The
 * process is started when the first set has to be compiled and lives until pattern_compiler_rest().
 *
 * Thread: one at a time; the one that starts the process must live as long as it.
 */
#ifndef AMITY_PATTERN_COMPILER_H
#define AMITY_PATTERN_COMPILER_H

#include "pattern_compile.h"
#include "pattern_set_build.h"

/*
 * What a set may cost. Ten thousand patterns in one set take 7 s, 100 MB, 11 MB of database and half a megabyte of
 * scratch (which every lcore needs); a company has ten.
 */
#define PATTERN_CPU_S_MAX	   20
#define PATTERN_MEMORY_MB_MAX	   512
#define PATTERN_DATABASE_BYTES_MAX (64u << 20)
#define PATTERN_SCRATCH_BYTES_MAX  (4u << 20)

/* What was accepted once is compiled at a restart, on whatever machine that is. */
#define PATTERN_CPU_S_MAX_AT_START (6 * PATTERN_CPU_S_MAX)

struct pattern_limits {
	uint32_t cpu_s;
	uint32_t memory_mb;
	uint32_t database_bytes;
	uint32_t scratch_bytes;
};

struct pattern_compiler;

/* `program`: amityd itself, "/proc/self/exe"; its main() asks pattern_compile_serve_is_asked(). Result:
 * STATUS_NO_MEMORY. */
AMITY_CHECKED enum status pattern_compiler_create(struct pattern_compiler **compiler, const char *program);
void pattern_compiler_free(struct pattern_compiler *compiler); /* NULL is allowed */

void pattern_compiler_set_limits(struct pattern_compiler *compiler, const struct pattern_limits *limits);

/*
 * As pattern_compile_run(). Result also: STATUS_INVALID with *error: over a limit, because of the pattern named;
 * STATUS_ENVIRONMENT: the process cannot be started.
 */
AMITY_CHECKED enum status pattern_compiler_run(struct pattern_compiler *compiler, struct pattern_product *product,
					       const struct span *pattern, uint32_t count, struct pattern_error *error);

/* Ends the process; the next run starts another. */
void pattern_compiler_rest(struct pattern_compiler *compiler);

#endif
