/*
 * differences.h - where our parser and libosip2 are known to differ, and what decides who is right.
 *
 * A row explains a difference when all of it fits: the item, what differs, and what the input looks like. Nothing is
 * explained by what a parser said.
 */
#ifndef AMITY_TESTS_DIFFERENCES_H
#define AMITY_TESTS_DIFFERENCES_H

#include "facts.h"

#define DIFFERENCE_AMITY_REFUSES "refused by amity alone"
#define DIFFERENCE_OSIP_REFUSES	 "refused by libosip2 alone"

/* What else is so of the input. */
enum condition {
	ANY_INPUT,
	IN_GRAMMAR,	 /* grammar.h accepts it */
	OUTSIDE_GRAMMAR, /* grammar.h refuses it */
	OVER_DATAGRAM	 /* its Content-Length is more than there is */
};

struct difference {
	enum item item;
	const char *what; /* one of the two above, or the name of a fact; NULL: any fact */
	const char *name;
	const char *section; /* that decides */
	enum condition condition;
	const char *pattern; /* PCRE2 (extended, bytes) that is found in the input; NULL: any input */
};

extern const struct difference differences[];
extern const uint32_t difference_count;

/* Inputs of rows that come up too seldom by chance. */
struct difference_example {
	enum item item;
	const char *text;
};

extern const struct difference_example difference_examples[];
extern const uint32_t difference_example_count;

void differences_build(void);
void differences_free(void);

/* The index of the first row that explains it; difference_count when none does. */
uint32_t differences_explain(enum item item, const char *what, struct span text);

#endif
