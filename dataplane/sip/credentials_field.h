/*
 * credentials_field.h - which field of Digest credentials a name is (RFC 7616 3.4), for credentials_parse.c: the place
 * that its third byte names has the one candidate, which is then compared in full.
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
	_Alignas(64) char text[CREDENTIALS_FIELD_BYTES]; /* in lower case */
	char case_bits[CREDENTIALS_FIELD_BYTES];	 /* 0x20 where `text` has a letter */
	uint16_t behind;				 /* bit n: byte n is behind the text */
	uint16_t bit;					 /* CREDENTIALS_FIELD_BIT */
	uint8_t length;					 /* of the text */
	uint8_t name_length;
	uint8_t field; /* enum credentials_field */
	bool is_quoted;
};

#define CREDENTIALS_FIELD_CASE_2 "\x20\x20"
#define CREDENTIALS_FIELD_CASE_3 CREDENTIALS_FIELD_CASE_2 "\x20"
#define CREDENTIALS_FIELD_CASE_5 CREDENTIALS_FIELD_CASE_3 CREDENTIALS_FIELD_CASE_2
#define CREDENTIALS_FIELD_CASE_6 CREDENTIALS_FIELD_CASE_5 "\x20"
#define CREDENTIALS_FIELD_CASE_8 CREDENTIALS_FIELD_CASE_6 CREDENTIALS_FIELD_CASE_2
#define CREDENTIALS_FIELD_CASE_9 CREDENTIALS_FIELD_CASE_8 "\x20"

#define CREDENTIALS_FIELD_BEHIND(length) ((uint16_t)(0xffffu << (length)))

#define CREDENTIALS_FIELD_QUOTED(count, name, field)                                                                   \
	{                                                                                                              \
		name "=\"", CREDENTIALS_FIELD_CASE_##count, CREDENTIALS_FIELD_BEHIND((count) + 2),                     \
			CREDENTIALS_FIELD_BIT(field), (count) + 2, count, field, true                                  \
	}
#define CREDENTIALS_FIELD_PLAIN(count, name, field)                                                                    \
	{                                                                                                              \
		name "=", CREDENTIALS_FIELD_CASE_##count, CREDENTIALS_FIELD_BEHIND((count) + 1),                       \
			CREDENTIALS_FIELD_BIT(field), (count) + 1, count, field, false                                 \
	}

/* Whatever the case is: its bit does not count. Two names in one place would not compile. */
#define CREDENTIALS_FIELD_PLACE(third) ((third) % CREDENTIALS_FIELD_PLACES)

/*
 * A place without a name has no bytes that are behind: only zeros would be taken for it, which go to the first place.
 * The place of `opaque` is taken: challenges of ours have none, so that it is seldom sent.
 */
static const struct credentials_field_name credentials_field_names[CREDENTIALS_FIELD_PLACES] = {
	[0] = {.text = "no name"},
	[CREDENTIALS_FIELD_PLACE('e')] = CREDENTIALS_FIELD_QUOTED(8, "username", CREDENTIALS_FIELD_USERNAME),
	[CREDENTIALS_FIELD_PLACE('a')] = CREDENTIALS_FIELD_QUOTED(5, "realm", CREDENTIALS_FIELD_REALM),
	[CREDENTIALS_FIELD_PLACE('n')] = CREDENTIALS_FIELD_QUOTED(5, "nonce", CREDENTIALS_FIELD_NONCE),
	[CREDENTIALS_FIELD_PLACE('i')] = CREDENTIALS_FIELD_QUOTED(3, "uri", CREDENTIALS_FIELD_URI),
	[CREDENTIALS_FIELD_PLACE('s')] = CREDENTIALS_FIELD_QUOTED(8, "response", CREDENTIALS_FIELD_RESPONSE),
	[CREDENTIALS_FIELD_PLACE('o')] = CREDENTIALS_FIELD_QUOTED(6, "cnonce", CREDENTIALS_FIELD_CNONCE),
	[CREDENTIALS_FIELD_PLACE('p')] = CREDENTIALS_FIELD_PLAIN(3, "qop", CREDENTIALS_FIELD_QOP),
	[CREDENTIALS_FIELD_PLACE('=')] = CREDENTIALS_FIELD_PLAIN(2, "nc", CREDENTIALS_FIELD_NC),
	[CREDENTIALS_FIELD_PLACE('g')] = CREDENTIALS_FIELD_PLAIN(9, "algorithm", CREDENTIALS_FIELD_ALGORITHM),
};

#if defined(__SSSE3__)
/* The field that the block begins with. Result: NULL when it begins in another way, as with another name. */
static inline const struct credentials_field_name *credentials_field_find(__m128i block)
{
	uint32_t third = (uint32_t)_mm_extract_epi16(block, 1);
	const struct credentials_field_name *name = &credentials_field_names[CREDENTIALS_FIELD_PLACE(third)];
	__asm__("" : "+r"(name)); /* else gcc makes an address for each of its parts */
	__m128i lower = _mm_or_si128(block, _mm_load_si128((const __m128i *)name->case_bits));
	uint32_t same = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(lower, _mm_load_si128((const __m128i *)name->text)));

	return (same | name->behind) == 0xffff ? name : NULL;
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
