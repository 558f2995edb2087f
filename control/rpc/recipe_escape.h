/*
 * recipe_escape.h - values as the configuration of a PBX wants them written.
 */
#ifndef AMITY_RECIPE_ESCAPE_H
#define AMITY_RECIPE_ESCAPE_H

#include <stdbool.h>
#include <stdio.h>

#include "span.h"

enum recipe_syntax {
	RECIPE_SYNTAX_TEXT,		  /* comments, and values of letters and digits: as it is */
	RECIPE_SYNTAX_ASTERISK,		  /* a value in *.conf: ';' begins a comment, blanks around it are cut */
	RECIPE_SYNTAX_ASTERISK_SECTION,	  /* [name]: some are Asterisk's own */
	RECIPE_SYNTAX_ASTERISK_EXTENSION, /* exten => name: '_' begins a pattern */
	RECIPE_SYNTAX_ASTERISK_DIAL,	  /* within the argument of Dial() */
	RECIPE_SYNTAX_XML,		  /* an attribute; FreeSWITCH looks for $${variables} before it parses it */
	RECIPE_SYNTAX_XML_COMMENT,	  /* "--" would end it */
	RECIPE_SYNTAX_DB_TEXT,		  /* a column of Kamailio's db_text */
};

/*
 * Writes `value`, printable UTF-8 without control characters. Result: NULL, or why the syntax cannot hold it, in plain
 * words (a literal). Thread: any.
 */
const char *recipe_escape_put(FILE *out, enum recipe_syntax syntax, struct span value);

#endif
