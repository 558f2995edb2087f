#include "caller_identify.h"

const struct company *const *company_find_place(const struct directory *directory, struct span domain)
{
	uint32_t index;

	if (!name_table_find(&index, &directory->company_by_domain, domain, true))
		return NULL;
	return &directory->company[index];
}

const struct company *company_find_by_domain(const struct directory *directory, struct span domain)
{
	const struct company *const *place = company_find_place(directory, domain);

	return place ? *place : NULL;
}
