#include "recipe_escape.h"

#include <string.h>

/* What stands for a character; "" when it stands for itself. */
struct replacement {
	char character;
	const char *text;
};

static const struct replacement asterisk[] = {{';', "\\;"}, {0}};
static const struct replacement xml[] = {
	{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}, {'$', "&#36;"}, {0}};
static const struct replacement db_text[] = {{':', "\\:"}, {'\\', "\\\\"}, {0}};

static const struct replacement as_it_is[] = {{0}};

static const struct replacement *const replacements[] = {
	[RECIPE_SYNTAX_TEXT] = as_it_is,
	[RECIPE_SYNTAX_ASTERISK_SECTION] = as_it_is,
	[RECIPE_SYNTAX_ASTERISK_EXTENSION] = as_it_is,
	[RECIPE_SYNTAX_ASTERISK_DIAL] = as_it_is,
	[RECIPE_SYNTAX_ASTERISK] = asterisk,
	[RECIPE_SYNTAX_XML] = xml,
	[RECIPE_SYNTAX_DB_TEXT] = db_text,
};

/* Values that mean something else to Asterisk. */
struct reserved {
	const char *value, *why;
};

static const struct reserved sections[] = {
	{"general", "Asterisk keeps its own settings in the section [general]"},
	{"authentication", "chan_sip keeps passwords for calls in the section [authentication]"},
	{"anonymous", "chan_pjsip takes calls from unknown callers with the endpoint [anonymous]"},
	{0}};
static const struct reserved extensions[] = {{"h", "Asterisk runs the extension h when a call has ended"}, {0}};

static const char *why_reserved(const struct reserved *reserved, struct span value)
{
	while (reserved->value && !span_equals_nocase(value, span_of_text(reserved->value)))
		reserved++;
	return reserved->why;
}

static bool has_one_of(struct span value, const char *characters)
{
	for (uint32_t i = 0; i < value.length; i++)
		if (strchr(characters, value.at[i]))
			return true;
	return false;
}

/* Result: NULL: the syntax can hold the value. */
static const char *why_not(enum recipe_syntax syntax, struct span value)
{
	if (value.length == 0)
		return NULL;
	switch (syntax) {
	case RECIPE_SYNTAX_ASTERISK:
		if (value.at[0] == ' ' || value.at[value.length - 1] == ' ')
			return "Asterisk cuts blanks at the beginning and at the end of a value";
		return NULL;
	case RECIPE_SYNTAX_ASTERISK_SECTION:
		return why_reserved(sections, value);
	case RECIPE_SYNTAX_ASTERISK_EXTENSION:
		if (value.at[0] == '_')
			return "Asterisk takes an extension that begins with _ for a pattern, and calls do not reach "
			       "it";
		return why_reserved(extensions, value);
	case RECIPE_SYNTAX_ASTERISK_DIAL:
		return has_one_of(value, "&!") ? "Dial() of Asterisk gives & and ! meanings of their own" : NULL;
	case RECIPE_SYNTAX_TEXT:
	case RECIPE_SYNTAX_XML:
	case RECIPE_SYNTAX_XML_COMMENT:
	case RECIPE_SYNTAX_DB_TEXT:
		break;
	}
	return NULL;
}

static void put_replaced(FILE *out, const struct replacement *replacement, struct span value)
{
	for (uint32_t i = 0; i < value.length; i++) {
		const struct replacement *found = replacement;
		while (found->character && found->character != value.at[i])
			found++;
		if (found->character)
			fputs(found->text, out);
		else
			fputc(value.at[i], out);
	}
}

static void put_comment(FILE *out, struct span value)
{
	for (uint32_t i = 0; i < value.length; i++) {
		if (i > 0 && value.at[i - 1] == '-' && value.at[i] == '-')
			fputc(' ', out);
		fputc(value.at[i], out);
	}
}

const char *recipe_escape_put(FILE *out, enum recipe_syntax syntax, struct span value)
{
	const char *why = why_not(syntax, value);

	if (why)
		return why;
	if (syntax == RECIPE_SYNTAX_XML_COMMENT)
		put_comment(out, value);
	else
		put_replaced(out, replacements[syntax], value);
	return NULL;
}
