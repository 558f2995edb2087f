#include "caller_identify.h"

const struct endpoint *endpoint_find(const struct company *company, struct span name)
{
	uint32_t index;

	if (!name_table_find(&index, &company->endpoint_by_name, name, false))
		return NULL;
	return &company->endpoint[index];
}
