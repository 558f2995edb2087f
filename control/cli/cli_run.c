#include "cli_run.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli_show.h"
#include "ctl_commands.h"
#include "ctl_wire.h"

/* What went wrong: with --json an object on stdout, else words on stderr. Takes `error`. */
static void say_error(const struct cli_options *options, json_t *error)
{
	if (!error) {
		fprintf(stderr, "amityctl: out of memory\n");
	} else if (options->json) {
		json_dumpf(error, stdout, JSON_ENCODE_ANY | JSON_INDENT(2));
		fputc('\n', stdout);
	} else {
		cli_show_error(stderr, error);
	}
	json_decref(error);
}

static void __attribute__((format(printf, 3, 4)))
say(const struct cli_options *options, enum ctl_error code, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	json_t *message = json_string(text);
	/* Words of the command line need not be UTF-8. */
	say_error(options, json_pack("{s:i, s:o}", "code", code, "message",
				     message ? message : json_string("the command line is not UTF-8")));
}

/* Result: false after telling why. */
static bool read_text(const struct cli_options *options, char **text, size_t *size, const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	FILE *memory = file ? open_memstream(text, size) : NULL;
	char block[65536];
	size_t taken;

	if (!memory) {
		say(options, CTL_ERROR_PARAMS, "cannot read %s: %s", path, strerror(errno));
		if (file && file != stdin)
			fclose(file);
		return false;
	}
	errno = 0;
	while (*size <= CTL_LINE_BYTES_MAX && (taken = fread(block, 1, sizeof(block), file)) > 0) {
		fwrite(block, 1, taken, memory);
		fflush(memory);
	}
	bool failed = ferror(file) || ferror(memory);
	int why = errno;
	/* Without memory for its last step the stream has no text, and no error either. */
	failed |= fclose(memory) != 0 || !*text;
	if (file != stdin)
		fclose(file);
	if (failed)
		say(options, CTL_ERROR_PARAMS, "cannot read %s: %s", path, strerror(why ? why : ENOMEM));
	return !failed;
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

static void tell_bad_byte(const struct cli_options *options, const char *path, const char *text, size_t size)
{
	size_t at = find_bad_byte(text, size);
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		column = text[i] == '\n' ? 1 : column + ((text[i] & 0xc0) != 0x80);
		line += text[i] == '\n';
	}
	say(options, CTL_ERROR_PARAMS, "%s:%u:%u: %s: a provisioning file is UTF-8 text, save it as that", path, line,
	    column, text[at] ? "a byte that is not UTF-8" : "a NUL byte, as in UTF-16 or in no text at all");
}

/* The router does not open files of its clients: they send the text. Result: NULL after telling why. */
static json_t *read_file(const struct cli_options *options, const char *path)
{
	char *text = NULL;
	size_t size = 0;
	json_t *string = NULL;

	if (!read_text(options, &text, &size, path))
		size = 0;
	else if (size > CTL_LINE_BYTES_MAX / 2)
		say(options, CTL_ERROR_PARAMS, "%s is longer than %u MiB, more than a request may carry", path,
		    CTL_LINE_BYTES_MAX >> 21);
	else if (memchr(text, '\0', size) || !(string = json_stringn(text, size)))
		tell_bad_byte(options, path, text, size);
	free(text);
	return string;
}

/* One answer of many is added to those before it: its lists behind theirs. Takes `more`. */
static json_t *join(json_t *whole, json_t *more)
{
	const char *name;
	json_t *value;

	if (!whole)
		return more;
	json_object_foreach(more, name, value)
	{
		json_t *list = json_object_get(whole, name);
		if (json_is_array(list) && json_is_array(value))
			json_array_extend(list, value);
	}
	json_decref(more);
	return whole;
}

static void show(const struct cli_options *options, const struct ctl_command *command, const json_t *result)
{
	if (options->json) {
		json_dumpf(result, stdout, JSON_ENCODE_ANY | JSON_INDENT(2) | JSON_REAL_PRECISION(15));
		fputc('\n', stdout);
	} else {
		cli_show_result(stdout, command, result);
	}
}

static void wait_ms(json_int_t ms)
{
	const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	nanosleep(&wait, NULL);
}

/*
 * Asks, and asks on as long as an answer says what to ask "next": at once for the rest of a long list, which is shown
 * as one; in "next_ms" for what is followed, which is shown each time, or with --json at its end.
 */
static enum cli_outcome ask(const struct cli_options *options, const struct ctl_command *command, json_t *params)
{
	json_t *whole = NULL, *next = json_incref(params);
	enum cli_outcome outcome = CLI_DONE;

	while (next && outcome == CLI_DONE) {
		json_t *result = NULL, *error = NULL;
		outcome = cli_client_call(options->socket_path, command->access == CTL_ACCESS_READ, command->name, next,
					  &result, &error);
		json_decref(next);
		next = json_incref(json_object_get(result, "next"));
		json_int_t after_ms = json_integer_value(json_object_get(result, "next_ms"));
		if (outcome != CLI_DONE) {
			if (json_integer_value(json_object_get(error, "code")) == CTL_ERROR_PARAMS)
				outcome = CLI_USAGE;
			say_error(options, error);
		} else if (after_ms == 0) {
			json_object_del(result, "next");
			whole = join(whole, result);
		} else {
			if (!options->json)
				show(options, command, result);
			json_decref(result);
			/* Who follows something sees it now; who cannot see it any more does not follow. */
			if (fflush(stdout) != 0)
				break;
			wait_ms(after_ms);
		}
	}
	if (outcome == CLI_DONE && !next)
		show(options, command, whole);
	json_decref(next);
	json_decref(whole);
	return outcome;
}

static bool reader_is_gone(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/* What is printed may not arrive. A reader that has seen enough (`| head`) is none of our business. */
static enum cli_outcome finish(enum cli_outcome outcome)
{
	bool failed = ferror(stdout);
	errno = 0;
	failed |= fflush(stdout) != 0;
	int why = errno;

	clearerr(stdout);
	if (!failed || why == EPIPE || reader_is_gone())
		return outcome;
	fprintf(stderr, "amityctl: cannot write what was answered: %s\n", why ? strerror(why) : "output error");
	return outcome == CLI_DONE ? CLI_REFUSED : outcome;
}

static enum cli_outcome run(const struct cli_options *options, int word_count, char *const *words)
{
	char wrong[CTL_ERROR_BYTES_MAX];

	if (strcmp(words[0], "help") == 0) {
		cli_show_help(stdout);
		return CLI_DONE;
	}
	const struct ctl_command *command = ctl_commands_find(words[0]);
	if (!command) {
		say(options, CTL_ERROR_METHOD, "there is no command \"%s\": `amityctl help` lists all", words[0]);
		return CLI_USAGE;
	}
	json_t *params = ctl_commands_parse(command, word_count - 1, words + 1, wrong);
	if (!params) {
		say(options, CTL_ERROR_PARAMS, "%s", wrong);
		return CLI_USAGE;
	}
	const char *path = ctl_commands_file(command, params);
	json_t *text = path ? read_file(options, path) : NULL;
	enum cli_outcome outcome = CLI_USAGE;
	if (!path || (text && json_object_set_new(params, "text", text) == 0))
		outcome = ask(options, command, params);
	json_decref(params);
	return outcome;
}

enum cli_outcome cli_run_words(const struct cli_options *options, int word_count, char *const *words)
{
	return finish(run(options, word_count, words));
}

enum cli_outcome cli_run_help(void)
{
	cli_show_help(stdout);
	return finish(CLI_DONE);
}
