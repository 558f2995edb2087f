#include "lint_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lint_secrets.h"
#include "source_line.h"

#define TEXT_BYTES_MAX 1000

const struct lint_row lint_report_rows[LINT_COUNT] = {
#define LINT(name, text, meaning, advice) {text, meaning, advice},
#include "lints.def"
#undef LINT
};

/* ---- adding ---- */

static struct lint_warning *append(struct lint_report *report)
{
	if (report->count == report->capacity) {
		uint32_t capacity = report->capacity ? 2 * report->capacity : 16;
		struct lint_warning *item = realloc(report->item, capacity * sizeof(*item));
		if (!item)
			return NULL;
		report->item = item;
		report->capacity = capacity;
	}
	struct lint_warning *warning = &report->item[report->count++];
	*warning = (struct lint_warning){0};
	return warning;
}

/* A copy, or NULL of NULL. */
static char *copy(struct lint_report *report, const char *text)
{
	char *copied = text ? strdup(text) : NULL;
	report->lacks_memory |= text && !copied;
	return copied;
}

void lint_report_add(struct lint_report *report, const struct lint_finding *finding, const char *format, ...)
{
	char text[TEXT_BYTES_MAX];
	va_list arguments;

	if (report->found[finding->lint]++ >= LINT_REPORT_LISTED_MAX)
		return;
	struct lint_warning *warning = append(report);
	if (!warning) {
		report->lacks_memory = true;
		return;
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	warning->lint = finding->lint;
	warning->place = finding->place;
	warning->text = copy(report, text);
	warning->advice = copy(report, finding->advice);
	warning->example = copy(report, finding->example ? finding->example->text : NULL);
}

uint32_t lint_report_total(const struct lint_report *report)
{
	uint32_t total = 0;
	for (uint32_t i = 0; i < LINT_COUNT; i++)
		total += report->found[i];
	return total;
}

/* ---- quoting ---- */

static int compare(const void *first, const void *second)
{
	const struct lint_warning *a = first, *b = second;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (a->place.column != b->place.column)
		return a->place.column < b->place.column ? -1 : 1;
	return (int)a->lint - (int)b->lint;
}

/* One walk through the text, as the warnings are in its order. */
static void quote_lines(struct lint_report *report, struct span text)
{
	uint32_t line = 1;
	for (uint32_t i = 0; i < report->count; i++) {
		struct lint_warning *warning = &report->item[i];
		while (line < warning->place.line) {
			const char *end = memchr(text.at, '\n', text.length);
			if (!end)
				return;
			text = span_skip(text, (uint32_t)(end - text.at) + 1);
			line++;
		}
		if (line == warning->place.line)
			warning->source_line =
				source_line_copy(&warning->caret, text.at, text.length, 1, warning->place.column);
	}
}

void lint_report_quote(struct lint_report *report, struct span text, const struct model *model)
{
	if (report->count == 0)
		return;
	qsort(report->item, report->count, sizeof(*report->item), compare);
	char *clean = lint_secrets_strike(text, model);
	if (clean)
		quote_lines(report, span_make(clean, text.length));
	free(clean);
}

/* ---- as JSON ---- */

/* Texts are pieces of a document, which is UTF-8, and are never cut within a character. */
static int set_text(json_t *object, const char *name, const char *text)
{
	return text ? json_object_set_new(object, name, json_string(text)) : 0;
}

/* Result: NULL when memory ends. */
static json_t *warning_to_json(const struct lint_warning *warning, const char *file)
{
	const struct lint_row *row = &lint_report_rows[warning->lint];
	json_t *object = json_object();
	if (!object)
		return NULL;
	int failed = set_text(object, "file", file);
	failed |= json_object_set_new(object, "line", json_integer(warning->place.line));
	failed |= json_object_set_new(object, "column", json_integer(warning->place.column));
	failed |= set_text(object, "lint", row->name);
	failed |= set_text(object, "text", warning->text);
	failed |= set_text(object, "advice", warning->advice ? warning->advice : row->advice);
	failed |= set_text(object, "example", warning->example);
	failed |= set_text(object, "source", warning->source_line);
	if (warning->source_line)
		failed |= json_object_set_new(object, "caret", json_integer(warning->caret));
	if (failed) {
		json_decref(object);
		return NULL;
	}
	return object;
}

bool lint_report_to_json(json_t *object, const struct lint_report *report, const char *file)
{
	json_t *warnings = json_array();
	int failed = json_object_set_new(object, "warnings", warnings);
	for (uint32_t i = 0; i < report->count && !failed; i++)
		failed = json_array_append_new(warnings, warning_to_json(&report->item[i], file));
	failed |= json_object_set_new(object, "warning_count", json_integer(lint_report_total(report)));
	if (report->undecided)
		failed |= json_object_set_new(object, "undecided", json_integer(report->undecided));
	return !failed;
}

void lint_report_free(struct lint_report *report)
{
	for (uint32_t i = 0; i < report->count; i++) {
		free(report->item[i].text);
		free(report->item[i].advice);
		free(report->item[i].example);
		free(report->item[i].source_line);
	}
	free(report->item);
	*report = (struct lint_report){0};
}
