/*
 * near_word.h - the word that was probably meant by one that is none, among those that are: for "did you mean".
 *
 * Thread: any.
 */
#ifndef AMITY_NEAR_WORD_H
#define AMITY_NEAR_WORD_H

#include "span.h"

#define NEAR_WORD_BYTES_MAX 64 /* nothing is near to a longer word */

struct near_word {
	struct span word;
	uint32_t mistakes; /* of the nearest so far; at first what is too many */
};

void near_word_begin(struct near_word *near, struct span word);

/* Result: whether `candidate` is near, and nearer than all that were offered before it. Letter case is no mistake. */
bool near_word_offer(struct near_word *near, struct span candidate);

#endif
