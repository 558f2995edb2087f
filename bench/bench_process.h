/*
 * bench_process.h - this process's memory, for benches of what takes much.
 */
#ifndef AMITY_BENCH_PROCESS_H
#define AMITY_BENCH_PROCESS_H

#include <stdint.h>

uint64_t bench_process_resident_bytes(void);

/* Without what the allocator keeps of memory that was freed: it gives that back, which takes its time. */
uint64_t bench_process_used_bytes(void);

#endif
