/*
 * pattern_confirm.h - does a pattern really take a number? Asked of PCRE2's interpreter, which decides in the router
 * too (R7), before a lint claims it by an example.
 *
 * Thread: each belongs to one thread at a time.
 */
#ifndef AMITY_PATTERN_CONFIRM_H
#define AMITY_PATTERN_CONFIRM_H

#include "span.h"
#include "status.h"

struct pattern_confirm;

/* Result: STATUS_INVALID: not accepted by PCRE2; STATUS_NO_MEMORY. Cost: microseconds. */
AMITY_CHECKED enum status pattern_confirm_make(struct pattern_confirm **confirm, struct span pattern);
void pattern_confirm_free(struct pattern_confirm *confirm); /* NULL is allowed */

/*
 * *takes is false also when it gave up at the limits of match_scratch.h, as the router does with `steps_max`
 * MATCH_STEPS_MAX. Cost: steps_max, some 15 ns each, from each character of the number on.
 * Result: STATUS_LIMIT: it took more than `steps_max`; STATUS_NO_MEMORY.
 */
AMITY_CHECKED enum status pattern_confirm_ask(bool *takes, const struct pattern_confirm *confirm, struct span number,
					      uint32_t steps_max);

#endif
