/*
 * lint_acls.h - call ACLs of a company: acl-unused, acl-rule-unreached. Inner part of lint.c.
 */
#ifndef AMITY_LINT_ACLS_H
#define AMITY_LINT_ACLS_H

#include "lint_company.h"

void lint_acls_check(struct lint_company *company);

#endif
