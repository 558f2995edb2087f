/*
 * pattern_plain.h - a pattern of the most usual shapes as rows of 8 or 16 bytes: what it begins with, and how many
 * digits may follow. A company's twenty are three cache lines that one loop reads; a scan of its Hyperscan database
 * touches more than fifty, cold for nearly every call.
 *
 *   ^2[0-9]{3}$     prefix "2",    3 to 3 digits more         ^30[78]$       two rows: "307", "308", nothing more
 *   ^\+34[0-9]+$    prefix "+34",  1 or more digits           ^2   .*        prefix "2" or "", and anything behind it
 *   ^0?(12|34)$     four rows: "012", "034", "12", "34"       ^(00|\+)34     two rows: "0034", "+34", and anything
 *
 * Few rows are read one by one, in the order of their ids. Of many, those with the same prefix are a group, and the
 * groups are found by their prefix: one look for each length that a prefix of the set has.
 *
 * Rows are written by control/build/pattern_plain_build.c, which leaves all that is not exactly of these shapes to
 * Hyperscan; both must say the same of every number (tests/differential/differential_patterns.c).
 */
#ifndef AMITY_PATTERN_PLAIN_H
#define AMITY_PATTERN_PLAIN_H

#include "span.h"

#define PATTERN_PLAIN_PREFIX_BYTES 11

/* More are found by their prefix. */
#define PATTERN_PLAIN_LIST_MAX 64

/* Rows with one prefix: to read more would cost more than a scan. */
#define PATTERN_PLAIN_GROUP_MAX 64

/* Slots that are looked at for a prefix: whoever provisions may choose prefixes whose slots are the same. */
#define PATTERN_PLAIN_PROBES_MAX 128

#define PATTERN_PLAIN_MANY 254 /* of most_bytes: digits without end */
#define PATTERN_PLAIN_OPEN 255 /* of most_bytes: anything may follow, no `$` */

struct pattern_plain {
	uint8_t prefix[PATTERN_PLAIN_PREFIX_BYTES]; /* zero behind its end */
	uint8_t prefix_bytes;
	uint8_t least_bytes, most_bytes; /* of the whole number, which may be longer than a byte can say */
	uint16_t id;			 /* of the pattern */
};
_Static_assert(sizeof(struct pattern_plain) == 16, "four in a cache line, one in a vector");

/*
 * The same in half of the room, where the prefix is of digits, `*` and `+`, and short: four bits a character (its low
 * ones, which tell these apart), the first lowest, and above them how many there are. One comparison tells.
 */
#define PATTERN_PLAIN_SHORT_BYTES	7
#define PATTERN_PLAIN_SHORT_COUNT_SHIFT 28

struct pattern_plain_short {
	uint32_t prefix;
	uint8_t least_bytes, most_bytes;
	uint16_t id;
};
_Static_assert(sizeof(struct pattern_plain_short) == 8, "eight in a cache line");

/*
 * The rows of a set and, of many, an open hash table of their groups; all in one piece.
 *
 *   head | short row, short row, ... by id                      a list whose prefixes are all short: of most companies
 *   head | row, row, ... by id                                  a list
 *   head | row, row, ... by prefix, then id | slot, slot, ...   groups
 */
struct pattern_plains {
	uint32_t row_count;
	uint32_t slot_count;			 /* a power of two; 0: a list */
	uint16_t lengths;			 /* 1 << n: there is a group whose prefix has n bytes; of a list 0 */
	bool is_short;				 /* rows are struct pattern_plain_short */
	_Alignas(16) struct pattern_plain row[]; /* [row_count], and behind them uint32_t slot[slot_count] */
};

/* Thread of these: any. */
static inline const uint32_t *pattern_plains_slots(const struct pattern_plains *plains)
{
	return (const uint32_t *)(const void *)(plains->row + plains->row_count);
}

static inline const struct pattern_plain_short *pattern_plains_short(const struct pattern_plains *plains)
{
	return (const struct pattern_plain_short *)(const void *)plains->row;
}

/* Of all of it, as its head says. */
static inline size_t pattern_plains_bytes(const struct pattern_plains *head)
{
	size_t row_bytes = head->is_short ? sizeof(struct pattern_plain_short) : sizeof(struct pattern_plain);

	return sizeof(*head) + head->row_count * row_bytes + head->slot_count * sizeof(uint32_t);
}

/*
 * A slot: the index of its group's first row (patterns are fewer than 65,537, and have few rows), and above it some
 * bits of the prefix's hash, which spare most looks at rows of others. A table is half full at most.
 */
#define PATTERN_PLAIN_NO_GROUP	UINT32_MAX
#define PATTERN_PLAIN_ROW_BITS	24
#define PATTERN_PLAIN_HASH_MASK (UINT32_MAX << PATTERN_PLAIN_ROW_BITS)

/* The number of a prefix, zero behind its end (thread: any): its high bits for a slot, its low bits for where the
 * search begins. */
static inline uint32_t pattern_plain_hash(uint64_t low, uint64_t high)
{
	uint64_t mixed = (low ^ high * 0x9e3779b97f4a7c15ull) * 0xff51afd7ed558ccdull;

	return (uint32_t)(mixed >> 32) ^ (uint32_t)(mixed >> 13);
}

/*
 * The least id, not less than `from`, of a row that takes `number` (bytes of any value).
 *
 * Thread: any.   Cost: 10 ns and up to 1 ns a row of a list; 10 ns a length of the others, 100 where they are cold.
 * Result: false when none does; *id untouched.
 */
bool pattern_plain_find(uint32_t *id, const struct pattern_plains *plains, uint32_t from, struct span number);

#endif
