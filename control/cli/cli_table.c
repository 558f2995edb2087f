#include "cli_table.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static char *joined(const json_t *list)
{
	char *text = NULL;
	size_t size = 0, i;
	json_t *item;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	json_array_foreach((json_t *)list, i, item)
	{
		char *one = cli_table_text(item);
		fprintf(out, "%s%s", i ? ", " : "", one ? one : "?");
		free(one);
	}
	fclose(out);
	return text;
}

static void hide_control_characters(char *text)
{
	for (; text && *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

char *cli_table_text(const json_t *value)
{
	char *text = NULL;

	if (!value || json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0) ||
	    (json_is_array(value) && json_array_size(value) == 0))
		return strdup("-");
	if (json_is_string(value))
		text = strdup(json_string_value(value));
	else if (json_is_boolean(value))
		text = strdup(json_is_true(value) ? "yes" : "no");
	else if (json_is_array(value))
		text = joined(value);
	else
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
	hide_control_characters(text);
	return text;
}

static size_t width_of(const char *text)
{
	size_t width = 0;
	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static void print_cell(FILE *out, const char *text, size_t width, bool to_the_right, bool is_last)
{
	size_t used = width_of(text);
	int padding = (int)(width > used ? width - used : 0);

	if (to_the_right)
		fprintf(out, "%*s%s", padding, "", text);
	else if (is_last)
		fputs(text, out);
	else
		fprintf(out, "%s%*s", text, padding, "");
	if (!is_last)
		fputs("  ", out);
}

struct columns {
	const char *name[CLI_TABLE_COLUMNS_MAX];
	size_t width[CLI_TABLE_COLUMNS_MAX];
	bool has_number[CLI_TABLE_COLUMNS_MAX];
	bool has_text[CLI_TABLE_COLUMNS_MAX];
	size_t count;
};

static void measure_columns(struct columns *columns, const json_t *rows)
{
	const char *name;
	json_t *value, *row;
	size_t i;

	columns->count = 0;
	json_object_foreach(json_array_get(rows, 0), name, value)
	{
		if (columns->count == CLI_TABLE_COLUMNS_MAX)
			break;
		columns->name[columns->count] = name;
		columns->width[columns->count] = width_of(name);
		columns->has_number[columns->count] = false;
		columns->has_text[columns->count++] = false;
	}
	json_array_foreach((json_t *)rows, i, row)
	{
		for (size_t c = 0; c < columns->count; c++) {
			const json_t *cell = json_object_get(row, columns->name[c]);
			char *text = cli_table_text(cell);
			size_t width = text ? width_of(text) : 0;
			if (width > columns->width[c])
				columns->width[c] = width;
			columns->has_number[c] |= json_is_number(cell);
			columns->has_text[c] |= !json_is_number(cell) && !json_is_null(cell);
			free(text);
		}
	}
}

/* Numbers stand to the right; a column that holds nothing at all is none of numbers. */
static bool is_right(const struct columns *columns, size_t column)
{
	return columns->has_number[column] && !columns->has_text[column];
}

void cli_table_print(FILE *out, const json_t *rows, const char *nothing)
{
	struct columns columns;
	size_t i;
	json_t *row;

	if (json_array_size(rows) == 0) {
		fprintf(out, "%s\n", nothing);
		return;
	}
	measure_columns(&columns, rows);
	for (size_t c = 0; c < columns.count; c++) {
		char heading[64];
		snprintf(heading, sizeof(heading), "%s", columns.name[c]);
		for (char *letter = heading; *letter; letter++)
			*letter = *letter == '_' ? ' ' : (char)toupper((unsigned char)*letter);
		print_cell(out, heading, columns.width[c], is_right(&columns, c), c + 1 == columns.count);
	}
	fputc('\n', out);
	json_array_foreach((json_t *)rows, i, row)
	{
		for (size_t c = 0; c < columns.count; c++) {
			char *text = cli_table_text(json_object_get(row, columns.name[c]));
			print_cell(out, text ? text : "?", columns.width[c], is_right(&columns, c),
				   c + 1 == columns.count);
			free(text);
		}
		fputc('\n', out);
	}
}

static bool is_table(const json_t *value)
{
	return json_is_array(value) && json_is_object(json_array_get(value, 0));
}

static void print_pair(FILE *out, const char *group, const char *name, const json_t *value, size_t width)
{
	char label[96];
	char *text = cli_table_text(value);

	snprintf(label, sizeof(label), "%s%s%s", group, *group ? " " : "", name);
	for (char *letter = label; *letter; letter++)
		if (*letter == '_')
			*letter = ' ';
	print_cell(out, label, width, false, false);
	fprintf(out, "%s\n", text ? text : "?");
	free(text);
}

void cli_table_print_pairs(FILE *out, const json_t *object)
{
	const char *name, *inner_name;
	json_t *value, *inner;
	size_t width = 0;

	json_object_foreach((json_t *)object, name, value)
	{
		if (width_of(name) > width && !is_table(value) && !json_is_object(value))
			width = width_of(name);
		json_object_foreach(value, inner_name, inner) if (width_of(name) + 1 + width_of(inner_name) > width)
			width = width_of(name) + 1 + width_of(inner_name);
	}
	json_object_foreach((json_t *)object, name, value)
	{
		if (json_is_object(value)) {
			json_object_foreach(value, inner_name, inner) print_pair(out, name, inner_name, inner, width);
		} else if (!is_table(value)) {
			print_pair(out, "", name, value, width);
		}
	}
	json_object_foreach((json_t *)object, name, value)
	{
		if (!is_table(value))
			continue;
		fprintf(out, "\n%s\n", name);
		cli_table_print(out, value, "none");
	}
}
