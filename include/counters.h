/*
 * counters.h - counters of one lcore. Written by that lcore alone, with plain stores; others read them relaxed
 * (counters_load).
 */
#ifndef AMITY_COUNTERS_H
#define AMITY_COUNTERS_H

#include "reason.h"
#include "verdict.h"

enum counter {
#define COUNTER(name, text) COUNTER_##name,
#include "counters.def"
#undef COUNTER
	COUNTER_COUNT
};

struct counters {
	_Alignas(64) uint64_t value[COUNTER_COUNT];
	uint64_t verdict[VERDICT_COUNT];
	uint64_t reason[REASON_COUNT];
};

/* Thread: any. Pairs with the owner's plain stores: 64-bit, aligned, never torn on x86-64. */
static inline uint64_t counters_load(const uint64_t *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

#endif
