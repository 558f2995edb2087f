#include "pattern_plain.h"

#include <emmintrin.h>

#include "prefetch.h"
#include "short_text.h"

/* What the rows ask about a number. SSE2 is a part of x86-64: no twin is needed. */
struct plain_number {
	struct short_text first; /* as many bytes as a prefix has, zero behind its end: no prefix has a zero */
	uint32_t end;		 /* where `$` stands: before a newline that is the last byte, as in PCRE */
	uint32_t digits_from;	 /* all bytes from here to `end` are digits */
};

static struct plain_number plain_read(struct span number)
{
	struct plain_number read = {.end = number.length};

	if (number.length && number.at[number.length - 1] == '\n')
		read.end--;
	uint32_t first = number.length < PATTERN_PLAIN_PREFIX_BYTES ? number.length : PATTERN_PLAIN_PREFIX_BYTES;
	read.first = short_text_read(number.at, first);
	for (uint32_t i = 0; i < read.end; i++)
		read.digits_from = (uint8_t)(number.at[i] - '0') > 9 ? i + 1 : read.digits_from;
	return read;
}

static bool plain_begins(const struct pattern_plain *row, __m128i first)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)row);
	uint32_t equal = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, first));
	uint32_t wanted = (1u << row->prefix_bytes) - 1;

	return (~equal & wanted) == 0;
}

static bool plain_ends(const struct pattern_plain *row, const struct plain_number *number)
{
	return row->most_bytes == PATTERN_PLAIN_OPEN ||
	       (number->end >= row->least_bytes &&
		(number->end <= row->most_bytes || row->most_bytes == PATTERN_PLAIN_MANY) &&
		number->digits_from <= row->prefix_bytes);
}

static bool plain_find_in_list(uint32_t *id, const struct pattern_plains *plains, uint32_t from,
			       const struct plain_number *number)
{
	__m128i first = _mm_set_epi64x((long long)number->first.high, (long long)number->first.low);
	const struct pattern_plain *row = plains->row;

	for (uint32_t i = 0; i < plains->row_count; i++)
		if (plain_begins(&row[i], first) && plain_ends(&row[i], number) && row[i].id >= from) {
			*id = row[i].id;
			return true;
		}
	return false;
}

/* A prefix as a row has it: eight bytes, then three and their number. */
struct plain_prefix {
	uint64_t low;
	uint32_t high;
	uint32_t hash;
};

static struct plain_prefix plain_prefix_of(const struct plain_number *number, uint32_t length)
{
	uint64_t low = number->first.low, high = 0;

	if (length < 8)
		low &= (UINT64_C(1) << 8 * length) - 1;
	else
		high = number->first.high & ((UINT64_C(1) << 8 * (length - 8)) - 1);
	return (struct plain_prefix){low, (uint32_t)high | length << 24, pattern_plain_hash(low, high)};
}

static bool plain_is_of(const struct pattern_plain *row, const struct plain_prefix *prefix)
{
	uint64_t low;
	uint32_t high;

	_Static_assert(offsetof(struct pattern_plain, prefix) == 0 &&
			       offsetof(struct pattern_plain, prefix_bytes) == 11,
		       "the two words of a prefix");
	memcpy(&low, row->prefix, sizeof(low));
	memcpy(&high, (const uint8_t *)row + sizeof(low), sizeof(high));
	return low == prefix->low && high == prefix->high;
}

/* Result: the index of its first row; PATTERN_PLAIN_NO_GROUP: there is none. */
static uint32_t plain_find_group(const struct pattern_plains *plains, const struct plain_prefix *prefix)
{
	const uint32_t *slots = pattern_plains_slots(plains);
	uint32_t mask = plains->slot_count - 1;

	for (uint32_t i = 0; i < PATTERN_PLAIN_PROBES_MAX; i++) {
		uint32_t slot = slots[(prefix->hash + i) & mask], first = slot & ~PATTERN_PLAIN_HASH_MASK;
		if (slot == PATTERN_PLAIN_NO_GROUP)
			break;
		if (((slot ^ prefix->hash) & PATTERN_PLAIN_HASH_MASK) == 0 && plain_is_of(&plains->row[first], prefix))
			return first;
	}
	return PATTERN_PLAIN_NO_GROUP;
}

static bool plain_find_in_groups(uint32_t *id, const struct pattern_plains *plains, uint32_t from,
				 const struct plain_number *number)
{
	struct plain_prefix prefix[PATTERN_PLAIN_PREFIX_BYTES + 1];
	const uint32_t *slots = pattern_plains_slots(plains);
	uint32_t count = 0, least = UINT32_MAX, mask = plains->slot_count - 1;

	for (uint32_t lengths = plains->lengths; lengths; lengths &= lengths - 1) {
		prefix[count] = plain_prefix_of(number, (uint32_t)__builtin_ctz(lengths));
		prefetch_line(&slots[prefix[count++].hash & mask]);
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = plain_find_group(plains, &prefix[i]);
		for (; at < plains->row_count && plain_is_of(&plains->row[at], &prefix[i]); at++) {
			const struct pattern_plain *row = &plains->row[at];
			if (row->id >= from && plain_ends(row, number)) {
				least = row->id < least ? row->id : least;
				break;
			}
		}
	}
	if (least == UINT32_MAX)
		return false;
	*id = least;
	return true;
}

bool pattern_plain_find(uint32_t *id, const struct pattern_plains *plains, uint32_t from, struct span number)
{
	struct plain_number read = plain_read(number);

	return plains->slot_count ? plain_find_in_groups(id, plains, from, &read)
				  : plain_find_in_list(id, plains, from, &read);
}
