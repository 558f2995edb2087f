/*
 * pattern_scanned.h - patterns of which every one is in the database, the plain ones too: what the router would answer
 * if it had no rows. For tests that compare the two. Mistakes fail the test.
 */
#ifndef AMITY_PATTERN_SCANNED_H
#define AMITY_PATTERN_SCANNED_H

#include "pattern_compile.h"

struct pattern_scanned {
	struct pattern_set set;
	struct pattern_product product;
	struct pcre2_real_code_8 **confirm; /* [set.count]; NULL where Hyperscan alone decides */
};

/* Of `count` > 0 patterns, which must live as long; makes `scratch` large enough. */
void pattern_scanned_make(struct pattern_scanned *scanned, const struct span *pattern, uint32_t count,
			  struct match_scratch *scratch);
void pattern_scanned_free(struct pattern_scanned *scanned);

#endif
