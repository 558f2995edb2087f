/*
 * pattern_syntax.h - the regular part of PCRE2 10.42 as a tree: literals, classes, groups, alternatives, quantifiers,
 * anchors, word edges and (?i). Lints reason with it about what patterns take (pattern_language.h).
 *
 * It is read as if numbers were the only subjects: a number has no line end, so `$` is the end, `^` the start, and the
 * flags m and s change nothing. Whatever is not certainly regular (look-around, back-references, possessive
 * quantifiers, verbs, \x.., \Q) is not read at all.
 */
#ifndef AMITY_PATTERN_SYNTAX_H
#define AMITY_PATTERN_SYNTAX_H

#include "span.h"

/* What a node of the tree is. */
enum pattern_syntax_kind {
	PATTERN_SYNTAX_EMPTY,
	PATTERN_SYNTAX_SET,	     /* one byte of `set` */
	PATTERN_SYNTAX_START,	     /* ^ \A */
	PATTERN_SYNTAX_END,	     /* $ \z \Z */
	PATTERN_SYNTAX_WORD_EDGE,    /* \b */
	PATTERN_SYNTAX_NO_WORD_EDGE, /* \B */
	PATTERN_SYNTAX_SEQUENCE,     /* left, then right */
	PATTERN_SYNTAX_CHOICE,	     /* left or right */
	PATTERN_SYNTAX_REPEAT,	     /* left, `least` to `most` times */
};

struct byte_set {
	uint64_t word[4];
};

static inline bool byte_set_has(const struct byte_set *set, uint8_t byte)
{
	return set->word[byte >> 6] >> (byte & 63) & 1;
}

/* Beyond the longest number more repeats change nothing (NUMBER_BYTES_MAX is 62). */
#define PATTERN_SYNTAX_REPEATS_MAX 63
#define PATTERN_SYNTAX_UNLIMITED   255

/* Four nodes a byte of the longest pattern. */
#define PATTERN_SYNTAX_NODES_MAX 1024
#define PATTERN_SYNTAX_DEPTH_MAX 100

struct pattern_syntax_node {
	uint8_t kind;
	uint8_t least, most; /* of REPEAT; most may be UNLIMITED */
	uint16_t left, right;
	struct byte_set set;
};

struct pattern_syntax {
	uint16_t root;
	uint16_t count;
	struct pattern_syntax_node node[PATTERN_SYNTAX_NODES_MAX];
};

/* [A-Za-z0-9_], what \w and \b mean. */
extern const struct byte_set pattern_syntax_word;

/* Thread: any. Result: false when the pattern, which PCRE2 accepts, is not certainly regular. */
bool pattern_syntax_parse(struct pattern_syntax *syntax, struct span pattern);

#endif
