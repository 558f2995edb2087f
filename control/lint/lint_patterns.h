/*
 * lint_patterns.h - patterns of friends among each other: shadowed-pattern, equal-priority-overlap,
 * pattern-takes-nothing. Inner part of lint.c.
 */
#ifndef AMITY_LINT_PATTERNS_H
#define AMITY_LINT_PATTERNS_H

#include "lint_company.h"

/* First of all lints: it marks the patterns that no other lint needs to look at. */
void lint_patterns_check(struct lint_company *company);

#endif
