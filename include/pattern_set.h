/*
 * pattern_set.h - regular expressions in an order, compiled: the first that matches wins. Three users: the friends of a
 * company (order: priority, friend name: R7, R8), the rules of a call ACL (R13) and the carriers (R16).
 *
 *   id        0          1          2      ...        ids are assigned in order, so that the best match is the least id
 *   owner[]   friend 4   friend 1   friend 1          what the pattern belongs to, an index of the user's own
 *
 *   known by  a row      a row      the database      the first of them, as long as they are plain, are rows alone
 *
 * Rows (pattern_plain.h) need no scan. What comes behind the plain ones is in one Hyperscan database, which a set of
 * plain patterns does not have; patterns that it can only pre-filter are confirmed by PCRE2 (confirm[] not NULL).
 * Built by control/build/pattern_set_build.c on a worker thread; immutable; sets with equal patterns and order share
 * the database.
 */
#ifndef AMITY_PATTERN_SET_H
#define AMITY_PATTERN_SET_H

#include "match_scratch.h"
#include "pattern_plain.h"
#include "prefetch.h"

struct hs_database;
struct pcre2_real_code_8;

#define PATTERN_BYTES_MAX 255 /* R7 */

/* Of a database, which is larger: a scan begins there. */
#define PATTERN_SET_PREFETCH_BYTES 1024

/* Those of the patterns that come first; of more, most would be asked for in vain. */
#define PATTERN_SET_PREFETCH_OWNERS 32

struct pattern_set {
	const struct hs_database *database;		/* of patterns plain_count to count - 1; NULL: there are none */
	const struct pcre2_real_code_8 *const *confirm; /* [count - plain_count]; NULL when no pattern needs it */
	const struct span *text;			/* [count], as provisioned, for explain */
	const uint32_t *owner;				/* [count] */
	const struct pattern_plains *plain;		/* of patterns 0 to plain_count - 1; NULL: there are none */
	uint32_t count, plain_count;
};

/* Asks for what pattern_match_first() will look at, of a set that is in a company's block. Thread: any. */
static inline void pattern_set_prefetch(const struct pattern_set *set)
{
	/* A list has about as many rows as patterns; of groups only the number can tell what will be read. */
	uint32_t rows = set->plain_count <= PATTERN_PLAIN_LIST_MAX ? set->plain_count : 0;
	if (set->plain_count)
		prefetch_lines(set->plain, sizeof(struct pattern_plains) + rows * sizeof(struct pattern_plain));
	else if (set->database)
		prefetch_lines(set->database, PATTERN_SET_PREFETCH_BYTES);
	prefetch_lines(set->owner,
		       (set->count < PATTERN_SET_PREFETCH_OWNERS ? set->count : PATTERN_SET_PREFETCH_OWNERS) *
			       sizeof(*set->owner));
}

/*
 * The least id whose pattern matches `number`.
 *
 * Thread: the owner of `scratch`.   Cost: what pattern_plain_find() costs when all are plain, else one scan: 30-100 ns
 * for ten patterns that are in the cache, 2-4 us where they are not.   Result: false when none matches; *id untouched.
 * A confirmation that comes to its limit (match_scratch.h) counts as no match, and in scratch->given_up.
 */
bool pattern_match_first(uint32_t *id, const struct pattern_set *set, struct span number,
			 struct match_scratch *scratch);

/* Likewise, the least id that is not less than `from`: who would be next. */
bool pattern_match_next(uint32_t *id, const struct pattern_set *set, uint32_t from, struct span number,
			struct match_scratch *scratch);

/* Calls of explain: does pattern `id` alone match? Same row, or database and confirmation. Thread: the owner of
 * `scratch`. */
bool pattern_match_one(const struct pattern_set *set, uint32_t id, struct span number, struct match_scratch *scratch);

#endif
