/*
 * pattern_language.h - the set of numbers that a pattern takes, as an automaton that is made as far as it is asked for.
 *
 *   pattern -> pattern_syntax tree -> pattern_positions -> states: sets of positions, made lazily, at most
 * STATES_MAX
 *
 * Numbers are 1 to NUMBER_BYTES_MAX of the 65 characters that R6 allows. A pattern is unanchored, as R7 has it: a state
 * in which something has matched stays PATTERN_LANGUAGE_ALL, whatever follows.
 *
 * Thread: each language belongs to one thread at a time.
 */
#ifndef AMITY_PATTERN_LANGUAGE_H
#define AMITY_PATTERN_LANGUAGE_H

#include "span.h"
#include "status.h"

/* What numbers are made of (R6), the most readable first. */
#define PATTERN_LANGUAGE_SYMBOLS      "0123456789+*#abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define PATTERN_LANGUAGE_SYMBOL_COUNT 65

/* Enough for real patterns; what explodes ends here (`.*a.{60}` has 2^60 states). */
#define PATTERN_LANGUAGE_STATES_MAX 512

/* What all languages of a run may take together for their states: memory at a time, and states (some 200 ns each)
 * in all; ten thousand companies with 20 patterns each have one to four million. */
#define PATTERN_LANGUAGE_ROOM_BYTES  (64u << 20)
#define PATTERN_LANGUAGE_ROOM_STATES 6000000

struct pattern_language_room {
	uint64_t bytes_left;
	uint64_t states_left;
};

/* States of every language. */
enum {
	PATTERN_LANGUAGE_NOTHING, /* no end of this number is taken */
	PATTERN_LANGUAGE_ALL,	  /* each is */
	PATTERN_LANGUAGE_INITIAL, /* or it is ALL at once: ask pattern_language_begin() */
};
#define PATTERN_LANGUAGE_NO_STATE UINT32_MAX

/* As if the pattern were ^(?:pattern), (?:pattern)$ or both. */
enum pattern_language_held {
	PATTERN_LANGUAGE_FREE = 0,
	PATTERN_LANGUAGE_HELD_START = 1,
	PATTERN_LANGUAGE_HELD_END = 2,
};

struct pattern_language;

/* `room` must live as long. Result: STATUS_UNSUPPORTED: not certainly regular, or too large; STATUS_NO_MEMORY. Cost:
 * microseconds. */
AMITY_CHECKED enum status pattern_language_make(struct pattern_language **language, struct span pattern, unsigned held,
						struct pattern_language_room *room);
void pattern_language_free(struct pattern_language *language); /* NULL is allowed */

uint32_t pattern_language_begin(const struct pattern_language *language);

/* The state behind one more symbol (an index into SYMBOLS). Result: NO_STATE: too many states, no room, or memory
 * ended. */
uint32_t pattern_language_step(struct pattern_language *language, uint32_t state, uint8_t symbol);

/* Is a number that ends in this state taken? */
bool pattern_language_ends(const struct pattern_language *language, uint32_t state);

/* [SYMBOL_COUNT] Symbols of one class lead from any state to the same one. */
const uint8_t *pattern_language_classes(const struct pattern_language *language);

/* The symbols that a taken number may begin with, a bit each; all that is not known is in. */
struct pattern_language_symbols {
	uint64_t word[2];
};
struct pattern_language_symbols pattern_language_first(struct pattern_language *language);

/* Why a step had no state, and whether another one may have none. */
bool pattern_language_is_too_large(const struct pattern_language *language);
bool pattern_language_lacks_memory(const struct pattern_language *language);

enum pattern_language_answer {
	PATTERN_LANGUAGE_NO,
	PATTERN_LANGUAGE_YES,
	PATTERN_LANGUAGE_UNKNOWN,
};

enum pattern_language_answer pattern_language_takes(struct pattern_language *language, struct span number);

/* Result: SYMBOL_COUNT when no number has this byte. */
uint8_t pattern_language_symbol(char byte);

#endif
