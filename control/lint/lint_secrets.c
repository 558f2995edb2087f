#include "lint_secrets.h"

#include <stdlib.h>
#include <string.h>

/* The copy, and where its lines begin. */
struct striking {
	char *text;
	uint32_t length;
	uint32_t *line; /* [line_count] */
	uint32_t line_count;
};

static bool index_lines(struct striking *striking)
{
	uint32_t count = 1;
	for (uint32_t i = 0; i < striking->length; i++)
		count += striking->text[i] == '\n';
	striking->line = malloc(count * sizeof(*striking->line));
	if (!striking->line)
		return false;
	striking->line[striking->line_count++] = 0;
	for (uint32_t i = 0; i < striking->length; i++)
		if (striking->text[i] == '\n')
			striking->line[striking->line_count++] = i + 1;
	return true;
}

/* ---- where a password stands ---- */

static bool is_inside_character(char byte)
{
	return (byte & 0xc0) == 0x80;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* From a place to the end of the document; empty when there is no such place. */
static struct span find_place(const struct striking *striking, struct model_place place)
{
	if (place.line == 0 || place.line > striking->line_count)
		return (struct span){0};
	uint32_t at = striking->line[place.line - 1];
	for (uint32_t column = 1; column < place.column && at < striking->length; column++) {
		at++;
		while (at < striking->length && is_inside_character(striking->text[at]))
			at++;
	}
	return span_make(striking->text + at, striking->length - at);
}

static struct span skip_blanks(struct span text)
{
	while (text.length && is_blank(text.at[0]))
		text = span_skip(text, 1);
	return text;
}

/* How many bytes it takes where it is written as it is, but for line breaks, which are blanks then; 0: it is not. */
static uint32_t measure_plain(struct span source, struct span password)
{
	struct span rest = source;
	for (password = skip_blanks(password); password.length; password = skip_blanks(span_skip(password, 1))) {
		struct span next = skip_blanks(rest);
		if (!next.length || next.at[0] != password.at[0])
			return 0;
		rest = span_skip(next, 1);
	}
	return source.length - rest.length;
}

/* Both quotes are counted; 0: there are none. */
static uint32_t measure_quoted(struct span source)
{
	char quote = source.length ? source.at[0] : '\0';
	if (quote != '\'' && quote != '"')
		return 0;
	for (uint32_t i = 1; i < source.length; i++) {
		bool is_pair = quote == '"'
				       ? source.at[i] == '\\'
				       : source.at[i] == quote && i + 1 < source.length && source.at[i + 1] == quote;
		if (is_pair)
			i++;
		else if (source.at[i] == quote)
			return i + 1;
	}
	return 0;
}

/* ---- striking out ---- */

/* Characters stay as many bytes as they were, and lines stay lines. */
static void strike(char *at, uint32_t length)
{
	static const char *const struck[] = {"*", "*", "\u00b7", "\u2022", "\U0001f512"};
	for (uint32_t i = 0; i < length;) {
		uint32_t bytes = 1;
		while (i + bytes < length && bytes < 4 && is_inside_character(at[i + bytes]))
			bytes++;
		if (at[i] != '\n' && at[i] != '\r')
			memcpy(at + i, struck[bytes], bytes);
		i += bytes;
	}
}

/* Result: false when it is not there. */
static bool hide(const struct striking *striking, const struct model_text *password)
{
	if (!password->text || password->length == 0)
		return true;
	struct span source = find_place(striking, password->place);
	uint32_t plain = measure_plain(source, model_span(password)), quoted = measure_quoted(source);
	if (plain == 0 && quoted == 0)
		return false;
	/* What begins with a quote may be either: then all is struck out that it could be. */
	char *at = striking->text + (source.at - striking->text);
	if (plain)
		strike(at, plain > quoted ? plain : quoted);
	else
		strike(at + 1, quoted - 2);
	return true;
}

static bool hide_all(const struct striking *striking, const struct model *model)
{
	bool are_hidden = true;
	for (uint32_t i = 0; i < model->companies.count; i++) {
		const struct model_company *company = &model_companies(model)[i];
		for (uint32_t j = 0; j < company->users.count; j++)
			are_hidden &= hide(striking, &model_users(company)[j].endpoint.password);
		for (uint32_t j = 0; j < company->friends.count; j++)
			are_hidden &= hide(striking, &model_friends(company)[j].endpoint.password);
	}
	return are_hidden;
}

char *lint_secrets_strike(struct span text, const struct model *model)
{
	struct striking striking = {.text = malloc((size_t)text.length + 1), .length = text.length};
	if (!striking.text)
		return NULL;
	memcpy(striking.text, text.at, text.length);
	striking.text[text.length] = '\0';
	bool is_clean = index_lines(&striking) && hide_all(&striking, model);
	free(striking.line);
	if (is_clean)
		return striking.text;
	free(striking.text);
	return NULL;
}
