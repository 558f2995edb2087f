#include "caller_identify.h"

#include "direct_find.h"

/* The user whose own number it is: an extension may also lead to a user whose number is another. */
static const struct endpoint *find_user_by_extension(const struct company *company, struct span number)
{
	uint32_t index;

	if (!name_table_find(&index, &company->extension_by_number, number, false))
		return NULL;
	const struct route *route = &company->extension[index].route;
	if (route->target != ROUTE_USER || !span_equals(company->endpoint[route->endpoint].extension, number))
		return NULL;
	return &company->endpoint[route->endpoint];
}

const struct endpoint *caller_guess_endpoint(const struct company *company, const struct caller_facts *facts,
					     struct span digest_user)
{
	if (digest_user.length)
		return endpoint_find(company, digest_user);

	const struct endpoint *endpoint = endpoint_find(company, facts->from_user);
	if (!endpoint)
		endpoint = find_user_by_extension(company, facts->from_user);
	return endpoint ? endpoint : direct_find_only(company, facts->source.ip);
}
