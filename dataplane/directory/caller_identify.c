#include "caller_identify.h"

#include "carrier_find.h"
#include "direct_find.h"

/* `by_from`: the company that From names, most often the same. */
static const struct company *find_by_request(const struct directory *directory, const struct caller_facts *facts,
					     const struct company *by_from)
{
	if (by_from && span_equals_nocase(facts->request_host, by_from->domain))
		return by_from;
	return company_find_by_domain(directory, facts->request_host);
}

/* R1.2. Two domains that name different companies are refused; *company then is the one of From. */
static enum reason find_company(const struct company **company, const struct directory *directory,
				const struct caller_facts *facts, const struct company *by_from)
{
	const struct company *by_request = find_by_request(directory, facts, by_from);

	*company = by_from ? by_from : by_request;
	if (by_from && by_request && by_from != by_request)
		return REASON_TWO_COMPANIES;
	if (!*company)
		*company = direct_find_company(directory, facts->source.ip);
	if (!*company)
		return facts->from_host_is_own ? REASON_DOMAIN_NEEDED : REASON_NO_COMPANY;
	return by_request || facts->request_host_is_own ? REASON_NONE : REASON_FOREIGN_DOMAIN;
}

static bool is_source_allowed(const struct company *company, const uint8_t ip[16])
{
	for (uint32_t i = 0; i < company->source_count; i++)
		if (net_prefix_contains(&company->source[i], ip))
			return true;
	return company->source_count == 0;
}

enum reason caller_identify_by_from(struct caller *caller, const struct directory *directory,
				    const struct caller_facts *facts, const struct company *by_from)
{
	*caller = (struct caller){0};
	if (!by_from) {
		caller->carrier = carrier_find_by_source(directory, facts->source.ip);
		if (caller->carrier)
			return REASON_NONE;
	}

	enum reason reason = find_company(&caller->company, directory, facts, by_from);
	if (reason != REASON_NONE)
		return reason;
	if (!is_source_allowed(caller->company, facts->source.ip))
		return REASON_SOURCE_NOT_ALLOWED;
	caller->endpoint = direct_find_trusted(directory, caller->company, facts->source.ip, facts->from_user);
	return REASON_NONE;
}

enum reason caller_identify(struct caller *caller, const struct directory *directory, const struct caller_facts *facts)
{
	return caller_identify_by_from(caller, directory, facts, company_find_by_domain(directory, facts->from_host));
}
