/*
 * failing_allocator.h - the C library's allocator, in front of which one allocation fails: the Nth of a thread, or the
 * Nth and all behind it. Catches what shared libraries allocate as well, C++'s new included. Counts what is live.
 *
 * Linked into a test, it is the allocator of the whole process: not together with a sanitizer's.
 */
#ifndef AMITY_FAILING_ALLOCATOR_H
#define AMITY_FAILING_ALLOCATOR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct failing_allocator_live {
	int64_t blocks;
	int64_t bytes;
};

/* SQLite's caches come and go by its own rules: they are counted apart. Once, before SQLite is used. */
void failing_allocator_set_sqlite_apart(void);

/* hs_compile_multi() is wrapped: it is one allocation of the count, which fails as its first does (the header says
 * why). */

/*
 * Allocations of this library ("libfyaml.so") never fail: it does not survive that. The test that uses this says what
 * protects the router instead. Once, before the first failure.
 */
void failing_allocator_spare(const char *library);

/* How many would have failed since failing_allocator_arm(), and were spared. */
uint64_t failing_allocator_spared(void);

/* From here on allocations of this thread are counted from 0, and number `nth` fails (`onwards`: and all behind). */
void failing_allocator_arm(uint64_t nth, bool onwards);

/* Result: did one fail? */
bool failing_allocator_disarm(void);

/* What is live now, without SQLite's. */
struct failing_allocator_live failing_allocator_live(void);
struct failing_allocator_live failing_allocator_live_of_sqlite(void);

/* Who asked for the first allocation that failed, one line a caller: "library function+offset". */
void failing_allocator_print_site(FILE *out);

/* Is `function`, a name that a shared library or this program exports, among those callers? */
bool failing_allocator_site_has(const char *function);

/* Remembers from here on who allocates, which is slow; NULL-safe to call again. */
void failing_allocator_trace(bool on);

/* What was allocated since failing_allocator_trace(true) and is live still. */
void failing_allocator_print_live(FILE *out);

#endif
