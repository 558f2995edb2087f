/*
 * language_search.h - the shortest number that some patterns take and others do not: a walk through their automata side
 * by side, breadth first.
 *
 *   does A take all that B takes?   search in {B}, out {A}: none
 *   do A and B overlap?             search in {A, B}: the example
 *
 * The answer is exact for numbers up to NUMBER_BYTES_MAX, or it is "unknown": a walk has an end in tuples of states,
 * and all walks of a run have one in steps.
 *
 * Thread: each search belongs to one thread at a time.
 */
#ifndef AMITY_LANGUAGE_SEARCH_H
#define AMITY_LANGUAGE_SEARCH_H

#include <stdatomic.h>

#include "number.h"
#include "pattern_language.h"

#define LANGUAGE_SEARCH_LANGUAGES_MAX 10
#define LANGUAGE_SEARCH_TUPLES_MAX    8192

/* Some 15 ns each. A company of 10 friends with 2 patterns each needs 4,000, without anchors 60,000. */
#define LANGUAGE_SEARCH_STEPS_MAX UINT64_C(200000000)

struct language_question {
	struct pattern_language *language[LANGUAGE_SEARCH_LANGUAGES_MAX];
	uint32_t in_count; /* the first ones take the number */
	uint32_t count;	   /* the others do not */
};

enum language_search_answer {
	LANGUAGE_SEARCH_NONE, /* there is certainly no such number */
	LANGUAGE_SEARCH_FOUND,
	LANGUAGE_SEARCH_UNKNOWN, /* cut: too many states or steps */
	LANGUAGE_SEARCH_NO_MEMORY,
};

struct language_search;

/* Result: NULL when memory ends. */
struct language_search *language_search_create(uint64_t steps_max);
void language_search_free(struct language_search *search); /* NULL is allowed */

/* Once another thread sets `is_abandoned` there are no steps left. It must live as long. */
void language_search_watch(struct language_search *search, const atomic_bool *is_abandoned);

/* `example` (may be NULL) is written when FOUND: the shortest, digits first. */
enum language_search_answer language_search_find(struct language_search *search,
						 const struct language_question *question, struct number *example);

/* Other work of the run that counts as steps. Result: false when there are none left. */
bool language_search_spend(struct language_search *search, uint64_t steps);

/* How many questions ended as UNKNOWN since it was created. */
uint32_t language_search_unknown_count(const struct language_search *search);

#endif
