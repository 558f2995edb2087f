#include "memory.h"

#include <stdlib.h>
#include <string.h>
#if AMITY_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

#define MEBIBYTE 1048576.0

/* Measured with rte_hash of 22.11: key, slot and position of an endpoint; bindings themselves are on the heap. */
#define LOCATION_BYTES_PER_ENDPOINT 160
#define BINDING_BYTES		    640 /* contact, path and SQLite's page cache share */
#define BAN_TABLE_BYTES		    (16384ull * 160)

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
	return (uint64_t)config->limits.max_bindings * LOCATION_BYTES_PER_ENDPOINT + BAN_TABLE_BYTES;
}

static void print_part(FILE *out, const char *what, double bytes, const char *why)
{
	fprintf(out, "  %-28s %9.1f MiB  %s\n", what, bytes / MEBIBYTE, why);
}

void memory_print_plan(FILE *out, const struct config *config, uint32_t worker_count, uint64_t dataplane_bytes)
{
	double tables = (double)memory_table_bytes(config), dataplane = (double)dataplane_bytes;
	double bindings = (double)config->limits.max_bindings * BINDING_BYTES;
	char why[96];

	fprintf(out, "memory plan\n");
	snprintf(why, sizeof(why), "%u workers, messages up to %u bytes", worker_count,
		 config->limits.max_message_bytes);
	print_part(out, "packets, rings, workers", dataplane - tables, why);
	snprintf(why, sizeof(why), "limits.max_bindings %u; bans", config->limits.max_bindings);
	print_part(out, "location and ban tables", tables, why);
	print_part(out, "in all of DPDK", dataplane, "hugepages, or memory of the process without them");
	print_part(out, "bindings at most", bindings, "heap, as they come");
	fprintf(out, "  provisioning comes on top: about 10 KiB for a company of ten friends\n");
}
