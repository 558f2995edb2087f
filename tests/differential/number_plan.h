/*
 * number_plan.h - random number plans for differential tests: patterns as operators write them and as PCRE allows them,
 * each with numbers that are likely to match it, and numbers near those. The same seed gives the same plan.
 */
#ifndef AMITY_NUMBER_PLAN_H
#define AMITY_NUMBER_PLAN_H

#include "number.h"
#include "pattern_set.h"

#define NUMBER_PLAN_SAMPLES    4
#define NUMBER_PLAN_NEIGHBOURS 8

struct number_plan_text {
	uint32_t length;
	char text[PATTERN_BYTES_MAX + 1]; /* NUL-terminated */
};

enum number_plan_style {
	NUMBER_PLAN_USUAL, /* what operators write: anchored at both ends, classes, counts, alternations, .* */
	NUMBER_PLAN_MIXED, /* anchored or not, with assertions and lazy repeats now and then */
	NUMBER_PLAN_ALL,   /* all that PCRE2 knows */
	NUMBER_PLAN_STYLES,
};

/* A pattern and numbers made along with it; what asserts something (look-around, anchors) may keep them from matching.
 */
struct number_plan_pattern {
	struct number_plan_text pattern;
	struct number_plan_text sample[NUMBER_PLAN_SAMPLES];
	uint32_t groups; /* that capture, so far */
	enum number_plan_style style;
};

/* The next number of a seed, below `limit`. */
uint32_t number_plan_random(uint64_t *seed, uint32_t limit);

/* A pattern of 1 to PATTERN_BYTES_MAX bytes that PCRE2 accepts in nearly all cases. */
void number_plan_make(struct number_plan_pattern *made, enum number_plan_style style, uint64_t *seed);

/*
 * A sample (cut to a number's length), or a neighbour of it: a byte changed, taken out, put in, doubled; '+', letters,
 * '#', '*', a line end or NUL added. `kind` 0: the sample itself, up to NUMBER_PLAN_NEIGHBOURS.
 */
void number_plan_neighbour(struct number *number, const struct number_plan_text *sample, uint32_t kind, uint64_t *seed);

#endif
