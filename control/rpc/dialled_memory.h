/*
 * dialled_memory.h - the calls that were dialled last, each kind once, newest first: who dialled what. For
 * explain --diff.
 *
 *   records of ended calls -> take -> places of one of many sets -> copy, which sorts
 *
 * What holds of "last": a keyed hash gives each call a set of eight places, and a new call takes that of the set's
 * oldest. So a call is forgotten when eight of its set are newer, and not when so many are that were promised. The
 * eight newest of all are always there. With DIALLED_MEMORY_CALLS_MAX, of which a set gets 2.4 on average, the 1,000th
 * newest is missing once in 4,000,000,000 times, the 5,000th once in 24,000, the 10,000th once in 270: of the newest
 * 10,000 about five, and older ones follow in their place.
 *
 * Different calls with the same set and 32 more bits of the hash in common are taken for one, and the newer is not
 * listed: one new call in 500,000,000. Nobody who does not see the key can choose such calls.
 *
 * All of its memory is taken at the start. Thread: control.
 */
#ifndef AMITY_DIALLED_MEMORY_H
#define AMITY_DIALLED_MEMORY_H

#include "call.h"
#include "status.h"

#define DIALLED_MEMORY_CALLS_MAX 10000

enum dialled_text {
	DIALLED_COMPANY,  /* of the caller; of a carrier none */
	DIALLED_CALLER,	  /* name of the endpoint or carrier */
	DIALLED_NUMBER,	  /* as dialled */
	DIALLED_IDENTITY, /* the number that a friend or carrier gave as its caller's; empty: none */
	DIALLED_TEXT_COUNT,
};

struct dialled_call {
	uint8_t caller_kind; /* enum call_party */
	bool anonymous;	     /* R23 */
	uint8_t length[DIALLED_TEXT_COUNT];
	char text[CALL_TEXT_BYTES]; /* one after the other */
};

struct span dialled_memory_text(const struct dialled_call *call, enum dialled_text which);

struct dialled_memory;

/* `calls_max` is 1 to DIALLED_MEMORY_CALLS_MAX. */
AMITY_CHECKED enum status dialled_memory_create(struct dialled_memory **memory, uint32_t calls_max);

/* NULL is allowed. */
void dialled_memory_free(struct dialled_memory *memory);

/* For `amityd --check`. */
uint64_t dialled_memory_bytes(uint32_t calls_max);

/*
 * The last of `records` is the newest. Calls that never reached routing, and those whose texts were cut, are passed
 * over. Cost: a line of the cache for a call that is known, two or three for a new one; once in 262,144 times
 * calls_max calls all places are sorted.
 */
void dialled_memory_take(struct dialled_memory *memory, const struct call_record *records, uint32_t count);

/*
 * Copies the newest, newest first, at most `most` and at most calls_max; of their text the bytes that are used.
 * Result: how many. Cost: sorts all places, some milliseconds.
 */
uint32_t dialled_memory_copy(struct dialled_call *calls, const struct dialled_memory *memory, uint32_t most);

/* How many a copy can give. */
uint32_t dialled_memory_count(const struct dialled_memory *memory);

#endif
