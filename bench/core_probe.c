#include "core_probe.h"

#include <rte_cycles.h>

#define ADDITIONS    2048
#define FIRST_PROBES 20000

/* Four chains of additions: as many as every core of today can begin in a cycle. */
static uint64_t run(void)
{
	uint64_t a = 0, b = 0, c = 0, d = 0, start = rte_rdtsc_precise();

	for (uint32_t i = 0; i < ADDITIONS / 16; i++)
		__asm__ volatile("add $1, %0\n\tadd $1, %1\n\tadd $1, %2\n\tadd $1, %3\n\t"
				 "add $1, %0\n\tadd $1, %1\n\tadd $1, %2\n\tadd $1, %3\n\t"
				 "add $1, %0\n\tadd $1, %1\n\tadd $1, %2\n\tadd $1, %3\n\t"
				 "add $1, %0\n\tadd $1, %1\n\tadd $1, %2\n\tadd $1, %3"
				 : "+r"(a), "+r"(b), "+r"(c), "+r"(d)
				 :
				 : "cc");
	return rte_rdtsc_precise() - start;
}

void core_probe_begin(struct core_probe *probe)
{
	probe->least_ticks = UINT64_MAX;
	for (uint32_t i = 0; i < FIRST_PROBES; i++)
		core_probe_is_ours(probe);
}

bool core_probe_is_ours(struct core_probe *probe)
{
	uint64_t ticks = run();

	if (ticks < probe->least_ticks)
		probe->least_ticks = ticks;
	return ticks <= probe->least_ticks + probe->least_ticks / 8;
}
