/*
 * carrier_find.h - which carrier delivers from an address (R1.1) and which takes a number (R16).
 */
#ifndef AMITY_CARRIER_FIND_H
#define AMITY_CARRIER_FIND_H

#include "directory.h"

/* The carrier with the narrowest `sources` prefix around `ip`. Thread: any. Cost: linear in the carriers' prefixes.
 * Result: NULL: none. */
const struct carrier *carrier_find_by_source(const struct directory *directory, const uint8_t ip[16]);

/*
 * Id, in the carriers' pattern set, of the first pattern from `from` on that takes `number`. Thread: the owner of
 * `scratch`. Result: false: no carrier.
 */
bool carrier_find_by_number(uint32_t *pattern_id, const struct directory *directory, uint32_t from, struct span number,
			    struct match_scratch *scratch);

/* The patterns of the carrier that has pattern `id`, which stand side by side: first, and behind the last. */
uint32_t carrier_find_first_pattern(const struct directory *directory, uint32_t id);
uint32_t carrier_find_end_of_patterns(const struct directory *directory, uint32_t id);

#endif
