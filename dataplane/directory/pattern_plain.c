#include "pattern_plain.h"

#include <emmintrin.h>

#include "prefetch.h"
#include "short_text.h"

/* What the rows ask about a number. SSE2 is a part of x86-64: no twin is needed. */
struct plain_number {
	struct short_text first; /* zero behind its end: no prefix has a zero */
	uint32_t end;		 /* where `$` stands: before a newline that is the last byte, as in PCRE */
	uint32_t digits_from;	 /* all bytes from here to `end` are digits */
};

/* Which of them are: a bit each. */
static uint32_t plain_digits(__m128i bytes)
{
	__m128i values = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));

	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values));
}

static __m128i plain_first(const struct plain_number *number)
{
	return _mm_set_epi64x((long long)number->first.high, (long long)number->first.low);
}

static struct plain_number plain_read(struct span number)
{
	struct plain_number read = {.end = number.length};

	if (number.length && number.at[number.length - 1] == '\n')
		read.end--;
	uint32_t first = number.length < SHORT_TEXT_BYTES_MAX ? number.length : SHORT_TEXT_BYTES_MAX;
	read.first = short_text_read(number.at, first);
	first = read.end < first ? read.end : first;
	uint32_t others = ~plain_digits(plain_first(&read)) & ((1u << first) - 1);
	read.digits_from = others ? 32 - (uint32_t)__builtin_clz(others) : 0;
	for (uint32_t i = first; i < read.end; i++)
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

/* How long a number may be that begins with a prefix; of a row of either kind. */
struct plain_lengths {
	uint32_t prefix, least, most;
};

static bool plain_ends(struct plain_lengths lengths, const struct plain_number *number)
{
	return lengths.most == PATTERN_PLAIN_OPEN ||
	       (number->end >= lengths.least && (number->end <= lengths.most || lengths.most == PATTERN_PLAIN_MANY) &&
		number->digits_from <= lengths.prefix);
}

static struct plain_lengths plain_lengths_of(const struct pattern_plain *row)
{
	return (struct plain_lengths){row->prefix_bytes, row->least_bytes, row->most_bytes};
}

static bool plain_find_in_list(uint32_t *id, const struct pattern_plains *plains, uint32_t from,
			       const struct plain_number *number)
{
	__m128i first = plain_first(number);
	const struct pattern_plain *row = plains->row;

	for (uint32_t i = 0; i < plains->row_count; i++)
		if (plain_begins(&row[i], first) && plain_ends(plain_lengths_of(&row[i]), number) &&
		    row[i].id >= from) {
			*id = row[i].id;
			return true;
		}
	return false;
}

/* The number's beginnings as prefixes of short rows, by length. */
struct plain_beginnings {
	uint32_t of[PATTERN_PLAIN_SHORT_BYTES + 1];
	uint32_t most; /* of longer ones are bytes that no prefix has, or that are not there */
};

/* The low halves of eight bytes, the first lowest. */
static uint32_t plain_halves(uint64_t bytes)
{
	bytes &= 0x0f0f0f0f0f0f0f0f;
	bytes = (bytes | bytes >> 4) & 0x00ff00ff00ff00ff;
	bytes = (bytes | bytes >> 8) & 0x0000ffff0000ffff;
	return (uint32_t)(bytes | bytes >> 16);
}

static void plain_begin(struct plain_beginnings *beginnings, const struct plain_number *number)
{
	static const uint32_t count = 1u << PATTERN_PLAIN_SHORT_COUNT_SHIFT;
	uint32_t halves = plain_halves(number->first.low);
	__m128i first = plain_first(number);
	__m128i marks =
		_mm_or_si128(_mm_cmpeq_epi8(first, _mm_set1_epi8('*')), _mm_cmpeq_epi8(first, _mm_set1_epi8('+')));
	uint32_t others = ~(plain_digits(first) | (uint32_t)_mm_movemask_epi8(marks));

	for (uint32_t i = 0; i <= PATTERN_PLAIN_SHORT_BYTES; i++)
		beginnings->of[i] = (halves & ((1u << 4 * i) - 1)) | i * count;
	beginnings->most = (uint32_t)__builtin_ctz(others); /* what is behind the number is zero, and one of them */
}

static bool plain_find_in_short_list(uint32_t *id, const struct pattern_plains *plains, uint32_t from,
				     const struct plain_number *number)
{
	const struct pattern_plain_short *row = pattern_plains_short(plains), *end = row + plains->row_count;
	struct plain_beginnings beginnings;

	plain_begin(&beginnings, number);
	for (; row < end; row++) {
		uint32_t length = row->prefix >> PATTERN_PLAIN_SHORT_COUNT_SHIFT;
		if (row->prefix != beginnings.of[length])
			continue;
		struct plain_lengths lengths = {length, row->least_bytes, row->most_bytes};
		if (length <= beginnings.most && plain_ends(lengths, number) && row->id >= from) {
			*id = row->id;
			return true;
		}
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
			if (row->id >= from && plain_ends(plain_lengths_of(row), number)) {
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

	return plains->is_short	    ? plain_find_in_short_list(id, plains, from, &read)
	       : plains->slot_count ? plain_find_in_groups(id, plains, from, &read)
				    : plain_find_in_list(id, plains, from, &read);
}
