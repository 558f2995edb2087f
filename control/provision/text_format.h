/*
 * text_format.h - what a text of provisioning may look like. One row a format.
 *
 * Thread: any.
 */
#ifndef AMITY_TEXT_FORMAT_H
#define AMITY_TEXT_FORMAT_H

#include "span.h"

enum text_format {
	TEXT_FORMAT_LABEL,	 /* printable UTF-8 without blanks around it */
	TEXT_FORMAT_DISPLAY,	 /* the same, without " and \ : goes into a quoted string */
	TEXT_FORMAT_DESCRIPTION, /* printable UTF-8 */
	TEXT_FORMAT_PASSWORD,	 /* printable UTF-8 */
	TEXT_FORMAT_NAME,	 /* A-Z a-z 0-9 _ * - . */
	TEXT_FORMAT_SIP_USER,	 /* user part of a URI that needs no escaping */
	TEXT_FORMAT_DOMAIN,	 /* host name */
	TEXT_FORMAT_HOST,	 /* host name, IPv4 or [IPv6] */
	TEXT_FORMAT_DIGITS,
	TEXT_FORMAT_COUNTRY,   /* ISO 3166-1 alpha-2, known to the country table */
	TEXT_FORMAT_EXTENSION, /* first a digit */
	TEXT_FORMAT_DIALLED,   /* digits, letters, * # and a leading + */
	TEXT_FORMAT_E164,
	TEXT_FORMAT_PATTERN,
	TEXT_FORMAT_ADDRESS,
	TEXT_FORMAT_PREFIX,
	TEXT_FORMAT_CODEC, /* of codecs.def, without case */
	TEXT_FORMAT_COUNT,
};

#define TEXT_FORMAT_WHY_BYTES 256

/* Result: false with the reason in plain words in `why`. */
bool text_format_check(enum text_format format, struct span text, char why[TEXT_FORMAT_WHY_BYTES]);

/* A text that fits, in the spelling in which it is kept and exported. Result: `text`, or a constant. */
struct span text_format_spell(enum text_format format, struct span text);

/* What a text of the format is, in plain words. */
const char *text_format_words(enum text_format format);

/* Valid UTF-8 without control characters and line separators. Thread: any. */
bool text_format_is_printable(struct span text);

#endif
