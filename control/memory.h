/*
 * memory.h - the allocator of the process, confirmed, and the memory that a configuration will take, before it is
 * taken.
 */
#ifndef AMITY_MEMORY_H
#define AMITY_MEMORY_H

#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "dataplane_memory.h"
#include "problem.h"
#include "status.h"

/*
 * Is jemalloc what malloc() calls? A wrong library order or a preload can undo the link.
 * Result: ENVIRONMENT and a problem when it is not. In builds with a sanitizer: always OK.
 */
enum status memory_confirm(struct problem_list *problems) AMITY_CHECKED;

/* "jemalloc 5.3.0", or what stands in for it. */
const char *memory_allocator(void);

/* Bytes that the allocator holds of the system; 0: unknown. */
uint64_t memory_resident_bytes(void);

/* What location and ban tables take of DPDK's memory. */
uint64_t memory_table_bytes(const struct config *config);

/* One line a part, and the sum. `dataplane`: dataplane_memory() of the plan. */
void memory_print_plan(FILE *out, const struct config *config, uint32_t worker_count,
		       const struct dataplane_memory *dataplane);

#endif
