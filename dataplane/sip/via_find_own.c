#include "via_find_own.h"

struct via_find_own via_find_own_begin(const struct sip_message *request)
{
	return (struct via_find_own){via_parse_begin(request), VIA_FIND_OWN_VALUES_MAX};
}

bool via_find_own_next(struct branch_name *name, struct via_find_own *search)
{
	struct sip_via via;

	while (search->values_left) {
		search->values_left--;
		if (!via_parse_next(&search->walk, &via))
			return false;
		if (branch_name_read(name, via.branch))
			return true;
	}
	return false;
}
