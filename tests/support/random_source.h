/*
 * random_source.h - random numbers for generated test inputs: the same seed gives the same input everywhere.
 */
#ifndef AMITY_TESTS_RANDOM_SOURCE_H
#define AMITY_TESTS_RANDOM_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

struct random_source {
	uint64_t state;
};

static inline struct random_source random_source_of(uint64_t seed)
{
	return (struct random_source){seed * 0x9e3779b97f4a7c15ull + 0x632be59bd9b4e019ull};
}

static inline uint64_t random_source_next(struct random_source *random)
{
	uint64_t mixed = random->state += 0x9e3779b97f4a7c15ull;
	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ull;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebull;
	return mixed ^ mixed >> 31;
}

/* From 0 to count - 1. */
static inline uint32_t random_source_below(struct random_source *random, uint32_t count)
{
	return (uint32_t)((random_source_next(random) >> 32) * count >> 32);
}

/* True once in `times`. */
static inline bool random_source_once_in(struct random_source *random, uint32_t times)
{
	return random_source_below(random, times) == 0;
}

#endif
