/*
 * call_acl.h - which external numbers an endpoint may dial (R13).
 */
#ifndef AMITY_CALL_ACL_H
#define AMITY_CALL_ACL_H

#include "company.h"

/*
 * Does the ACL allow the number? The first rule that matches decides, else the default.
 *
 * Thread: the owner of `scratch`.   Result: *found tells whether a rule decided; *rule is its index then.
 */
bool call_acl_allows(uint32_t *rule, bool *found, const struct call_acl *acl, struct span e164,
		     struct match_scratch *scratch);

#endif
