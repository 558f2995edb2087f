#include "failing_allocator.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <execinfo.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <hs.h>
#include <sqlite3.h>

#define FRAMES_MAX 32
#define TRACED_MAX 8192

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

struct count {
	atomic_llong blocks, bytes;
};

static struct count all_counts[2]; /* [1]: SQLite's */

/* Of the thread that armed. */
static __thread struct {
	bool is_armed, onwards, has_failed, is_sqlite, is_busy, is_compiling, first_fails;
	uint64_t number, nth, spared;
} mine;

/* Where a library's code is. */
static struct range {
	const char *library;
	uintptr_t start, end;
} spared, libc_range = {.library = "libc.so"};

static void *site[FRAMES_MAX];
static int site_depth;

static struct traced {
	void *block;
	void *frame[FRAMES_MAX];
	int depth;
} traced[TRACED_MAX];
static bool is_tracing;

static void trace(void *block)
{
	if (!is_tracing || !block || mine.is_busy)
		return;
	mine.is_busy = true;
	for (size_t i = 0; i < TRACED_MAX; i++)
		if (!traced[i].block) {
			traced[i].block = block;
			traced[i].depth = backtrace(traced[i].frame, FRAMES_MAX);
			break;
		}
	mine.is_busy = false;
}

static void untrace(const void *block)
{
	for (size_t i = 0; is_tracing && i < TRACED_MAX; i++)
		if (traced[i].block == block)
			traced[i].block = NULL;
}

static bool is_in(const struct range *range, const void *address)
{
	return (uintptr_t)address >= range->start && (uintptr_t)address < range->end;
}

/* Through strdup() and the like as well, which the C library calls us from. */
static bool is_spared(const void *caller)
{
	void *frame[10];

	if (!spared.library || !is_in(&libc_range, caller))
		return spared.library && is_in(&spared, caller);
	mine.is_busy = true;
	int depth = backtrace(frame, 10), i = 0;
	mine.is_busy = false;
	while (i < depth && !is_in(&libc_range, frame[i]))
		i++;
	while (i < depth && is_in(&libc_range, frame[i]))
		i++;
	return i < depth && is_in(&spared, frame[i]);
}

/* Result: true when this allocation, which `caller` asks for, is one that fails. */
static bool fails(const void *caller)
{
	if (!mine.is_armed || mine.is_busy)
		return false;
	if (mine.is_compiling) {
		bool first_fails = mine.first_fails;
		mine.first_fails = false;
		mine.spared += mine.has_failed && !first_fails;
		return first_fails;
	}
	if (mine.number++ < mine.nth)
		return false;
	if (!mine.onwards && mine.has_failed)
		return false;
	if (is_spared(caller)) {
		mine.spared++;
		return false;
	}
	if (!mine.has_failed) {
		mine.is_busy = true;
		site_depth = backtrace(site, FRAMES_MAX);
		mine.is_busy = false;
	}
	mine.has_failed = true;
	errno = ENOMEM;
	return true;
}

/* What malloc_usable_size() says, which jemalloc replaces in programs that link it: the C library keeps it, with three
 * flags, in front of the block. */
static size_t size_of(const void *block)
{
	return ((const size_t *)block)[-1] & ~(size_t)7;
}

static void add(void *block, int sign)
{
	struct count *count = &all_counts[mine.is_sqlite];
	if (!block)
		return;
	atomic_fetch_add(&count->blocks, sign);
	atomic_fetch_add(&count->bytes, sign * (long long)size_of(block));
}

static void *added(void *block)
{
	add(block, 1);
	trace(block);
	return block;
}

void *malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : added(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : added(__libc_calloc(count, size));
}

static void *resize(void *old, size_t size, const void *caller)
{
	if (fails(caller))
		return NULL;
	add(old, -1);
	void *block = __libc_realloc(old, size);
	if (!block && size) {
		add(old, 1);
		return NULL;
	}
	untrace(old);
	return added(block);
}

void *realloc(void *old, size_t size)
{
	return resize(old, size, __builtin_return_address(0));
}

void *reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return resize(old, bytes, __builtin_return_address(0));
}

static void *take_aligned(size_t alignment, size_t size, const void *caller)
{
	return fails(caller) ? NULL : added(__libc_memalign(alignment, size));
}

void *memalign(size_t alignment, size_t size)
{
	return take_aligned(alignment, size, __builtin_return_address(0));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return take_aligned(alignment, size, __builtin_return_address(0));
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
	void *made = take_aligned(alignment, size, __builtin_return_address(0));
	if (!made)
		return ENOMEM;
	*block = made;
	return 0;
}

void free(void *block)
{
	if (!block)
		return;
	add(block, -1);
	untrace(block);
	__libc_free(block);
}

/* ---- SQLite ---- */

static void *sqlite_malloc(int size)
{
	mine.is_sqlite = true;
	void *block = malloc((size_t)size);
	mine.is_sqlite = false;
	return block;
}

static void sqlite_free(void *block)
{
	mine.is_sqlite = true;
	free(block);
	mine.is_sqlite = false;
}

static void *sqlite_realloc(void *old, int size)
{
	mine.is_sqlite = true;
	void *block = realloc(old, (size_t)size);
	mine.is_sqlite = false;
	return block;
}

static int sqlite_size(void *block)
{
	return (int)(size_of(block) - sizeof(size_t));
}

static int sqlite_round_up(int size)
{
	return (size + 7) & ~7;
}

static int sqlite_begin(void *unused)
{
	(void)unused;
	return SQLITE_OK;
}

static void sqlite_end(void *unused)
{
	(void)unused;
}

void failing_allocator_set_sqlite_apart(void)
{
	static const struct sqlite3_mem_methods methods = {sqlite_malloc,   sqlite_free,  sqlite_realloc, sqlite_size,
							   sqlite_round_up, sqlite_begin, sqlite_end,	  NULL};
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
		abort();
}

/* ---- Hyperscan ---- */

hs_error_t __real_hs_compile_multi(const char *const *expressions, const unsigned *flags, const unsigned *ids,
				   unsigned elements, unsigned mode, const hs_platform_info_t *platform,
				   hs_database_t **database, hs_compile_error_t **error);
hs_error_t __wrap_hs_compile_multi(const char *const *expressions, const unsigned *flags, const unsigned *ids,
				   unsigned elements, unsigned mode, const hs_platform_info_t *platform,
				   hs_database_t **database, hs_compile_error_t **error);

/* Further inside, it follows pointers that it did not get (5.4.0): only its first allocation fails. */
hs_error_t __wrap_hs_compile_multi(const char *const *expressions, const unsigned *flags, const unsigned *ids,
				   unsigned elements, unsigned mode, const hs_platform_info_t *platform,
				   hs_database_t **database, hs_compile_error_t **error)
{
	mine.first_fails = fails(__builtin_return_address(0));
	mine.is_compiling = true;
	hs_error_t result = __real_hs_compile_multi(expressions, flags, ids, elements, mode, platform, database, error);
	mine.is_compiling = false;
	return result;
}

/* ---- what tests ask ---- */

static int find_range(struct dl_phdr_info *object, size_t size, void *argument)
{
	struct range *range = argument;

	(void)size;
	if (!strstr(object->dlpi_name, range->library))
		return 0;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		uintptr_t start = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
		if (object->dlpi_phdr[i].p_type != PT_LOAD || !(object->dlpi_phdr[i].p_flags & PF_X))
			continue;
		range->start = start;
		range->end = start + object->dlpi_phdr[i].p_memsz;
	}
	return 1;
}

void failing_allocator_spare(const char *library)
{
	spared.library = library;
	if (!dl_iterate_phdr(find_range, &spared) || !dl_iterate_phdr(find_range, &libc_range))
		abort();
}

uint64_t failing_allocator_spared(void)
{
	return mine.spared;
}

void failing_allocator_arm(uint64_t nth, bool onwards)
{
	void *warm[2];
	backtrace(warm, 2); /* its first call loads a library */
	site_depth = 0;
	mine.number = 0;
	mine.spared = 0;
	mine.nth = nth;
	mine.onwards = onwards;
	mine.has_failed = false;
	mine.is_armed = true;
}

bool failing_allocator_disarm(void)
{
	mine.is_armed = false;
	return mine.has_failed;
}

static struct failing_allocator_live live_of(const struct count *count)
{
	return (struct failing_allocator_live){atomic_load(&count->blocks), atomic_load(&count->bytes)};
}

struct failing_allocator_live failing_allocator_live(void)
{
	return live_of(&all_counts[0]);
}

struct failing_allocator_live failing_allocator_live_of_sqlite(void)
{
	return live_of(&all_counts[1]);
}

static void print_frames(FILE *out, void *const *frame, int depth)
{
	/* The first two are the allocator's own. */
	for (int i = 2; i < depth; i++) {
		Dl_info found;
		if (!dladdr(frame[i], &found))
			continue;
		const char *slash = strrchr(found.dli_fname, '/');
		fprintf(out, "      %s %s+%#lx [%#lx]\n", slash ? slash + 1 : found.dli_fname,
			found.dli_sname ? found.dli_sname : "?",
			(unsigned long)((char *)frame[i] -
					(char *)(found.dli_saddr ? found.dli_saddr : found.dli_fbase)),
			(unsigned long)((char *)frame[i] - (char *)found.dli_fbase));
	}
}

void failing_allocator_print_site(FILE *out)
{
	print_frames(out, site, site_depth);
}

bool failing_allocator_site_has(const char *function)
{
	for (int i = 2; i < site_depth; i++) {
		Dl_info found;
		if (dladdr(site[i], &found) && found.dli_sname && strcmp(found.dli_sname, function) == 0)
			return true;
	}
	return false;
}

void failing_allocator_trace(bool on)
{
	memset(traced, 0, sizeof(traced));
	is_tracing = on;
}

void failing_allocator_print_live(FILE *out)
{
	is_tracing = false;
	for (size_t i = 0; i < TRACED_MAX; i++)
		if (traced[i].block) {
			fprintf(out, "    %zu bytes live, of\n", size_of(traced[i].block));
			print_frames(out, traced[i].frame, traced[i].depth);
		}
}
