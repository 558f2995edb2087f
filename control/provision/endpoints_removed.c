#include "endpoints_removed.h"

#include <stdlib.h>

#include "caller_identify.h"

static enum status add(struct endpoints_removed *removed, const struct endpoint *endpoint)
{
	/* In powers of two: full when its count is one. */
	if ((removed->count & (removed->count - 1)) == 0) {
		size_t count = removed->count ? (size_t)removed->count * 2 : 1;
		uint8_t *grown = realloc(removed->aor_keys, count * AOR_KEY_BYTES);
		if (!grown)
			return STATUS_NO_MEMORY;
		removed->aor_keys = grown;
	}
	memcpy(removed->aor_keys + (size_t)removed->count++ * AOR_KEY_BYTES, endpoint->aor_key, AOR_KEY_BYTES);
	return STATUS_OK;
}

/* Both have the same domain, so that a name has the same key. `after` NULL: all of them are gone. */
static enum status compare(struct endpoints_removed *removed, const struct company *before, const struct company *after)
{
	enum status status = STATUS_OK;
	for (uint32_t i = 0; i < before->endpoint_count && status == STATUS_OK; i++) {
		const struct endpoint *endpoint = &before->endpoint[i];
		if (!after || !endpoint_find(after, endpoint->name))
			status = add(removed, endpoint);
	}
	return status;
}

enum status endpoints_removed_find(struct endpoints_removed *removed, const struct directory *before,
				   const struct directory *after)
{
	struct endpoints_removed found = {0};
	enum status status = STATUS_OK;
	for (uint32_t i = 0; i < before->company_count && status == STATUS_OK; i++) {
		const struct company *company = before->company[i];
		/* Most are the same, and in the same place. */
		if (i < after->company_count && after->company[i] == company)
			continue;
		const struct company *now = company_find_by_domain(after, company->domain);
		if (now != company)
			status = compare(&found, company, now);
	}
	if (status == STATUS_OK)
		*removed = found;
	else
		free(found.aor_keys);
	return status;
}
