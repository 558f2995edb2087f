/*
 * credentials_field.h - which field of Digest credentials a name is (RFC 7616 3.4), for credentials_parse.c: a place
 * that its first and third byte name has the one candidate, which is then compared in full.
 */
#ifndef AMITY_CREDENTIALS_FIELD_H
#define AMITY_CREDENTIALS_FIELD_H

#include "span.h"

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

#define CREDENTIALS_FIELD_PLACES     32
#define CREDENTIALS_FIELD_WORD_BYTES 8
#define CREDENTIALS_FIELD_NAME_BYTES 9 /* the longest */

struct credentials_field_name {
	char word[CREDENTIALS_FIELD_WORD_BYTES]; /* its first bytes, in lower case */
	uint8_t spare_bits;			 /* of that word: it has fewer bytes */
	uint8_t length;				 /* 0: no name has this place */
	char last;
	uint8_t field; /* enum credentials_field */
};

/* Whatever the case is: its bit does not count. Two names in one place would not compile. */
#define CREDENTIALS_FIELD_PLACE(first, third) (((uint32_t)(first) + (third)) % CREDENTIALS_FIELD_PLACES)

static const struct credentials_field_name credentials_field_names[CREDENTIALS_FIELD_PLACES] = {
	[CREDENTIALS_FIELD_PLACE('u', 'e')] = {"username", 0, 8, 'e', CREDENTIALS_FIELD_USERNAME},
	[CREDENTIALS_FIELD_PLACE('r', 'a')] = {"realm", 24, 5, 'm', CREDENTIALS_FIELD_REALM},
	[CREDENTIALS_FIELD_PLACE('n', 'n')] = {"nonce", 24, 5, 'e', CREDENTIALS_FIELD_NONCE},
	[CREDENTIALS_FIELD_PLACE('u', 'i')] = {"uri", 40, 3, 'i', CREDENTIALS_FIELD_URI},
	[CREDENTIALS_FIELD_PLACE('r', 's')] = {"response", 0, 8, 'e', CREDENTIALS_FIELD_RESPONSE},
	[CREDENTIALS_FIELD_PLACE('c', 'o')] = {"cnonce", 16, 6, 'e', CREDENTIALS_FIELD_CNONCE},
	[CREDENTIALS_FIELD_PLACE('q', 'p')] = {"qop", 40, 3, 'p', CREDENTIALS_FIELD_QOP},
	[CREDENTIALS_FIELD_PLACE('n', '=')] = {"nc", 48, 2, 'c', CREDENTIALS_FIELD_NC},
	[CREDENTIALS_FIELD_PLACE('o', 'a')] = {"opaque", 16, 6, 'e', CREDENTIALS_FIELD_OPAQUE},
	[CREDENTIALS_FIELD_PLACE('a', 'g')] = {"algorith", 0, 9, 'm', CREDENTIALS_FIELD_ALGORITHM},
};

/* Of `name=`, with a '=' at once behind it. Result: NULL when it is another name, or does not end before `end`. */
static inline const struct credentials_field_name *credentials_field_find(const char *at, const char *end)
{
	uint64_t word, known;

	if (end - at < CREDENTIALS_FIELD_WORD_BYTES)
		return NULL;
	memcpy(&word, at, sizeof(word));
	const struct credentials_field_name *name = &credentials_field_names[CREDENTIALS_FIELD_PLACE(word, word >> 16)];
	memcpy(&known, name->word, sizeof(known));
	/* Names are of letters alone: only a letter has the other bits of one. */
	if (((word | 0x2020202020202020ull) ^ known) << name->spare_bits != 0 || end - at <= name->length ||
	    at[name->length] != '=' || (at[name->length - 1] | 0x20) != name->last)
		return NULL;
	return name;
}

/* The same for a name with white space or the end behind it. */
static inline enum credentials_field credentials_field_find_alone(struct span name)
{
	char text[CREDENTIALS_FIELD_NAME_BYTES + CREDENTIALS_FIELD_WORD_BYTES] = {0};

	if (name.length == 0 || name.length > CREDENTIALS_FIELD_NAME_BYTES)
		return CREDENTIALS_FIELD_COUNT;
	memcpy(text, name.at, name.length);
	text[name.length] = '=';
	const struct credentials_field_name *found = credentials_field_find(text, text + sizeof(text));
	return found && found->length == name.length ? (enum credentials_field)found->field : CREDENTIALS_FIELD_COUNT;
}

#endif
