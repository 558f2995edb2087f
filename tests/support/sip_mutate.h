/*
 * sip_mutate.h - messages with a few things gone wrong: bytes flipped, cut out, doubled, swapped for special ones,
 * pieces of another message put in.
 */
#ifndef AMITY_TESTS_SIP_MUTATE_H
#define AMITY_TESTS_SIP_MUTATE_H

#include "span.h"

/* Changes the message in `bytes` in one to four places. Result: its new length, at most `capacity`. */
uint32_t sip_mutate(char *bytes, uint32_t length, uint32_t capacity, struct span other, uint64_t seed);

#endif
