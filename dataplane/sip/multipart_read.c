#include "multipart_read.h"

#include "lexis.h"

/* A boundary that should be quoted and is not: "boundary=--=_17", up to white space or the next parameter. */
static struct span extend_value(struct span value, const char *end)
{
	const char *at = value.at;
	while (at < end && *at != ';' && !lexis_is(*at, LEXIS_WHITE))
		at++;
	return lexis_span(value.at, at);
}

static struct span find_boundary(struct span parameters)
{
	const char *at = parameters.at, *end = at + parameters.length;
	struct lexis_parameter parameter;
	for (at = lexis_skip_white(at, end); at < end && *at == ';';) {
		at = lexis_take_parameter(&parameter, at + 1, end);
		if (at == NULL)
			break;
		if (!span_equals_nocase(parameter.name, SPAN_LITERAL("boundary")) || parameter.value.length == 0)
			continue;
		if (*parameter.value.at == '"')
			return span_make(parameter.value.at + 1, parameter.value.length - 2);
		return extend_value(parameter.value, end);
	}
	return (struct span){0};
}

enum delimiter { DELIMITER_NONE, DELIMITER_NEXT, DELIMITER_LAST };

/* "--boundary" or "--boundary--", with white space behind it. */
static enum delimiter find_delimiter(struct span line, struct span boundary)
{
	enum delimiter found = DELIMITER_NEXT;
	if (!span_starts_with(line, SPAN_LITERAL("--")) || !span_starts_with(span_skip(line, 2), boundary))
		return DELIMITER_NONE;
	line = span_skip(line, 2 + boundary.length);
	if (span_starts_with(line, SPAN_LITERAL("--"))) {
		found = DELIMITER_LAST;
		line = span_skip(line, 2);
	}
	return span_trim(line).length ? DELIMITER_NONE : found;
}

bool multipart_read_begin(struct multipart *multipart, struct span parameters, struct span body)
{
	enum delimiter found = DELIMITER_NONE;
	struct span line;
	line_read_begin(&multipart->lines, body);
	multipart->boundary = find_boundary(parameters);
	if (multipart->boundary.length == 0)
		return false;
	while (found == DELIMITER_NONE && line_read_take(&line, &multipart->lines))
		found = find_delimiter(line, multipart->boundary);
	multipart->has_part = found == DELIMITER_NEXT;
	return found != DELIMITER_NONE;
}

/* Result: where the value of that header of the part goes, NULL when it is none that we know. */
static struct span *find_header(struct multipart_part *part, struct span name)
{
	if (span_equals_nocase(name, SPAN_LITERAL("Content-Type")) || span_equals_nocase(name, SPAN_LITERAL("c")))
		return &part->content_type;
	if (span_equals_nocase(name, SPAN_LITERAL("Content-Encoding")) || span_equals_nocase(name, SPAN_LITERAL("e")))
		return &part->content_encoding;
	if (span_equals_nocase(name, SPAN_LITERAL("Content-Transfer-Encoding")))
		return &part->transfer_encoding;
	return NULL;
}

/* Takes a header line. `value` is where the one before it went; a folded line makes that longer. Result: where this one
 * goes. */
static struct span *take_header(struct multipart_part *part, struct span *value, struct span line)
{
	const char *end = line.at + line.length;
	if (*line.at == ' ' || *line.at == '\t') {
		if (value != NULL)
			*value = span_trim(lexis_span(value->at, end));
		return value;
	}
	const char *colon = memchr(line.at, ':', line.length);
	if (colon == NULL)
		return NULL;
	value = find_header(part, span_trim(lexis_span(line.at, colon)));
	if (value != NULL)
		*value = span_trim(lexis_span(colon + 1, end));
	return value;
}

/* Up to the empty line. Result: the delimiter that came before it, if one did. */
static enum delimiter take_headers(struct multipart_part *part, struct multipart *multipart)
{
	struct span line, *value = NULL;
	while (line_read_take(&line, &multipart->lines) && line.length) {
		enum delimiter found = find_delimiter(line, multipart->boundary);
		if (found != DELIMITER_NONE)
			return found;
		value = take_header(part, value, line);
	}
	return DELIMITER_NONE;
}

/* The line end before a delimiter is the delimiter's. */
static struct span cut_line_end(const char *from, const char *to)
{
	if (to > from && to[-1] == '\n')
		to--;
	if (to > from && to[-1] == '\r')
		to--;
	return lexis_span(from, to);
}

bool multipart_read_part(struct multipart_part *part, struct multipart *multipart)
{
	struct span line;
	if (!multipart->has_part)
		return false;
	*part = (struct multipart_part){0};
	enum delimiter found = take_headers(part, multipart);
	const char *from = multipart->lines.next;
	part->body = lexis_span(from, found == DELIMITER_NONE ? multipart->lines.end : from);
	while (found == DELIMITER_NONE && line_read_take(&line, &multipart->lines)) {
		found = find_delimiter(line, multipart->boundary);
		if (found != DELIMITER_NONE)
			part->body = cut_line_end(from, line.at);
	}
	multipart->has_part = found == DELIMITER_NEXT;
	return true;
}
