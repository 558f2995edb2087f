#include "call_acl.h"

bool call_acl_allows(uint32_t *rule, bool *found, const struct call_acl *acl, struct span e164,
		     struct match_scratch *scratch)
{
	*found = pattern_match_first(rule, &acl->rules, e164, scratch);
	return *found ? acl->rules.owner[*rule] != 0 : acl->default_allow;
}
