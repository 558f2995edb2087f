#include "source_line.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define INDENT	     "    "
#define CUT	     "..."
#define BYTES_BEFORE 100 /* of a window, before the caret */

static bool is_inside_character(char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Result: false when the text has no such line. */
static bool find_line(const char **start, const char **end, const char *text, uint32_t length, uint32_t line)
{
	const char *at = text, *stop = text + length;
	for (uint32_t i = 1; i < line; i++) {
		at = memchr(at, '\n', (size_t)(stop - at));
		if (!at)
			return false;
		at++;
	}
	const char *newline = memchr(at, '\n', (size_t)(stop - at));
	*start = at;
	*end = newline ? newline : stop;
	while (*end > at && (*end)[-1] == '\r')
		(*end)--;
	return true;
}

static const char *find_column(const char *start, const char *end, uint32_t column)
{
	const char *at = start;
	for (uint32_t i = 1; at < end && i < column; i++) {
		at++;
		while (at < end && is_inside_character(*at))
			at++;
	}
	return at;
}

static uint32_t count_characters(const char *start, const char *end)
{
	uint32_t count = 0;
	for (; start < end; start++)
		count += !is_inside_character(*start);
	return count;
}

char *source_line_copy(uint32_t *caret, const char *text, uint32_t length, uint32_t line, uint32_t column)
{
	const char *start, *end;
	if (line == 0 || !find_line(&start, &end, text, length, line))
		return NULL;
	const char *place = find_column(start, end, column), *from = start, *to = end;
	if (to - from > SOURCE_LINE_BYTES_MAX) {
		if (place - from > BYTES_BEFORE)
			from = place - BYTES_BEFORE;
		if (to - from > SOURCE_LINE_BYTES_MAX)
			to = from + SOURCE_LINE_BYTES_MAX;
		while (from < place && is_inside_character(*from))
			from++;
		while (to < end && is_inside_character(*to))
			to++;
	}
	char *copy = malloc((size_t)(to - from) + 2 * strlen(CUT) + 1), *at = copy;
	if (!copy)
		return NULL;
	if (from > start)
		at = stpcpy(at, CUT);
	memcpy(at, from, (size_t)(to - from));
	at += to - from;
	*at = '\0';
	if (to < end)
		strcpy(at, CUT);
	*caret = (from > start ? (uint32_t)strlen(CUT) : 0) + count_characters(from, place) + 1;
	return copy;
}

void source_line_print(FILE *out, const char *source, uint32_t caret)
{
	fputs(INDENT, out);
	for (const char *at = source; *at; at++)
		fputc((unsigned char)*at >= 0x20 || *at == '\t' ? *at : '?', out);
	fputs("\n" INDENT, out);
	/* Tabs stay tabs, and bytes inside a character take no room, so that the caret stands under its column. */
	uint32_t column = 1;
	for (const char *at = source; *at && column < caret; at++) {
		if (is_inside_character(*at))
			continue;
		fputc(*at == '\t' ? '\t' : ' ', out);
		column++;
	}
	fputs("^\n", out);
}
