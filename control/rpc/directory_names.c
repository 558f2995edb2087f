#include "directory_names.h"

#include <stdlib.h>
#include <string.h>

int directory_names_compare(struct span a, struct span b)
{
	uint32_t length = a.length < b.length ? a.length : b.length;
	int order = length ? memcmp(a.at, b.at, length) : 0;

	return order ? order : (a.length > b.length) - (a.length < b.length);
}

static int compare_companies(const void *a, const void *b)
{
	const struct company *const *left = a, *const *right = b;

	return directory_names_compare((*left)->name, (*right)->name);
}

static int compare_name(const void *name, const void *company)
{
	return directory_names_compare(*(const struct span *)name, (*(const struct company *const *)company)->name);
}

const struct company *directory_names_find_company(const struct directory_names *names, struct span name)
{
	const struct company **found =
		names->directory->company_count
			? bsearch(&name, names->company, names->directory->company_count, sizeof(found), compare_name)
			: NULL;

	return found ? *found : NULL;
}

const struct carrier *directory_names_find_carrier(const struct directory_names *names, struct span name)
{
	for (uint32_t i = 0; i < names->directory->carrier_count; i++)
		if (span_equals(names->directory->carrier[i].name, name))
			return &names->directory->carrier[i];
	return NULL;
}

const struct endpoint *directory_names_find_endpoint(const struct company *company, struct span name,
						     enum endpoint_kind kind)
{
	const struct endpoint *endpoint = company ? endpoint_find(company, name) : NULL;

	return endpoint && endpoint->kind == kind ? endpoint : NULL;
}

bool directory_names_has_ddi(const struct directory_names *names, struct span number)
{
	uint32_t ignored;

	return name_table_find(&ignored, &names->directory->ddi_by_number, number, false);
}

bool directory_names_build(struct directory_names *names, const struct directory *directory)
{
	uint32_t count = directory->company_count;

	names->directory = directory;
	names->company = malloc((count + 1) * sizeof(struct company *));
	if (!names->company)
		return false;
	if (count)
		memcpy(names->company, directory->company, count * sizeof(struct company *));
	qsort(names->company, count, sizeof(struct company *), compare_companies);
	return true;
}

void directory_names_free(struct directory_names *names)
{
	free(names->company);
}
