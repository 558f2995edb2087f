/*
 * response_choose.h - which of the final responses of several branches goes to the caller (RFC 3261 16.7 step 6).
 */
#ifndef AMITY_RESPONSE_CHOOSE_H
#define AMITY_RESPONSE_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Is `candidate` better than `best` (0: none yet)? 6xx before all; else the lowest class; within 4xx those that tell
 * the caller how to ask again (401, 407, 415, 420, 484) first, 487 and 408 last; within 5xx 503 last, which should not
 * be passed on; equal: the earlier one stays. What is no final response is never better, and worse than any.
 *
 * Thread: any.
 */
bool response_choose_is_better(uint16_t candidate, uint16_t best);

#endif
