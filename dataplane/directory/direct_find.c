#include "direct_find.h"

#include "caller_identify.h"

static const struct direct_source *find_source(const struct directory *directory, const uint8_t ip[16])
{
	uint32_t low = 0, high = directory->direct_source_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct direct_source *source = &directory->direct_source[middle];
		int order = memcmp(ip, source->ip, sizeof(source->ip));
		if (order == 0)
			return source;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct company *direct_find_company(const struct directory *directory, const uint8_t ip[16])
{
	const struct direct_source *source = find_source(directory, ip);

	return source && source->company != DIRECT_COMPANY_MANY ? directory->company[source->company] : NULL;
}

static bool is_direct_at(const struct endpoint *endpoint, const uint8_t ip[16])
{
	return endpoint->is_direct && memcmp(endpoint->direct.ip, ip, sizeof(endpoint->direct.ip)) == 0;
}

static bool is_trusted_at(const struct endpoint *endpoint, const uint8_t ip[16])
{
	return endpoint->auth == ENDPOINT_AUTH_SOURCE && is_direct_at(endpoint, ip);
}

static const struct endpoint *find_only(const struct company *company, const uint8_t ip[16],
					bool (*is_wanted)(const struct endpoint *endpoint, const uint8_t ip[16]))
{
	const struct endpoint *only = NULL;

	for (uint32_t i = 0; i < company->endpoint_count; i++) {
		if (!is_wanted(&company->endpoint[i], ip))
			continue;
		if (only)
			return NULL;
		only = &company->endpoint[i];
	}
	return only;
}

const struct endpoint *direct_find_trusted(const struct directory *directory, const struct company *company,
					   const uint8_t ip[16], struct span from_user)
{
	/* The walk over the endpoints is for addresses that provisioning names, not for whoever sends. */
	if (!company->has_source_auth || !find_source(directory, ip))
		return NULL;
	const struct endpoint *named = endpoint_find(company, from_user);
	if (named && is_trusted_at(named, ip))
		return named;
	return find_only(company, ip, is_trusted_at);
}

const struct endpoint *direct_find_only(const struct company *company, const uint8_t ip[16])
{
	return find_only(company, ip, is_direct_at);
}
