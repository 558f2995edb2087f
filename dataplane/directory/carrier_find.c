#include "carrier_find.h"

const struct carrier *carrier_find_by_source(const struct directory *directory, const uint8_t ip[16])
{
	const struct carrier_source *narrowest = NULL;

	for (uint32_t i = 0; i < directory->carrier_source_count; i++) {
		const struct carrier_source *source = &directory->carrier_source[i];
		if (net_prefix_contains(&source->prefix, ip) &&
		    (!narrowest || source->prefix.length_bits > narrowest->prefix.length_bits))
			narrowest = source;
	}
	return narrowest ? &directory->carrier[narrowest->carrier] : NULL;
}

bool carrier_find_by_number(uint32_t *pattern_id, const struct directory *directory, uint32_t from, struct span number,
			    struct match_scratch *scratch)
{
	return pattern_match_next(pattern_id, &directory->carrier_patterns, from, number, scratch);
}

uint32_t carrier_find_first_pattern(const struct directory *directory, uint32_t id)
{
	const uint32_t *owner = directory->carrier_patterns.owner;

	while (id > 0 && owner[id - 1] == owner[id])
		id--;
	return id;
}

uint32_t carrier_find_end_of_patterns(const struct directory *directory, uint32_t id)
{
	const struct pattern_set *patterns = &directory->carrier_patterns;
	uint32_t end = id + 1;

	while (end < patterns->count && patterns->owner[end] == patterns->owner[id])
		end++;
	return end;
}
