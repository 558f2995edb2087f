/*
 * lint_endpoints.h - users and friends of a company: friend-without-pattern, user-never-called, no-outgoing-ddi,
 * forward-loop, weak-password. Inner part of lint.c.
 */
#ifndef AMITY_LINT_ENDPOINTS_H
#define AMITY_LINT_ENDPOINTS_H

#include "lint_company.h"

void lint_endpoints_check(struct lint_company *company);

/* Why a password is weak, as an end of "it ..."; NULL: it is not. Thread: any. */
const char *lint_endpoints_weakness(struct span password, struct span name);

#endif
