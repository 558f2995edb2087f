#include "call_acl.h"

bool call_acl_allows(uint32_t *rule, bool *found, const struct call_acl *acl, struct span e164,
		     struct match_scratch *scratch)
{
	uint32_t given_up = scratch->given_up;

	*found = pattern_match_first(rule, &acl->rules, e164, scratch);
	/* A rule that could not be decided may be the one that denies. */
	if (scratch->given_up != given_up)
		return false;
	return *found ? acl->rules.owner[*rule] != 0 : acl->default_allow;
}
