/*
 * gun_limit.h - --find-limit: the highest rate with less than 0.01 % failed.
 *
 * The rate doubles until one is bad, then the gap between the last good and the first bad is halved until it is 3 %.
 * A step in which sipgun itself could not keep the rate fails too, and says so. A rate is bad when two steps of it
 * failed: on a machine that others use, one that fails by chance would keep the search below it.
 */
#ifndef AMITY_GUN_LIMIT_H
#define AMITY_GUN_LIMIT_H

#include "gun_run.h"

/* Prints each step and the limit. Result: the limit; 0 when not even the first steps were good, or interrupted. */
double gun_limit_find(struct gun_run *run);

#endif
