/*
 * Every limit and every reference of spec/friends.md section 1, from both sides: what is just right is taken, what is
 * just wrong is refused at its place.
 *
 * In the documents § stands before the place that must be named, and % for `count` times the letter `fill`.
 */
#include <ctype.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "provision_text.h"
#include "source_line.h"

#define COMPANY	  "companies:\n- {name: a, domain: a.b, country: ES"
#define USER	  COMPANY ", users: [{name: u, password: p, "
#define FRIEND	  COMPANY ", friends: [{name: f, password: p, "
#define EXTENSION COMPANY ", extensions: [{"
#define DDI	  COMPANY ", ddis: [{"
#define ACL	  COMPANY ", call_acls: [{name: x, "
#define END	  "}]}\n"
#define CARRIER	  "carriers:\n- {name: t, address: [udp:10.0.0.1], "

#define EIGHT(entry)   entry ", " entry ", " entry ", " entry ", " entry ", " entry ", " entry ", " entry
#define SIXTEEN(entry) EIGHT(entry) ", " EIGHT(entry)

struct row {
	const char *text;
	const char *key, *part; /* of the problem; part NULL: there is none */
	uint32_t count;
	char fill;
};

#define TAKEN(text)				   {text, NULL, NULL, 0, 0},
#define TAKEN_OF(count, letter, text)		   {text, NULL, NULL, count, letter},
#define REFUSED(text, key, part)		   {text, key, part, 0, 0},
#define REFUSED_OF(count, letter, text, key, part) {text, key, part, count, letter},
static const struct row rows[] = {
#include "unit_provision_limits.def"
};

static char *expand(const struct row *row, uint32_t *line, uint32_t *column)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	*line = *column = 0;
	uint32_t at_line = 1, at_column = 1;
	for (const char *at = row->text; *at; at++) {
		if (strncmp(at, "§", strlen("§")) == 0) {
			*line = at_line;
			*column = at_column;
			at += strlen("§") - 1;
			continue;
		}
		uint32_t times = *at == '%' ? row->count : 1;
		for (uint32_t i = 0; i < times; i++)
			fputc(*at == '%' ? row->fill : *at, out);
		at_column = *at == '\n' ? 1 : at_column + times * ((*at & 0xc0) != 0x80);
		at_line += *at == '\n';
	}
	fclose(out);
	return text;
}

static const char *skip_characters(const char *at, uint32_t count)
{
	while (count > 0 && *at) {
		at++;
		while ((*at & 0xc0) == 0x80)
			at++;
		count--;
	}
	return at;
}

/* The caret stands in front of the same text as the place in the document. */
static bool is_shown(const struct problem *problem, const char *text)
{
	if (!problem->source_line)
		return false;
	for (uint32_t i = 1; i < problem->line; i++)
		text = strchr(text, '\n') + 1;
	const char *place = skip_characters(text, problem->column - 1);
	const char *shown = skip_characters(problem->source_line, problem->caret - 1);
	size_t length = strcspn(place, "\r\n");
	return strncmp(place, shown, length < 20 ? length : 20) == 0 &&
	       strlen(problem->source_line) <= SOURCE_LINE_BYTES_MAX + 6;
}

static bool fits(const struct row *row, const struct problem *problem, const char *text, struct model_place place)
{
	return problem->line == place.line && problem->column == place.column && strstr(problem->message, row->part) &&
	       (row->key ? problem->key && strcmp(problem->key, row->key) == 0 : !problem->key) &&
	       is_shown(problem, text);
}

static bool check_row(const struct row *row)
{
	struct problem_list problems = {0};
	uint32_t line, column, fitting = 0;
	char *text = expand(row, &line, &column);
	struct model *model = provision_text_model(text, &problems);
	for (uint32_t i = 0; i < problems.count && row->part; i++)
		fitting += fits(row, &problems.item[i], text, (struct model_place){line, column});
	bool right = !row->part ? model && problems.count == 0 : !model && fitting == 1 && problems.count == 1;
	if (!right) {
		fprintf(stderr, "expected %u:%u %s: %s in\n%.300s\nbut got\n", line, column, row->key ? row->key : "-",
			row->part ? row->part : "no problem", text);
		problem_list_print(&problems, stderr);
	}
	model_free(model);
	problem_list_free(&problems);
	free(text);
	return right;
}

static void each_limit_holds(void **state)
{
	uint32_t wrong = 0;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		wrong += !check_row(&rows[i]);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_limit_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
