#include "cli_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_show.h"
#include "ctl_commands.h"
#include "ctl_wire.h"

/* All that a request may carry and one byte more. Result: false after telling why. */
static bool read_bytes(char **text, size_t *size, FILE *file, const char *path)
{
	size_t taken;
	char block[65536];
	FILE *memory = open_memstream(text, size);

	while (memory && *size <= CTL_LINE_BYTES_MAX / 2 && (taken = fread(block, 1, sizeof(block), file)) > 0) {
		fwrite(block, 1, taken, memory);
		fflush(memory);
	}
	bool failed = !memory || ferror(memory) || ferror(file);
	if (memory)
		fclose(memory);
	if (failed)
		fprintf(stderr, "amityctl: cannot read %s: %s\n", path, strerror(errno));
	else if (*size > CTL_LINE_BYTES_MAX / 2)
		fprintf(stderr, "amityctl: %s is longer than %u MiB, more than a request may carry\n", path,
			CTL_LINE_BYTES_MAX >> 21);
	return !failed && *size <= CTL_LINE_BYTES_MAX / 2;
}

/* Where a text stops being UTF-8 without NUL bytes; `size` when it never does. */
static size_t find_bad_byte(const char *text, size_t size)
{
	size_t good = 0, bad = strnlen(text, size);

	/* jansson knows what UTF-8 is: the longest beginning that it takes. */
	while (good < bad) {
		size_t middle = good + (bad - good + 1) / 2, whole = middle;
		while (whole < bad && (text[whole] & 0xc0) == 0x80)
			whole++;
		json_t *string = json_stringn(text, whole);
		json_decref(string);
		if (string)
			good = whole;
		else
			bad = middle - 1;
	}
	return good;
}

static void tell_bad_byte(const char *path, const char *text, size_t size)
{
	size_t at = find_bad_byte(text, size);
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		column = text[i] == '\n' ? 1 : column + ((text[i] & 0xc0) != 0x80);
		line += text[i] == '\n';
	}
	fprintf(stderr, "%s:%u:%u: %s\namityctl: a provisioning file is UTF-8 text: save it as that\n", path, line,
		column, text[at] ? "a byte that is not UTF-8" : "a NUL byte: UTF-16, or no text at all");
}

/* The router does not open files of its clients: they send the text. Result: NULL after telling why. */
static json_t *read_file(const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	json_t *string = NULL;

	if (!file) {
		fprintf(stderr, "amityctl: cannot read %s: %s\n", path, strerror(errno));
		return NULL;
	}
	if (read_bytes(&text, &size, file, path)) {
		string = memchr(text, '\0', size) ? NULL : json_stringn(text, size);
		if (!string)
			tell_bad_byte(path, text, size);
	}
	if (file != stdin)
		fclose(file);
	free(text);
	return string;
}

static enum cli_outcome ask(const struct cli_options *options, const struct ctl_command *command, json_t *params)
{
	json_t *result = NULL, *error = NULL;
	enum cli_outcome outcome = cli_client_call(options->socket_path, command->access == CTL_ACCESS_READ,
						   command->name, params, &result, &error);
	if (outcome == CLI_DONE && options->json) {
		json_dumpf(result, stdout, JSON_ENCODE_ANY | JSON_INDENT(2));
		fputc('\n', stdout);
	} else if (outcome == CLI_DONE) {
		cli_show_result(stdout, command, result);
	} else if (outcome == CLI_REFUSED) {
		if (options->json) {
			json_dumpf(error, stdout, JSON_ENCODE_ANY | JSON_INDENT(2));
			fputc('\n', stdout);
		} else {
			cli_show_error(stderr, error);
		}
		if (json_integer_value(json_object_get(error, "code")) == CTL_ERROR_PARAMS)
			outcome = CLI_USAGE;
	}
	json_decref(result);
	json_decref(error);
	return outcome;
}

enum cli_outcome cli_run_words(const struct cli_options *options, int word_count, char *const *words)
{
	char wrong[CTL_ERROR_BYTES_MAX];

	if (strcmp(words[0], "help") == 0) {
		cli_show_help(stdout);
		return CLI_DONE;
	}
	const struct ctl_command *command = ctl_commands_find(words[0]);
	if (!command) {
		fprintf(stderr, "amityctl: there is no command \"%s\": `amityctl help` lists all\n", words[0]);
		return CLI_USAGE;
	}
	json_t *params = ctl_commands_parse(command, word_count - 1, words + 1, wrong);
	if (!params) {
		fprintf(stderr, "amityctl: %s\n", wrong);
		return CLI_USAGE;
	}
	const char *path = json_string_value(json_object_get(params, "file"));
	json_t *text = path ? read_file(path) : NULL;
	enum cli_outcome outcome = CLI_USAGE;
	if (!path || (text && json_object_set_new(params, "text", text) == 0))
		outcome = ask(options, command, params);
	json_decref(params);
	return outcome;
}
