/*
 * failing_walk.h - one operation over and over, with the first allocation failing, then the second, and so on until it
 * succeeds without having met the one that would.
 *
 * After each walk: the operation said that memory ended (or did its work all the same), the state is what it was or
 * what it should be, and nothing leaked.
 */
#ifndef AMITY_FAILING_WALK_H
#define AMITY_FAILING_WALK_H

#include <stdbool.h>
#include <stdint.h>

enum failing_walk_outcome {
	FAILING_WALK_DONE,    /* did its work */
	FAILING_WALK_REFUSED, /* said clearly that memory ended; nothing has changed */
};

struct failing_walk_operation {
	const char *name;
	/* Does it once, with an allocation that fails. Keeps what it made for `undo`. */
	enum failing_walk_outcome (*run)(void *argument);
	/* Without failures: asserts what the outcome promises, then takes back what was made. */
	void (*undo)(void *argument, enum failing_walk_outcome outcome);
	void *argument;
};

/* A library that leaks or says nothing when memory ends: the function of it in which that happens, and what does. */
struct failing_walk_known {
	const char *function; /* exported, among the callers of the allocation that failed */
	const char *what;
	int64_t blocks_max; /* leaked in one walk */
};

/* Every number for so long; behind it one in FAILING_WALK_STRIDE. */
#define FAILING_WALK_ALL    2000
#define FAILING_WALK_STRIDE 17

/* Asserts all of it, in both modes (one fails; one and all behind it). `known` ends with a NULL function. */
void failing_walk(const struct failing_walk_operation *operation, const struct failing_walk_known *known);

#endif
