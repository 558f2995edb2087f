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

bool carrier_find_by_number(uint32_t *pattern_id, const struct directory *directory, struct span number,
			    struct match_scratch *scratch)
{
	return pattern_match_first(pattern_id, &directory->carrier_patterns, number, scratch);
}
