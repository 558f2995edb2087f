#include "model_reader.h"

#include <stdarg.h>

/* ---- places and problems ---- */

static struct model_place place_of_mark(const struct fy_mark *mark)
{
	return mark ? (struct model_place){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1}
		    : (struct model_place){0};
}

static struct fy_token *event_token(const struct fy_event *event)
{
	switch (event->type) {
	case FYET_SCALAR:
		return event->scalar.value;
	case FYET_MAPPING_START:
		return event->mapping_start.mapping_start;
	case FYET_SEQUENCE_START:
		return event->sequence_start.sequence_start;
	case FYET_ALIAS:
		return event->alias.anchor;
	case FYET_DOCUMENT_START:
		return event->document_start.document_start;
	default:
		return NULL;
	}
}

struct model_place model_reader_place(const struct fy_event *event, struct model_place otherwise)
{
	struct fy_token *token = event_token(event);
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
	if (!mark)
		return otherwise;
	struct model_place place = place_of_mark(mark);
	/* libfyaml marks the text behind the quote or the asterisk; people look for these. */
	if (place.column > 1 && event->type == FYET_ALIAS)
		place.column--;
	if (place.column > 1 && event->type == FYET_SCALAR) {
		enum fy_scalar_style style = fy_token_scalar_style(token);
		place.column -= style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
	}
	return place;
}

void model_reader_report(const struct model_reader *reader, struct model_place at, const char *key, const char *format,
			 ...)
{
	char message[500];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	struct problem_place place = {reader->file_name, reader->text.at, reader->text.length, at.line, at.column};
	problem_add_at(reader->problems, &place, key, "%s", message);
}

/* ---- events ---- */

bool model_reader_advance(struct model_reader *reader)
{
	if (reader->event)
		reader->last = model_reader_place(reader->event, reader->last);
	fy_parser_event_free(reader->parser, reader->event);
	reader->event = fy_parser_parse(reader->parser);
	return reader->event != NULL;
}

void model_reader_skip(struct model_reader *reader)
{
	uint64_t depth = 0;
	do {
		if (reader->event->type == FYET_MAPPING_START || reader->event->type == FYET_SEQUENCE_START)
			depth++;
		else if (reader->event->type == FYET_MAPPING_END || reader->event->type == FYET_SEQUENCE_END)
			depth--;
	} while (depth > 0 && model_reader_advance(reader));
}

const char *model_reader_words(const struct fy_event *event)
{
	switch (event->type) {
	case FYET_MAPPING_START:
		return "a mapping";
	case FYET_SEQUENCE_START:
		return "a list";
	case FYET_ALIAS:
		return "an alias";
	default:
		return "a single value";
	}
}

static struct fy_token *tag_token(const struct fy_event *event)
{
	switch (event->type) {
	case FYET_SCALAR:
		return event->scalar.tag;
	case FYET_MAPPING_START:
		return event->mapping_start.tag;
	case FYET_SEQUENCE_START:
		return event->sequence_start.tag;
	default:
		return NULL;
	}
}

bool model_reader_is_tagged(const struct fy_event *event)
{
	return tag_token(event) != NULL;
}

bool model_reader_check(struct model_reader *reader, const char *key, struct model_place place)
{
	if (reader->event->type == FYET_ALIAS) {
		model_reader_report(reader, place, key,
				    "is an alias: aliases are not taken here, write the value itself");
		return false;
	}
	struct fy_token *tag = tag_token(reader->event);
	if (tag) {
		const struct fy_mark *mark = fy_token_start_mark(tag);
		model_reader_report(reader, mark ? place_of_mark(mark) : place, key,
				    "has a YAML tag: tags are not taken here, remove it");
		return false;
	}
	return true;
}

/* ---- scalars ---- */

/* One blank for a line break and the blanks around it, one break less for several (YAML 1.2, 6.5). Result: what it
 * wrote is behind *to. */
static struct span fold_breaks(struct span raw, char **to)
{
	uint32_t breaks = 0;
	while (raw.length > 0 && strchr(" \t\r\n", raw.at[0])) {
		breaks += raw.at[0] == '\n';
		raw = span_skip(raw, 1);
	}
	if (breaks == 1)
		*(*to)++ = ' ';
	for (uint32_t i = 1; i < breaks; i++)
		*(*to)++ = '\n';
	return raw;
}

static bool begins_with_break(struct span raw)
{
	uint32_t i = 0;
	while (i < raw.length && (raw.at[i] == ' ' || raw.at[i] == '\t' || raw.at[i] == '\r'))
		i++;
	return i < raw.length && raw.at[i] == '\n';
}

/* What stands between single quotes. The result is never longer than the source. */
static uint32_t unquote(char *text, struct span raw)
{
	char *to = text;
	while (raw.length > 0) {
		if (begins_with_break(raw)) {
			raw = fold_breaks(raw, &to);
			continue;
		}
		*to++ = raw.at[0];
		raw = span_skip(raw, raw.at[0] == '\'' && raw.length > 1 ? 2 : 1);
	}
	return (uint32_t)(to - text);
}

/* The bytes of the document between the quotes; empty when the marks do not say. */
static struct span raw_text(const struct model_reader *reader, struct fy_token *token)
{
	const struct fy_mark *start = fy_token_start_mark(token), *end = fy_token_end_mark(token);
	bool is_marked = start && end && start->input_pos > 0 && start->input_pos <= end->input_pos &&
			 end->input_pos < reader->text.length && reader->text.at[start->input_pos - 1] == '\'' &&
			 reader->text.at[end->input_pos] == '\'';
	return is_marked ? span_make(reader->text.at + start->input_pos, end->input_pos - start->input_pos)
			 : (struct span){0};
}

/*
 * libfyaml 0.7.12 reads 'a''''b' as a''' and loses the b, and memory with it: two quotes in a row are decoded here.
 * Result: false when there are none.
 */
static bool read_quotes(struct model_reader *reader, struct model_scalar *scalar)
{
	struct span raw = raw_text(reader, reader->event->scalar.value);
	if (!raw.at)
		return false;
	char *text = arena_take(&reader->model->arena, raw.length + 1);
	if (text)
		scalar->text = span_make(text, unquote(text, raw));
	else
		reader->status = STATUS_NO_MEMORY;
	return true;
}

struct model_scalar model_reader_scalar(struct model_reader *reader)
{
	struct fy_token *token = reader->event->scalar.value;
	struct model_scalar scalar = {.text = {"", 0}, .is_plain = true};
	if (!token)
		return scalar;
	enum fy_scalar_style style = fy_token_scalar_style(token);
	scalar.is_plain = style == FYSS_PLAIN;
	if (style == FYSS_SINGLE_QUOTED && read_quotes(reader, &scalar))
		return scalar;
	size_t length = 0;
	const char *text = fy_token_get_text(token, &length);
	if (text)
		scalar.text = span_make(text, length);
	return scalar;
}

bool model_reader_is_null(const struct model_scalar *scalar)
{
	return scalar->is_plain && (scalar->text.length == 0 || span_equals(scalar->text, SPAN_LITERAL("~")) ||
				    span_equals_nocase(scalar->text, SPAN_LITERAL("null")));
}

bool model_reader_take_scalar(struct model_scalar *scalar, struct model_reader *reader, const char *key,
			      struct model_place place, const char *wanted)
{
	if (!model_reader_check(reader, key, place))
		return false;
	if (reader->event->type != FYET_SCALAR) {
		model_reader_report(reader, place, key, "must be %s, not %s", wanted,
				    model_reader_words(reader->event));
		return false;
	}
	*scalar = model_reader_scalar(reader);
	if (model_reader_is_null(scalar)) {
		model_reader_report(reader, place, key, "has no value: must be %s", wanted);
		return false;
	}
	return true;
}
