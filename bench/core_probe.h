/*
 * core_probe.h - whether this CPU is ours alone at the moment. On a shared machine the other thread of the core,
 * another guest or a throttled clock takes up to half of it, by the millisecond, and nothing tells the guest. So a
 * piece of work that always needs the same cycles, and all that the core can begin in each, is timed.
 */
#ifndef AMITY_CORE_PROBE_H
#define AMITY_CORE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

struct core_probe {
	uint64_t least_ticks; /* that the piece of work ever took */
};

/* Looks for the least for some ms. */
void core_probe_begin(struct core_probe *probe);

/*
 * Takes less than 1 us of a core of our own.
 *
 * Result: false when the piece of work took an eighth more than the least.
 */
bool core_probe_is_ours(struct core_probe *probe);

#endif
