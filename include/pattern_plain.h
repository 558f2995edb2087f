/*
 * pattern_plain.h - a pattern of the most usual shape as one row of 16 bytes: what it begins with, and how many digits
 * may follow. A company's twenty are five cache lines that one loop reads; a scan of its Hyperscan database touches
 * more than fifty, cold for nearly every call.
 *
 *   ^2[0-9]{3}$     prefix "2",    3 to 3 digits more         ^30[78]$    two rows: "307", "308", nothing more
 *   ^\+34[0-9]+$    prefix "+34",  1 or more digits           ^2   .*     prefix "2" or "", and anything behind it
 *
 * Rows are written by control/build/pattern_plain_build.c, which leaves all that is not exactly of this shape to
 * Hyperscan; both must say the same of every number (tests/differential/differential_patterns.c).
 */
#ifndef AMITY_PATTERN_PLAIN_H
#define AMITY_PATTERN_PLAIN_H

#include "span.h"

#define PATTERN_PLAIN_PREFIX_BYTES 11

/* A linear search of more would cost more than a scan. */
#define PATTERN_PLAIN_ROWS_MAX 64

#define PATTERN_PLAIN_MANY 254 /* of most_bytes: digits without end */
#define PATTERN_PLAIN_OPEN 255 /* of most_bytes: anything may follow, no `$` */

struct pattern_plain {
	uint8_t prefix[PATTERN_PLAIN_PREFIX_BYTES];
	uint8_t prefix_bytes;
	uint8_t least_bytes, most_bytes; /* of the whole number, which may be longer than a byte can say */
	uint16_t id;			 /* of the pattern */
};
_Static_assert(sizeof(struct pattern_plain) == 16, "four in a cache line, one in a vector");

/*
 * The least id, not less than `from`, of a row that takes `number` (bytes of any value). Rows are in the order of
 * their ids.
 *
 * Thread: any.   Cost: 10 ns and about 1 ns a row.   Result: false when none does; *id untouched.
 */
bool pattern_plain_find(uint32_t *id, const struct pattern_plain *row, uint32_t count, uint32_t from,
			struct span number);

#endif
