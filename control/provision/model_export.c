#include "model_export.h"

#include <stdio.h>
#include <stdlib.h>

#include "model_compare.h"

#define INDENT "  "

/* Words that YAML readers take for something other than a text. */
static const char *const reserved_words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", NULL};

static bool is_safe_plain(struct span text)
{
	for (uint32_t i = 0; reserved_words[i]; i++)
		if (span_equals_nocase(text, span_of_text(reserved_words[i])))
			return false;
	for (uint32_t i = 0; i < text.length; i++) {
		char lower = span_lower_byte(text.at[i]);
		bool is_letter = lower >= 'a' && lower <= 'z';
		bool fits = is_letter ||
			    (i > 0 && ((lower >= '0' && lower <= '9') || lower == '-' || lower == '_' || lower == '.'));
		if (!fits)
			return false;
	}
	return text.length > 0;
}

static void write_text(FILE *out, struct span text)
{
	if (is_safe_plain(text)) {
		fprintf(out, SPAN_FORMAT, SPAN_ARGUMENTS(text));
		return;
	}
	/* Single quotes need no escapes, but readers differ in how well they take quotes inside of them. */
	bool has_quote = memchr(text.at, '\'', text.length);
	char quote = has_quote ? '"' : '\'';
	fputc(quote, out);
	for (uint32_t i = 0; i < text.length; i++) {
		if (has_quote && (text.at[i] == '"' || text.at[i] == '\\'))
			fputc('\\', out);
		fputc(text.at[i], out);
	}
	fputc(quote, out);
}

static void write_texts(FILE *out, const struct model_texts *texts)
{
	fputc('[', out);
	for (uint32_t i = 0; i < texts->count; i++) {
		if (i > 0)
			fputs(", ", out);
		write_text(out, model_span(&texts->item[i]));
	}
	fputc(']', out);
}

static void write_inline(FILE *out, const struct model_schema *schema, const void *object);

static void write_objects_inline(FILE *out, const struct model_schema *schema, const struct model_list *list)
{
	fputc('[', out);
	for (uint32_t i = 0; i < list->count; i++) {
		if (i > 0)
			fputs(", ", out);
		write_inline(out, schema, (const char *)list->item + i * schema->size);
	}
	fputc(']', out);
}

static void write_value(FILE *out, const struct model_schema_row *row, const void *member)
{
	const struct model_number *number = member;
	switch ((enum model_schema_type)row->type) {
	case MODEL_SCHEMA_TEXT:
		write_text(out, model_span(member));
		break;
	case MODEL_SCHEMA_INTEGER:
		fprintf(out, "%lld", (long long)number->value);
		break;
	case MODEL_SCHEMA_BOOL:
		fputs(number->value ? "true" : "false", out);
		break;
	case MODEL_SCHEMA_CHOICE:
		fputs(row->choice[number->value], out);
		break;
	case MODEL_SCHEMA_TEXTS:
		write_texts(out, member);
		break;
	case MODEL_SCHEMA_OBJECT:
		write_inline(out, row->child, member);
		break;
	case MODEL_SCHEMA_OBJECTS:
		write_objects_inline(out, row->child, member);
		break;
	}
}

static void write_inline(FILE *out, const struct model_schema *schema, const void *object)
{
	bool first = true;
	fputc('{', out);
	for (uint32_t i = 0; i < schema->row_count; i++) {
		const struct model_schema_row *row = &schema->row[i];
		const void *member = (const char *)object + row->offset;
		if (model_compare_is_default(row, member))
			continue;
		fprintf(out, "%s%s: ", first ? "" : ", ", row->key);
		write_value(out, row, member);
		first = false;
	}
	fputc('}', out);
}

static void write_indent(FILE *out, uint32_t depth)
{
	for (uint32_t i = 0; i < depth; i++)
		fputs(INDENT, out);
}

static void write_object(FILE *out, const struct model_schema *schema, const void *object, uint32_t depth);

static void write_objects(FILE *out, const struct model_schema *schema, const struct model_list *list, uint32_t depth)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const void *object = (const char *)list->item + i * schema->size;
		write_indent(out, depth);
		fputs("- ", out);
		if (schema->is_inline) {
			write_inline(out, schema, object);
			fputc('\n', out);
		} else {
			write_object(out, schema, object, depth + 1);
		}
	}
}

/* The first key stands on the line that the caller began (behind "- "), the others below it. */
static void write_object(FILE *out, const struct model_schema *schema, const void *object, uint32_t depth)
{
	bool first = true;
	for (uint32_t i = 0; i < schema->row_count; i++) {
		const struct model_schema_row *row = &schema->row[i];
		const void *member = (const char *)object + row->offset;
		if (model_compare_is_default(row, member))
			continue;
		if (!first)
			write_indent(out, depth);
		first = false;
		fprintf(out, "%s:", row->key);
		if (row->type == MODEL_SCHEMA_OBJECTS) {
			fputc('\n', out);
			write_objects(out, row->child, member, depth + 1);
			continue;
		}
		fputc(' ', out);
		write_value(out, row, member);
		fputc('\n', out);
	}
}

/* Ends what open_memstream() began. */
static enum status close_text(char **text, FILE *out, char **buffer)
{
	bool failed = ferror(out);
	failed |= fclose(out) != 0;
	/* Without memory for its last step the stream has no text, and no error either. */
	if (failed || !*buffer) {
		free(*buffer);
		return STATUS_NO_MEMORY;
	}
	*text = *buffer;
	return STATUS_OK;
}

enum status model_export(char **text, const struct model *model, const struct model_company *company)
{
	char *buffer = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&buffer, &length);
	if (!out)
		return STATUS_NO_MEMORY;
	struct model view = {.carriers = model->carriers, .companies = model->companies};
	if (company) {
		view.carriers = (struct model_list){0};
		view.companies = (struct model_list){.item = (void *)company, .count = 1, .given = true};
	}
	if (view.carriers.count + view.companies.count == 0)
		fputs("companies: []\n", out);
	else
		write_object(out, &model_schema_document, &view, 0);
	return close_text(text, out, &buffer);
}

enum status model_export_value(char **text, const struct model_schema_row *row, const void *member)
{
	char *buffer = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&buffer, &length);
	if (!out)
		return STATUS_NO_MEMORY;
	write_value(out, row, member);
	return close_text(text, out, &buffer);
}
