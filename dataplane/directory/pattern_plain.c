#include "pattern_plain.h"

#include <emmintrin.h>

#include "short_text.h"

/* What the rows ask about a number. SSE2 is a part of x86-64: no twin is needed. */
struct plain_number {
	__m128i first;	      /* as many bytes as a prefix has, zero behind its end: no prefix has a zero */
	uint32_t end;	      /* where `$` stands: before a newline that is the last byte, as in PCRE */
	uint32_t digits_from; /* all bytes from here to `end` are digits */
};

static struct plain_number plain_read(struct span number)
{
	struct plain_number read = {.end = number.length};

	if (number.length && number.at[number.length - 1] == '\n')
		read.end--;
	uint32_t first = number.length < PATTERN_PLAIN_PREFIX_BYTES ? number.length : PATTERN_PLAIN_PREFIX_BYTES;
	struct short_text text = short_text_read(number.at, first);
	read.first = _mm_set_epi64x((long long)text.high, (long long)text.low);
	for (uint32_t i = 0; i < read.end; i++)
		read.digits_from = (uint8_t)(number.at[i] - '0') > 9 ? i + 1 : read.digits_from;
	return read;
}

static bool plain_begins(const struct pattern_plain *row, const struct plain_number *number)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)row);
	uint32_t equal = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, number->first));
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

bool pattern_plain_find(uint32_t *id, const struct pattern_plain *row, uint32_t count, uint32_t from,
			struct span number)
{
	struct plain_number read = plain_read(number);

	for (uint32_t i = 0; i < count; i++)
		if (plain_begins(&row[i], &read) && plain_ends(&row[i], &read) && row[i].id >= from) {
			*id = row[i].id;
			return true;
		}
	return false;
}
