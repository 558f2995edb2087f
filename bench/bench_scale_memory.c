#include <hs.h>
#include <rte_common.h>

#include "bench_scale.h"
#include "must.h"

static uint64_t names_bytes(const struct name_table *table)
{
	return table->slot ? ((uint64_t)table->mask + 1) * sizeof(*table->slot) : 0;
}

uint64_t bench_scale_memory_database_bytes(const struct company *company)
{
	size_t bytes = 0;

	if (company->friends.database)
		must(hs_database_size(company->friends.database, &bytes) == HS_SUCCESS);
	return bytes;
}

/* In the company's block; the shared set has the rows and texts once more, and the bytes of the texts. */
static uint64_t patterns_bytes(const struct pattern_set *set)
{
	uint64_t row_bytes = set->plain ? pattern_plains_bytes(set->plain) : 0, text_bytes = 0;

	for (uint32_t i = 0; i < set->count; i++)
		text_bytes += set->text[i].length + 1;
	return set->count * sizeof(*set->owner) + 2 * (row_bytes + set->count * sizeof(*set->text)) + text_bytes;
}

void bench_scale_memory_measure(struct bench_scale *scale, const struct directory *directory)
{
	uint64_t endpoints = 0, names = 0, patterns = 0;

	for (uint32_t i = 0; i < directory->company_count; i++) {
		const struct company *company = directory->company[i];
		endpoints += company->endpoint_count * sizeof(*company->endpoint);
		names += names_bytes(&company->endpoint_by_name) + names_bytes(&company->extension_by_number) +
			 names_bytes(&company->ddi_by_number);
		patterns += patterns_bytes(&company->friends);
	}
	names += names_bytes(&directory->company_by_domain) + names_bytes(&directory->ddi_by_number);
	const struct {
		const char *name;
		uint64_t bytes;
	} parts[] = {
		{"memory, tables, of it users and friends", endpoints},
		{"memory, tables, of it names to look up", names},
		{"memory, tables, of it patterns as rows and texts", patterns},
	};
	for (size_t i = 0; i < RTE_DIM(parts); i++)
		bench_report_row(&scale->report, parts[i].name, "bytes/company",
				 (double)parts[i].bytes / directory->company_count);
}
