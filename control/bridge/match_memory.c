#include "match_memory.h"

#include <stdlib.h>

#include <hs.h>

static bool grow_for(struct hs_scratch **largest, const struct pattern_set *set)
{
	return !set->database || hs_alloc_scratch(set->database, largest) == HS_SUCCESS;
}

/* Most companies stand where they stood: to ask Hyperscan about each takes milliseconds. */
static bool is_known(const struct directory *known, uint32_t index, const struct company *company)
{
	return known && index < known->company_count && known->company[index] == company;
}

bool match_memory_grow(struct hs_scratch **largest, const struct directory *directory, const struct directory *known)
{
	bool grown = grow_for(largest, &directory->carrier_patterns);

	for (uint32_t i = 0; grown && i < directory->company_count; i++) {
		const struct company *company = directory->company[i];
		if (is_known(known, i, company))
			continue;
		grown = grow_for(largest, &company->friends);
		for (uint32_t j = 0; grown && j < company->acl_count; j++)
			grown = grow_for(largest, &company->acl[j].rules);
	}
	return grown;
}

bool match_memory_fill(struct match_scratch *scratch, const struct hs_scratch *largest)
{
	void *memory = malloc(MATCH_MEMORY_BYTES);

	if (!memory)
		return false;
	match_scratch_init(scratch, memory);
	return !largest || hs_clone_scratch(largest, &scratch->hyperscan) == HS_SUCCESS;
}

void match_memory_release(struct match_scratch *scratch)
{
	hs_free_scratch(scratch->hyperscan);
	free(scratch->memory);
}
