#include "recipe_escape.h"

/* What stands for a character; "" when it stands for itself. */
struct replacement {
	char character;
	const char *text;
};

static const struct replacement asterisk[] = {{';', "\\;"}, {0}};
static const struct replacement xml[] = {
	{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}, {'$', "&#36;"}, {0}};
static const struct replacement db_text[] = {{':', "\\:"}, {'\\', "\\\\"}, {0}};

static const struct replacement *const replacements[] = {
	[RECIPE_SYNTAX_ASTERISK] = asterisk,
	[RECIPE_SYNTAX_XML] = xml,
	[RECIPE_SYNTAX_DB_TEXT] = db_text,
};

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
	bool has_blank_around = value.length && (value.at[0] == ' ' || value.at[value.length - 1] == ' ');

	switch (syntax) {
	case RECIPE_SYNTAX_TEXT:
		fwrite(value.at, 1, value.length, out);
		return NULL;
	case RECIPE_SYNTAX_XML_COMMENT:
		put_comment(out, value);
		return NULL;
	case RECIPE_SYNTAX_ASTERISK:
		if (has_blank_around)
			return "Asterisk cuts blanks at the beginning and at the end of a value";
		break;
	case RECIPE_SYNTAX_XML:
	case RECIPE_SYNTAX_DB_TEXT:
		break;
	}
	put_replaced(out, replacements[syntax], value);
	return NULL;
}
