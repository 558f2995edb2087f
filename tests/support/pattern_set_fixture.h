/*
 * pattern_set_fixture.h - pattern sets for tests and benches, compiled on the spot in the order given. Mistakes end the
 * program.
 */
#ifndef AMITY_PATTERN_SET_FIXTURE_H
#define AMITY_PATTERN_SET_FIXTURE_H

#include "pattern_set.h"

struct pattern_row {
	const char *text; /* outlives the set */
	uint32_t owner;
};

void pattern_set_fixture_init(struct match_scratch *scratch);
void pattern_set_fixture_free_scratch(struct match_scratch *scratch);

/* Builds a set and makes `scratch` large enough for it. */
void pattern_set_fixture_build(struct pattern_set *set, const struct pattern_row *rows, uint32_t count,
			       struct match_scratch *scratch);
void pattern_set_fixture_free(struct pattern_set *set);

#endif
