/*
 * dialled_memory.h - the calls that were dialled last, each kind once, newest first: who dialled what. For
 * explain --diff.
 *
 *   records of ended calls -> take -> newest ... oldest, which makes room when all DIALLED_MEMORY_CALLS_MAX are there
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

/* Unused bytes are 0: equal calls are equal bytes. */
struct dialled_call {
	uint8_t caller_kind; /* enum call_party */
	bool anonymous;	     /* R23 */
	uint8_t length[DIALLED_TEXT_COUNT];
	char text[CALL_TEXT_BYTES]; /* one after the other */
};

struct span dialled_memory_text(const struct dialled_call *call, enum dialled_text which);

struct dialled_memory;

AMITY_CHECKED enum status dialled_memory_create(struct dialled_memory **memory, uint32_t calls_max);

/* NULL is allowed. */
void dialled_memory_free(struct dialled_memory *memory);

/* For `amityd --check`. */
uint64_t dialled_memory_bytes(uint32_t calls_max);

/* Calls that never reached routing, and those whose texts were cut, are passed over. */
void dialled_memory_take(struct dialled_memory *memory, const struct call_record *record);

/* Copies the newest, at most `most`. Result: how many. */
uint32_t dialled_memory_copy(struct dialled_call *calls, const struct dialled_memory *memory, uint32_t most);

uint32_t dialled_memory_count(const struct dialled_memory *memory);

#endif
