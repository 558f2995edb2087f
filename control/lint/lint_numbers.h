/*
 * lint_numbers.h - patterns and routes of a company against its numbers: unanchored-pattern, pattern-eats-extension,
 * route-without-friend, ddi-without-route. Inner part of lint.c.
 */
#ifndef AMITY_LINT_NUMBERS_H
#define AMITY_LINT_NUMBERS_H

#include "lint_company.h"

void lint_numbers_check(struct lint_company *company);

#endif
