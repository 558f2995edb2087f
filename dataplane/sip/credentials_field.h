/*
 * credentials_field.h - which field of Digest credentials a name is (RFC 7616 3.4), for credentials_parse.c: a place
 * that its first and third byte name has the one candidate, which is then compared in full.
 */
#ifndef AMITY_CREDENTIALS_FIELD_H
#define AMITY_CREDENTIALS_FIELD_H

#include <stddef.h>

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
#define CREDENTIALS_FIELD_FIND_BYTES (CREDENTIALS_FIELD_NAME_BYTES + 1)

/*
 * What makes a word of `name=` the same for every spelling: the letters' bit of case is set, and all bits of what is
 * behind. Names are of letters alone: only a letter has the other bits of one.
 */
struct credentials_field_name {
	_Alignas(32) char fold[CREDENTIALS_FIELD_WORD_BYTES];
	char folded[CREDENTIALS_FIELD_WORD_BYTES];
	char last[2]; /* the last letter and '='; zeros: no name has this place */
	uint8_t last_at;
	uint8_t field; /* enum credentials_field */
};

#define CREDENTIALS_FIELD_FOLD_2 "\x20\x20\0\xff\xff\xff\xff\xff"
#define CREDENTIALS_FIELD_FOLD_3 "\x20\x20\x20\0\xff\xff\xff\xff"
#define CREDENTIALS_FIELD_FOLD_5 "\x20\x20\x20\x20\x20\0\xff\xff"
#define CREDENTIALS_FIELD_FOLD_6 "\x20\x20\x20\x20\x20\x20\0\xff"
#define CREDENTIALS_FIELD_FOLD_8 "\x20\x20\x20\x20\x20\x20\x20\x20" /* and longer */

/* Whatever the case is: its bit does not count. Two names in one place would not compile. */
#define CREDENTIALS_FIELD_PLACE(first, third) (((uint32_t)(first) + (third)) % CREDENTIALS_FIELD_PLACES)

static const struct credentials_field_name credentials_field_names[CREDENTIALS_FIELD_PLACES] = {
	[CREDENTIALS_FIELD_PLACE('u', 'e')] = {CREDENTIALS_FIELD_FOLD_8, "username", "e=", 7,
					       CREDENTIALS_FIELD_USERNAME},
	[CREDENTIALS_FIELD_PLACE('r', 'a')] = {CREDENTIALS_FIELD_FOLD_5, "realm=\xff\xff", "m=", 4,
					       CREDENTIALS_FIELD_REALM},
	[CREDENTIALS_FIELD_PLACE('n', 'n')] = {CREDENTIALS_FIELD_FOLD_5, "nonce=\xff\xff", "e=", 4,
					       CREDENTIALS_FIELD_NONCE},
	[CREDENTIALS_FIELD_PLACE('u', 'i')] = {CREDENTIALS_FIELD_FOLD_3, "uri=\xff\xff\xff\xff", "i=", 2,
					       CREDENTIALS_FIELD_URI},
	[CREDENTIALS_FIELD_PLACE('r', 's')] = {CREDENTIALS_FIELD_FOLD_8, "response", "e=", 7,
					       CREDENTIALS_FIELD_RESPONSE},
	[CREDENTIALS_FIELD_PLACE('c', 'o')] = {CREDENTIALS_FIELD_FOLD_6, "cnonce=\xff", "e=", 5,
					       CREDENTIALS_FIELD_CNONCE},
	[CREDENTIALS_FIELD_PLACE('q', 'p')] = {CREDENTIALS_FIELD_FOLD_3, "qop=\xff\xff\xff\xff", "p=", 2,
					       CREDENTIALS_FIELD_QOP},
	[CREDENTIALS_FIELD_PLACE('n', '=')] = {CREDENTIALS_FIELD_FOLD_2, "nc=\xff\xff\xff\xff\xff", "c=", 1,
					       CREDENTIALS_FIELD_NC},
	[CREDENTIALS_FIELD_PLACE('o', 'a')] = {CREDENTIALS_FIELD_FOLD_6, "opaque=\xff", "e=", 5,
					       CREDENTIALS_FIELD_OPAQUE},
	[CREDENTIALS_FIELD_PLACE('a', 'g')] = {CREDENTIALS_FIELD_FOLD_8, "algorith", "m=", 8,
					       CREDENTIALS_FIELD_ALGORITHM},
};

/* Of `name=`, with a '=' at once behind it. Reads CREDENTIALS_FIELD_FIND_BYTES. Result: NULL when it is another name.
 */
static inline const struct credentials_field_name *credentials_field_find(const char *at)
{
	uint64_t word, fold, folded;
	uint16_t last, known_last;

	memcpy(&word, at, sizeof(word));
	const struct credentials_field_name *name = &credentials_field_names[CREDENTIALS_FIELD_PLACE(word, word >> 16)];
	memcpy(&fold, name->fold, sizeof(fold));
	memcpy(&folded, name->folded, sizeof(folded));
	if ((word | fold) != folded)
		return NULL;
	memcpy(&last, at + name->last_at, sizeof(last));
	memcpy(&known_last, name->last, sizeof(known_last));
	return (last | 0x20) == known_last ? name : NULL;
}

/* The same for a name with white space or the end behind it. */
static inline enum credentials_field credentials_field_find_alone(struct span name)
{
	char text[CREDENTIALS_FIELD_FIND_BYTES] = {0};

	if (name.length == 0 || name.length > CREDENTIALS_FIELD_NAME_BYTES)
		return CREDENTIALS_FIELD_COUNT;
	memcpy(text, name.at, name.length);
	text[name.length] = '=';
	const struct credentials_field_name *found = credentials_field_find(text);
	return found && found->last_at + 1u == name.length ? (enum credentials_field)found->field
							   : CREDENTIALS_FIELD_COUNT;
}

#endif
