/*
 * credentials_field.h - which field of Digest credentials a name is (RFC 7616 3.4), for credentials_parse.c and
 * credentials_avx2.c: the place that its third byte names has the one candidate, which is then compared in full.
 */
#ifndef AMITY_CREDENTIALS_FIELD_H
#define AMITY_CREDENTIALS_FIELD_H

#include <stddef.h>

#include "byte_block.h"

/* Those with a text are in the order of struct digest_credentials. */
enum credentials_field {
	CREDENTIALS_FIELD_USERNAME,
	CREDENTIALS_FIELD_REALM,
	CREDENTIALS_FIELD_NONCE,
	CREDENTIALS_FIELD_URI,
	CREDENTIALS_FIELD_RESPONSE,
	CREDENTIALS_FIELD_CNONCE,
	CREDENTIALS_FIELD_QOP,
	CREDENTIALS_FIELD_NC,
	CREDENTIALS_FIELD_OPAQUE,
	CREDENTIALS_FIELD_ALGORITHM,
	CREDENTIALS_FIELD_COUNT /* of a name that means nothing here */
};

#define CREDENTIALS_FIELD_BIT(field) (1u << (field))

#define CREDENTIALS_FIELD_PLACES 32
#define CREDENTIALS_FIELD_BYTES	 16

/* A field as clients begin it: `name="`, or `name=` of those that most write without quotes. */
struct credentials_field_name {
	_Alignas(64) char text[CREDENTIALS_FIELD_BYTES]; /* in upper case */
	uint8_t counts[CREDENTIALS_FIELD_BYTES];	 /* bits that do: not the case of letters, nor what is behind */
	uint64_t tally;					 /* what it adds to enum credentials_field_tally */
	uint8_t length;					 /* of the text */
	uint8_t name_length;
	uint8_t field; /* enum credentials_field */
	bool is_quoted;
};

/*
 * Sums of a header of less than 64 KiB: CREDENTIALS_FIELD_BIT of each field, of which those that are there once keep
 * their bits; how many fields; how many quotes.
 */
enum credentials_field_tally {
	CREDENTIALS_FIELD_TALLY_COUNT = 32,
	CREDENTIALS_FIELD_TALLY_QUOTES = 48,
};

#define CREDENTIALS_FIELD_TALLY(field, quotes)                                                                         \
	(CREDENTIALS_FIELD_BIT(field) | 1ull << CREDENTIALS_FIELD_TALLY_COUNT |                                        \
	 (uint64_t)(quotes) << CREDENTIALS_FIELD_TALLY_QUOTES)

#define CREDENTIALS_FIELD_COUNTS(letters, length)                                                                      \
	{                                                                                                              \
		[0 ...(letters) - 1] = 0xdf, [letters...(length) - 1] = 0xff                                           \
	}
#define CREDENTIALS_FIELD_QUOTED(count, name, field)                                                                   \
	{                                                                                                              \
		name "=\"", CREDENTIALS_FIELD_COUNTS(count, (count) + 2), CREDENTIALS_FIELD_TALLY(field, 2),           \
			(count) + 2, count, field, true                                                                \
	}
#define CREDENTIALS_FIELD_PLAIN(count, name, field)                                                                    \
	{                                                                                                              \
		name "=", CREDENTIALS_FIELD_COUNTS(count, (count) + 1), CREDENTIALS_FIELD_TALLY(field, 0),             \
			(count) + 1, count, field, false                                                               \
	}
/* What its third byte says goes to another place. */
#define CREDENTIALS_FIELD_NONE                                                                                         \
	{                                                                                                              \
		.text = "--A", .counts = { [0 ... CREDENTIALS_FIELD_BYTES - 1] = 0xff }                                \
	}

/* Whatever the case is: its bit does not count. Two names in one place would not compile. */
#define CREDENTIALS_FIELD_PLACE(third) ((third) % CREDENTIALS_FIELD_PLACES)

/* The place of `opaque` is taken: challenges of ours have none, so that it is seldom sent. */
static const struct credentials_field_name credentials_field_names[CREDENTIALS_FIELD_PLACES] = {
	[0] = CREDENTIALS_FIELD_NONE,
	[CREDENTIALS_FIELD_PLACE('a')] = CREDENTIALS_FIELD_QUOTED(5, "REALM", CREDENTIALS_FIELD_REALM),
	[2 ... 4] = CREDENTIALS_FIELD_NONE,
	[CREDENTIALS_FIELD_PLACE('e')] = CREDENTIALS_FIELD_QUOTED(8, "USERNAME", CREDENTIALS_FIELD_USERNAME),
	[6] = CREDENTIALS_FIELD_NONE,
	[CREDENTIALS_FIELD_PLACE('g')] = CREDENTIALS_FIELD_PLAIN(9, "ALGORITHM", CREDENTIALS_FIELD_ALGORITHM),
	[8] = CREDENTIALS_FIELD_NONE,
	[CREDENTIALS_FIELD_PLACE('i')] = CREDENTIALS_FIELD_QUOTED(3, "URI", CREDENTIALS_FIELD_URI),
	[10 ... 13] = CREDENTIALS_FIELD_NONE,
	[CREDENTIALS_FIELD_PLACE('n')] = CREDENTIALS_FIELD_QUOTED(5, "NONCE", CREDENTIALS_FIELD_NONCE),
	[CREDENTIALS_FIELD_PLACE('o')] = CREDENTIALS_FIELD_QUOTED(6, "CNONCE", CREDENTIALS_FIELD_CNONCE),
	[CREDENTIALS_FIELD_PLACE('p')] = CREDENTIALS_FIELD_PLAIN(3, "QOP", CREDENTIALS_FIELD_QOP),
	[17 ... 18] = CREDENTIALS_FIELD_NONE,
	[CREDENTIALS_FIELD_PLACE('s')] = CREDENTIALS_FIELD_QUOTED(8, "RESPONSE", CREDENTIALS_FIELD_RESPONSE),
	[20 ... 28] = CREDENTIALS_FIELD_NONE,
	[CREDENTIALS_FIELD_PLACE('=')] = CREDENTIALS_FIELD_PLAIN(2, "NC", CREDENTIALS_FIELD_NC),
	[30 ... 31] = CREDENTIALS_FIELD_NONE,
};

#if defined(__SSSE3__)
/* The only field that the block can begin with; most begin in another way. */
static inline const struct credentials_field_name *credentials_field_at(__m128i block)
{
	uint32_t third = (uint32_t)_mm_extract_epi16(block, 1);
	const struct credentials_field_name *name = &credentials_field_names[CREDENTIALS_FIELD_PLACE(third)];
	__asm__("" : "+r"(name)); /* else gcc makes an address for each of its parts */
	return name;
}

/* The field that the block begins with. Result: NULL when it begins in another way, as with another name. */
static inline const struct credentials_field_name *credentials_field_find(__m128i block)
{
	const struct credentials_field_name *name = credentials_field_at(block);
	__m128i counts = _mm_and_si128(block, _mm_load_si128((const __m128i *)name->counts));
	__m128i same = _mm_cmpeq_epi8(counts, _mm_load_si128((const __m128i *)name->text));

	return _mm_movemask_epi8(same) == 0xffff ? name : NULL;
}
#endif

/* The same for a name with whatever behind it. */
static inline enum credentials_field credentials_field_find_alone(struct span name)
{
	if (span_equals_nocase(name, SPAN_LITERAL("opaque")))
		return CREDENTIALS_FIELD_OPAQUE;
	for (uint32_t i = 0; i < CREDENTIALS_FIELD_PLACES; i++) {
		const struct credentials_field_name *row = &credentials_field_names[i];
		if (row->length && span_equals_nocase(name, span_make(row->text, row->name_length)))
			return (enum credentials_field)row->field;
	}
	return CREDENTIALS_FIELD_COUNT;
}

#endif
