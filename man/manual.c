/*
 * manual.c - makes a manual page from its template: prose in mdoc(7) as it stands, and a line  .\" @NAME  replaced by
 * what the programs' own rows say.
 *
 *   manual TEMPLATE > PAGE
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amityd_options.h"
#include "call_json.h"
#include "codec.h"
#include "config_schema.h"
#include "ctl_commands.h"
#include "ctl_wire.h"
#include "lint_report.h"
#include "model.h"
#include "model_schema.h"
#include "provision_store.h"
#include "text_format.h"

#define LINE_BYTES_MAX 4096
#define DIRECTIVE      ".\\\" @"

/* ---- mdoc ---- */

/* Text of a row, safe in a line of its own; in mdoc every sentence begins a line. */
static void put_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		bool is_end = text[0] == '.' && text[1] == ' ';
		fputs(*text == '\\' ? "\\e" : is_end ? ".\n" : (char[2]){*text, '\0'}, stdout);
		text += is_end;
	}
}

/* Rows begin with a small letter; "kernel: ..." begins with a word that people type. */
static void put_sentence(const char *text)
{
	char first = *text;

	if (islower((unsigned char)first) && text[strcspn(text, " :")] != ':') {
		putchar(toupper((unsigned char)first));
		text++;
	}
	put_text(text);
	puts(".");
}

/* What `key` is for. A row that does not say it makes no page. */
static void put_help(const char *key, const char *help)
{
	if (!help || !*help) {
		fprintf(stderr, "the row of \"%s\" has no help: every key is explained in its manual page\n", key);
		exit(1);
	}
	put_sentence(help);
}

/* One argument of a macro. */
static void put_argument(const char *text)
{
	fputs(" \"", stdout);
	for (; *text; text++)
		fputs(*text == '\\' ? "\\e" : *text == '"' ? "\\(dq" : (char[2]){*text, '\0'}, stdout);
	putchar('"');
}

static void put_item(const char *macro, const char *text)
{
	printf(".It %s", macro);
	put_argument(text);
	putchar('\n');
}

static void begin_list(void)
{
	puts(".Bl -tag -width Ds");
}

static void end_list(void)
{
	puts(".El");
}

/* ---- amityd(8) ---- */

static void write_options(void)
{
	begin_list();
	for (size_t i = 0; i < AMITYD_OPTION_COUNT; i++) {
		const struct amityd_option *option = &amityd_options[i];
		fputs(".It", stdout);
		if (option->letter)
			printf(" Fl %c ,", option->letter);
		printf(" Fl Fl %s", option->long_name);
		if (option->argument)
			printf(" Ar %s", option->argument);
		putchar('\n');
		put_help(option->long_name, option->help);
	}
	end_list();
}

/* ---- amityctl(1) ---- */

static void write_commands(void)
{
	char text[512];

	begin_list();
	for (size_t i = 0; i < CTL_COMMAND_COUNT; i++) {
		const struct ctl_command *command = &ctl_commands[i];
		snprintf(text, sizeof(text), "%s%s%s", command->name, *command->synopsis ? " " : "", command->synopsis);
		put_item("Ic", text);
		put_help(command->name, command->help);
		if (command->access == CTL_ACCESS_FULL)
			puts("Only on the main socket.");
	}
	end_list();
}

static void write_lints(void)
{
	begin_list();
	for (size_t i = 0; i < LINT_COUNT; i++) {
		const struct lint_row *row = &lint_report_rows[i];
		put_item("Ic", row->name);
		put_help(row->name, row->meaning);
		put_sentence(row->advice);
	}
	end_list();
}

/* ---- amity.yaml(5) ---- */

static void write_words(const char *words)
{
	for (const char *word = words; *word;) {
		size_t length = strcspn(word, " ");
		printf("%s%.*s", word == words ? "" : word[length] ? ", " : " or ", (int)length, word);
		word += length + (word[length] == ' ');
	}
}

static void write_config_kind(const struct config_item *item)
{
	switch (item->type) {
	case CONFIG_TYPE_NUMBER:
		printf("A number from %u to %u%s%s", item->least, item->most, *item->unit ? " " : "", item->unit);
		break;
	case CONFIG_TYPE_TEXT:
		printf("A text of at most %zu bytes", item->size - 1);
		break;
	case CONFIG_TYPE_WORD:
		fputs("One of ", stdout);
		write_words(item->words);
		break;
	case CONFIG_TYPE_CPUS:
		fputs("A list of CPUs such as \"1-3\" or \"1,2\", or auto", stdout);
		break;
	case CONFIG_TYPE_ADDRESSES:
		fputs("A list of IP addresses", stdout);
		break;
	case CONFIG_TYPE_PEERS:
		fputs("A map of IP addresses to MACs", stdout);
		break;
	case CONFIG_TYPE_LATER:
		fputs("Not available in this build", stdout);
	}
	if (item->initial && *item->initial)
		printf("; default %s", item->initial);
	puts(".");
}

static void write_config(const struct config_schema *schema)
{
	begin_list();
	for (size_t i = 0; i < schema->count; i++) {
		put_item("Ic", schema->item[i].key);
		write_config_kind(&schema->item[i]);
		put_help(schema->item[i].key, schema->item[i].help);
	}
	end_list();
}

static void write_config_node(void)
{
	write_config(&config_schema_node);
}

static void write_config_interface(void)
{
	write_config(&config_schema_interface);
}

static void write_call_record(void)
{
	begin_list();
	for (size_t i = 0; i < CDR_KEY_COUNT; i++) {
		put_item("Ic", call_json_keys[i].name);
		put_help(call_json_keys[i].name, call_json_keys[i].help);
	}
	end_list();
}

/* ---- amity-provisioning(5) ---- */

static void write_choices(const char *const *choice)
{
	for (size_t i = 0; choice[i]; i++)
		printf("%s%s", i == 0 ? "" : choice[i + 1] ? ", " : " or ", choice[i]);
}

static void write_integer(const struct model_schema_row *row)
{
	printf("A number from %lld to %lld%s%s; default %lld", (long long)row->least, (long long)row->most,
	       row->unit ? " " : "", row->unit ? row->unit : "", (long long)row->fallback);
}

static void write_text_kind(const struct model_schema_row *row, const char *each)
{
	fputs(each, stdout);
	put_text(text_format_words((enum text_format)row->format));
	fputs(", ", stdout);
	if (row->least == row->most)
		printf("%lld bytes", (long long)row->most);
	else if (row->least <= 1)
		printf("at most %lld bytes", (long long)row->most);
	else
		printf("%lld to %lld bytes", (long long)row->least, (long long)row->most);
}

static void write_row_kind(const struct model_schema_row *row)
{
	switch ((enum model_schema_type)row->type) {
	case MODEL_SCHEMA_TEXT:
		write_text_kind(row, "A text: ");
		break;
	case MODEL_SCHEMA_INTEGER:
		write_integer(row);
		break;
	case MODEL_SCHEMA_BOOL:
		printf("true or false; default %s", row->fallback ? "true" : "false");
		break;
	case MODEL_SCHEMA_CHOICE:
		write_choices(row->choice);
		if (!row->mandatory)
			printf("; default %s", row->choice[row->fallback]);
		break;
	case MODEL_SCHEMA_TEXTS:
		write_text_kind(row, "A list of texts, each: ");
		if (row->fallback_text)
			printf("; default [%s]", row->fallback_text->text);
		break;
	case MODEL_SCHEMA_OBJECT:
		printf("%s, see below", row->child->what);
		break;
	case MODEL_SCHEMA_OBJECTS:
		printf("A list, each entry %s, see below", row->child->what);
	}
	if (row->count_most)
		printf("; at most %u entries", row->count_most);
	puts(row->mandatory ? ".\nMandatory." : ".");
}

static void write_object(const struct model_schema *schema, const char *where)
{
	printf(".Ss %s", where);
	puts(schema->one_of ? "\nExactly one of these keys." : "");
	begin_list();
	for (uint32_t i = 0; i < schema->row_count; i++) {
		const struct model_schema_row *row = &schema->row[i];
		put_item("Ic", row->key);
		write_row_kind(row);
		put_help(row->key, row->help);
	}
	end_list();
}

/* An object, then what its keys hold, each under the path that leads to it. */
static void write_objects(const struct model_schema *schema, const char *path)
{
	char below[256];

	write_object(schema, path);
	for (uint32_t i = 0; i < schema->row_count; i++) {
		const struct model_schema_row *row = &schema->row[i];
		if (!row->child)
			continue;
		snprintf(below, sizeof(below), "%s%s%s%s", schema == &model_schema_document ? "" : path,
			 schema == &model_schema_document ? "" : ".", row->key,
			 row->type == MODEL_SCHEMA_OBJECTS ? "[]" : "");
		write_objects(row->child, below);
	}
}

static void write_provisioning(void)
{
	write_objects(&model_schema_document, "The document");
}

static void write_codec_names(enum codec_media media)
{
	const char *between = "";
	for (uint32_t i = 0; i < CODEC_ROW_COUNT; i++) {
		if (codec_rows[i].media != media)
			continue;
		printf("%s" SPAN_FORMAT, between, SPAN_ARGUMENTS(codec_rows[i].name));
		between = ", ";
	}
	puts(".");
}

static void write_codecs(void)
{
	static const struct {
		const char *what;
		enum codec_media media;
	} kinds[] = {{"Speech", CODEC_MEDIA_AUDIO}, {"Video", CODEC_MEDIA_VIDEO}, {"Beside speech", CODEC_MEDIA_EVENT}};

	begin_list();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		printf(".It %s\n", kinds[i].what);
		write_codec_names(kinds[i].media);
	}
	end_list();
}

/* ---- sizes that the prose names ---- */

static void write_limits(void)
{
	printf("A request of amityctl may have %u MiB, on the read-only socket %u MiB; a document half of it.\n"
	       "At most %d clients are served at a time.\n",
	       CTL_LINE_BYTES_MAX >> 20, CTL_LINE_BYTES_MAX_READ_ONLY >> 20, CTL_CLIENTS_MAX);
}

static void write_kept(void)
{
	printf(".Pp\nThe documents of the newest %u revisions are kept, as far as %llu MiB hold them and in any case "
	       "the "
	       "newest two;\nof the history %u lines.\n",
	       PROVISION_STORE_DOCUMENTS_KEPT, PROVISION_STORE_BYTES_KEPT >> 20, PROVISION_STORE_ROWS_KEPT);
}

static const struct {
	const char *name;
	void (*write)(void);
} directives[] = {
	{"amityd-options", write_options},  {"commands", write_commands},
	{"limits", write_limits},	    {"kept", write_kept},
	{"config", write_config_node},	    {"config-interface", write_config_interface},
	{"call-record", write_call_record}, {"provisioning", write_provisioning},
	{"codecs", write_codecs},	    {"lints", write_lints},
};

/* Result: false when there is no such directive. */
static bool write_directive(const char *name)
{
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++) {
		if (strcmp(directives[i].name, name) != 0)
			continue;
		directives[i].write();
		return true;
	}
	return false;
}

int main(int argument_count, char **arguments)
{
	char line[LINE_BYTES_MAX];
	FILE *page = argument_count == 2 ? fopen(arguments[1], "re") : NULL;

	if (!page) {
		fprintf(stderr, "manual TEMPLATE > PAGE\n");
		return 2;
	}
	while (fgets(line, sizeof(line), page)) {
		if (strncmp(line, DIRECTIVE, strlen(DIRECTIVE)) != 0) {
			fputs(line, stdout);
			continue;
		}
		line[strcspn(line, "\n")] = '\0';
		if (!write_directive(line + strlen(DIRECTIVE))) {
			fprintf(stderr, "%s: there are no rows \"%s\"\n", arguments[1], line + strlen(DIRECTIVE));
			fclose(page);
			return 1;
		}
	}
	fclose(page);
	return ferror(stdout) || fflush(stdout) != 0;
}
