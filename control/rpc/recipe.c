#include "recipe.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "json_memory.h"
#include "json_text.h"
#include "recipe_escape.h"

/* ---- rows ---- */

enum {
#define RECIPE_FACT(name) WHEN_##name = 1u << RECIPE_FACT_##name,
#include "recipes.def"
	WHEN_ALWAYS = 0
};

struct row {
	uint32_t when;
	uint8_t syntax;	     /* enum recipe_syntax */
	const char *heading; /* NULL: a line; else `text` is the name of a file that begins here */
	const char *text;
};

#define RECIPE_FILE(name, heading)	{WHEN_ALWAYS, RECIPE_SYNTAX_TEXT, heading, name},
#define RECIPE_LINE(when, syntax, text) {when, RECIPE_SYNTAX_##syntax, NULL, text},
static const struct row rows_asterisk_sip[] = {
#include "recipe_asterisk_sip.def"
	{0}};
static const struct row rows_asterisk_pjsip[] = {
#include "recipe_asterisk_pjsip.def"
	{0}};
static const struct row rows_freeswitch[] = {
#include "recipe_freeswitch.def"
	{0}};
static const struct row rows_kamailio[] = {
#include "recipe_kamailio.def"
	{0}};

static const struct {
	const char *name;
	const struct row *row; /* up to one without a text */
} kinds[RECIPE_COUNT] = {
#define RECIPE_KIND(id, name) [RECIPE_##id] = {name, rows_##id},
#include "recipes.def"
};

static const char *const value_names[RECIPE_VALUE_COUNT] = {
#define RECIPE_VALUE(name, meaning) [RECIPE_VALUE_##name] = #name,
#include "recipes.def"
};

static const struct {
	enum codec codec;
	const char *asterisk, *freeswitch;
} codec_names[] = {
#define RECIPE_CODEC(name, asterisk, freeswitch) {CODEC_##name, asterisk, freeswitch},
#include "recipes.def"
};

enum recipe_kind recipe_find_kind(const char *name)
{
	enum recipe_kind kind = 0;

	while (kind < RECIPE_COUNT && strcmp(kinds[kind].name, name) != 0)
		kind++;
	return kind;
}

const char *recipe_kind_name(enum recipe_kind kind)
{
	return kinds[kind].name;
}

struct span recipe_codec_name(enum recipe_kind kind, struct span codec)
{
	enum codec wanted = codec_find(codec);

	/* It forwards what others offer, under the names that they use. */
	if (kind == RECIPE_kamailio)
		return codec;
	for (size_t i = 0; i < sizeof(codec_names) / sizeof(codec_names[0]); i++)
		if (codec_names[i].codec == wanted)
			return span_of_text(kind == RECIPE_freeswitch ? codec_names[i].freeswitch
								      : codec_names[i].asterisk);
	return (struct span){0};
}

/* ---- lines ---- */

/* A recipe under way. */
struct writing {
	const struct recipe *recipe;
	FILE *out;
	char *why; /* filled: a value does not fit */
};

/* The value whose %name% begins at `at`. Result: RECIPE_VALUE_COUNT: none does. */
static enum recipe_value value_at(const char *at)
{
	enum recipe_value value = 0;

	if (*at != '%')
		return RECIPE_VALUE_COUNT;
	for (; value < RECIPE_VALUE_COUNT; value++) {
		size_t length = strlen(value_names[value]);
		if (strncmp(at + 1, value_names[value], length) == 0 && at[1 + length] == '%')
			break;
	}
	return value;
}

/* How often a line is printed. */
static uint32_t times_of(const struct recipe *recipe, const char *text)
{
	uint32_t times = 1;

	for (const char *at = text; *at; at++) {
		enum recipe_value value = value_at(at);
		if (value < RECIPE_VALUE_COUNT && recipe->value[value].count != 1)
			times = recipe->value[value].count;
	}
	return times;
}

/* The `turn`th element of each list in the text. */
static void put_text(struct writing *writing, enum recipe_syntax syntax, const char *text, uint32_t turn)
{
	for (const char *at = text; *at; at++) {
		enum recipe_value value = value_at(at);
		if (value == RECIPE_VALUE_COUNT) {
			fputc(*at, writing->out);
			continue;
		}
		const struct recipe_list *list = &writing->recipe->value[value];
		struct span item = list->count ? list->item[turn < list->count ? turn : 0] : (struct span){0};
		const char *wrong = recipe_escape_put(writing->out, syntax, item);
		if (wrong && !*writing->why)
			snprintf(writing->why, RECIPE_WHY_BYTES,
				 "the %s of the friend cannot be written for %s: %s; give it another one",
				 value_names[value], kinds[writing->recipe->kind].name, wrong);
		at += strlen(value_names[value]) + 1;
	}
}

static void put_line(struct writing *writing, const struct row *row)
{
	uint32_t times = times_of(writing->recipe, row->text);

	if ((row->when & writing->recipe->facts) != row->when)
		return;
	for (uint32_t turn = 0; turn < times; turn++) {
		put_text(writing, row->syntax, row->text, turn);
		fputc('\n', writing->out);
	}
}

/* What `write` writes for a row. Result: NULL: memory ended. Owner: the caller. */
static char *write_text(struct writing *writing, void (*write)(struct writing *writing, const struct row *row),
			const struct row *row)
{
	char *text = NULL;
	size_t length = 0;

	writing->out = open_memstream(&text, &length);
	if (!writing->out) {
		json_memory_note_shortage();
		return NULL;
	}
	write(writing, row);
	bool failed = ferror(writing->out);
	failed |= fclose(writing->out) != 0;
	if (failed || !text) {
		json_memory_note_shortage();
		free(text);
		return NULL;
	}
	return text;
}

static void write_name(struct writing *writing, const struct row *row)
{
	put_text(writing, RECIPE_SYNTAX_TEXT, row->text, 0);
}

/* The lines behind the row of a file. */
static void write_lines(struct writing *writing, const struct row *row)
{
	for (row++; row->text && !row->heading; row++)
		put_line(writing, row);
}

static void write_heading(struct writing *writing, const struct row *row)
{
	put_text(writing, RECIPE_SYNTAX_TEXT, row->heading, 0);
}

static json_t *string_of(char *text)
{
	json_t *string = text ? json_text_make(span_of_text(text)) : NULL;
	free(text);
	return string;
}

/* One file, if it has lines; `all`: with its heading behind those before it. */
static void add_file(struct writing *writing, json_t *files, FILE *all, const struct row *row)
{
	char *text = write_text(writing, write_lines, row);

	if (text && *text) {
		char *heading = write_text(writing, write_heading, row);
		fprintf(all, "%s%s\n%s", json_array_size(files) ? "\n" : "", heading ? heading : "", text);
		free(heading);
		json_array_append_new(files,
				      json_pack("{s:o, s:o}", "name", string_of(write_text(writing, write_name, row)),
						"text", json_text_make(span_of_text(text))));
	}
	free(text);
}

json_t *recipe_make(const struct recipe *recipe, char why[RECIPE_WHY_BYTES])
{
	struct writing writing = {.recipe = recipe, .why = why};
	char *text = NULL;
	size_t length = 0;
	FILE *all = open_memstream(&text, &length);

	*why = '\0';
	if (!all)
		return NULL;
	json_t *files = json_array();
	for (const struct row *row = kinds[recipe->kind].row; row->text; row++)
		if (row->heading)
			add_file(&writing, files, all, row);
	bool failed = ferror(all);
	failed |= fclose(all) != 0;
	if (failed || *why || !text) {
		json_decref(files);
		free(text);
		return NULL;
	}
	return json_pack("{s:o, s:o}", "text", string_of(text), "files", files);
}
