/*
 * pattern_positions.h - a pattern as the positions of a nondeterministic automaton (Thompson): what stands where, and
 * what comes next. Inner part of pattern_language.c.
 *
 *   /1(2|a)*$/    SET{1} -> SPLIT -> SET{2} or SET{a} -> back      position 0: ACCEPT
 *                           SPLIT -> END -> ACCEPT
 */
#ifndef AMITY_PATTERN_POSITIONS_H
#define AMITY_PATTERN_POSITIONS_H

#include "pattern_syntax.h"

/* Enough for counted repeats of real patterns. */
#define PATTERN_POSITIONS_MAX	   1024
#define PATTERN_POSITIONS_SETS_MAX 256

enum pattern_position_kind {
	PATTERN_POSITION_SET,	 /* takes one byte of its set */
	PATTERN_POSITION_SPLIT,	 /* next or other */
	PATTERN_POSITION_ACCEPT, /* always position 0 */
	/* What is there only under a condition. */
	PATTERN_POSITION_START,
	PATTERN_POSITION_END,
	PATTERN_POSITION_WORD_EDGE,
	PATTERN_POSITION_NO_WORD_EDGE,
};

struct pattern_position {
	uint8_t kind;
	uint16_t set; /* of SET: index */
	uint16_t next, other;
};

/* The workspace of one build, with its result. */
struct pattern_positions {
	struct pattern_syntax syntax;
	uint32_t builds;
	bool failed;

	uint16_t root;
	bool has_edges; /* of words */
	uint32_t count, set_count;
	struct pattern_position position[PATTERN_POSITIONS_MAX];
	struct byte_set set[PATTERN_POSITIONS_SETS_MAX];
};

/* `held_start`, `held_end`: as if ^ or $ stood around the pattern. Thread: any. Result: false: not certainly regular,
 * or too large. */
bool pattern_positions_build(struct pattern_positions *positions, struct span pattern, bool held_start, bool held_end);

#endif
