#include "bench_process.h"

#include <jemalloc/jemalloc.h>
#include <rte_common.h>
#include <stdio.h>
#include <unistd.h>

#include "must.h"

uint64_t bench_process_used_bytes(void)
{
	must(mallctl("arena." RTE_STR(MALLCTL_ARENAS_ALL) ".purge", NULL, NULL, NULL, 0) == 0);
	return bench_process_resident_bytes();
}

uint64_t bench_process_resident_bytes(void)
{
	unsigned long long total, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	must(file && fscanf(file, "%llu %llu", &total, &resident) == 2);
	fclose(file);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}
