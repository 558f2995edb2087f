#include "memory.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#if AMITY_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

#include "dialled_memory.h"
#include "location_table.h"

#define MEBIBYTE 1048576.0

#define BINDING_BYTES 320 /* measured 277 with contacts of 60 bytes behind NAT, SQLite's page cache included */
#define BANS_MAX      16384
#define BAN_BYTES     160
/* Measured: model and tables of users and friends; their patterns' share of a compiled set. */
#define ENDPOINT_BYTES 1600
#define PATTERN_BYTES  1100
/* Measured at start: code and libraries, jemalloc's and SQLite's own. */
#define PROGRAM_BYTES (80ull << 20)

#if AMITY_JEMALLOC
enum status memory_confirm(struct problem_list *problems)
{
	uint64_t before = 0, after = 0;
	size_t size = sizeof(before);

	/* malloc() must move jemalloc's own counter of this thread, else another allocator answers it. */
	if (mallctl("thread.allocated", &before, &size, NULL, 0) == 0) {
		void *volatile probe = malloc(4096);
		mallctl("thread.allocated", &after, &size, NULL, 0);
		free(probe);
	}
	if (after > before)
		return STATUS_OK;
	problem_add(problems,
		    "malloc() is not jemalloc's, which amity is built for: unset LD_PRELOAD, or install libjemalloc2");
	return STATUS_ENVIRONMENT;
}

const char *memory_allocator(void)
{
	static char text[64];
	const char *version = "";
	size_t size = sizeof(version);

	mallctl("version", &version, &size, NULL, 0);
	snprintf(text, sizeof(text), "jemalloc %.*s", (int)strcspn(version, "-"), version);
	return text;
}

uint64_t memory_resident_bytes(void)
{
	uint64_t epoch = 1;
	size_t resident = 0, size = sizeof(resident);

	/* Statistics are those of the last epoch: begin a new one. */
	mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
	return mallctl("stats.resident", &resident, &size, NULL, 0) == 0 ? resident : 0;
}
#else
enum status memory_confirm(struct problem_list *problems)
{
	(void)problems;
	return STATUS_OK;
}

const char *memory_allocator(void)
{
	return "the sanitizer's";
}

uint64_t memory_resident_bytes(void)
{
	return 0;
}
#endif

uint64_t memory_table_bytes(const struct config *config)
{
	return location_table_bytes(config->limits.max_bindings) + BANS_MAX * BAN_BYTES;
}

static void print_part(FILE *out, const char *what, uint64_t bytes, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void print_part(FILE *out, const char *what, uint64_t bytes, const char *format, ...)
{
	va_list arguments;

	fprintf(out, "  %-28s %9.1f MiB  ", what, (double)bytes / MEBIBYTE);
	va_start(arguments, format);
	vfprintf(out, format, arguments);
	va_end(arguments);
	fputc('\n', out);
}

void memory_print_plan(FILE *out, const struct config *config, uint32_t worker_count,
		       const struct dataplane_memory *dataplane)
{
	uint64_t bindings = (uint64_t)config->limits.max_bindings * BINDING_BYTES;
	uint64_t dialled = dialled_memory_bytes(DIALLED_MEMORY_CALLS_MAX);

	fprintf(out, "memory plan\n");
	print_part(out, "packets, rings, workers", dataplane->packets, "%u worker(s), messages up to %u bytes",
		   worker_count, config->limits.max_message_bytes);
	print_part(out, "transactions", dataplane->transactions,
		   "limits.max_transactions %u, the messages that they keep included", config->limits.max_transactions);
	print_part(out, "calls", dataplane->calls, "limits.max_calls %u, limits and last decisions included",
		   config->limits.max_calls);
	print_part(out, "location table", location_table_bytes(config->limits.max_bindings), "limits.max_bindings %u",
		   config->limits.max_bindings);
	print_part(out, "ban table", BANS_MAX * BAN_BYTES, "%d bans", BANS_MAX);
	print_part(out, "in all of DPDK", dataplane->all, "hugepages, or memory of the process without them");
	print_part(out, "program", PROGRAM_BYTES, "code, libraries, databases' caches");
	print_part(out, "dialled numbers", dialled, "the last %d, for explain --diff", DIALLED_MEMORY_CALLS_MAX);
	print_part(out, "registrations", bindings, "as they come: when %u are there", config->limits.max_bindings);
	print_part(out, "in all", dataplane->all + PROGRAM_BYTES + dialled + bindings, "and provisioning on top:");
	fprintf(out,
		"  a user or friend takes about %.1f KiB, a pattern %.1f KiB; what an apply changes takes as much "
		"again "
		"while it is built;\n"
		"  companies' tables and registrations lie in huge pages where the kernel gives them "
		"(transparent_hugepage: madvise or "
		"always), 2 MiB at a time\n",
		ENDPOINT_BYTES / 1024.0, PATTERN_BYTES / 1024.0);
}
