#include "ctl_commands.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const struct ctl_command ctl_commands[CTL_COMMAND_COUNT] = {
#define CTL_COMMAND(name, access, show, function, synopsis, help)                                                      \
	[CTL_COMMAND_##name] = {#name, synopsis, help, CTL_ACCESS_##access, CTL_SHOW_##show},
#include "ctl_commands.def"
#undef CTL_COMMAND
};

const struct ctl_command *ctl_commands_find(const char *name)
{
	for (size_t i = 0; i < CTL_COMMAND_COUNT; i++)
		if (strcmp(ctl_commands[i].name, name) == 0)
			return &ctl_commands[i];
	return NULL;
}

static struct ctl_argument *argument_find(struct ctl_arguments *arguments, const char *name, size_t length)
{
	for (size_t i = 0; i < arguments->count; i++)
		if (strlen(arguments->argument[i].name) == length &&
		    strncmp(arguments->argument[i].name, name, length) == 0)
			return &arguments->argument[i];
	return NULL;
}

static const char *dashes_of(const struct ctl_argument *argument)
{
	return argument->is_option && !argument->is_word ? "--" : "";
}

/* The row of `name`, a new one at its first mention. */
static struct ctl_argument *argument_mention(struct ctl_arguments *arguments, const char *name, size_t length)
{
	struct ctl_argument *argument = argument_find(arguments, name, length);
	if (argument || arguments->count == CTL_ARGUMENTS_MAX || length >= CTL_ARGUMENT_NAME_BYTES_MAX)
		return argument;
	argument = &arguments->argument[arguments->count++];
	memset(argument, 0, sizeof(*argument));
	for (size_t i = 0; i < length; i++)
		argument->name[i] = (char)tolower((unsigned char)name[i]);
	return argument;
}

static bool is_file(const char *word, size_t length)
{
	return length == strlen("FILE") && strncmp(word, "FILE", length) == 0;
}

/* One way to call the command: "--company COMPANY [--identity NUMBER] --to NUMBER". */
static void read_way(struct ctl_arguments *arguments, const char *at, size_t length, bool is_only_way)
{
	struct ctl_argument *option = NULL;
	const char *end = at + length;

	while (at < end) {
		bool optional = false;
		while (at < end && strchr(" []", *at))
			optional |= *at++ == '[';
		const char *word = at;
		while (at < end && !strchr(" []", *at))
			at++;
		size_t word_length = (size_t)(at - word);
		if (word_length == 0)
			continue;
		bool has_dashes = strncmp(word, "--", 2) == 0;
		/* Values and positions are written in capitals. */
		if (has_dashes || (!option && islower((unsigned char)*word))) {
			size_t skipped = has_dashes ? 2 : 0;
			option = argument_mention(arguments, word + skipped, word_length - skipped);
			if (option) {
				option->is_option = true;
				option->is_word = !has_dashes;
				option->required = !optional && is_only_way;
			}
			/* Its value, if it has one, follows in the same brackets. */
			if (at < end && *at == ']')
				option = NULL;
		} else if (option) {
			option->takes_value = true;
			option->is_file = is_file(word, word_length);
			option = NULL;
		} else {
			struct ctl_argument *positional = argument_mention(arguments, word, word_length);
			if (positional) {
				positional->takes_value = true;
				positional->is_file = is_file(word, word_length);
				positional->required = !optional && is_only_way;
			}
		}
	}
}

void ctl_commands_arguments(struct ctl_arguments *arguments, const struct ctl_command *command)
{
	const char *way = command->synopsis;
	bool is_only_way = !strchr(way, '|');

	arguments->count = 0;
	for (;;) {
		size_t length = strcspn(way, "|");
		read_way(arguments, way, length, is_only_way);
		if (way[length] == '\0')
			return;
		way += length + 1;
	}
}

static const struct ctl_argument *argument_by_position(const struct ctl_arguments *arguments, size_t position)
{
	for (size_t i = 0; i < arguments->count; i++)
		if (!arguments->argument[i].is_option && position-- == 0)
			return &arguments->argument[i];
	return NULL;
}

static bool check_required(const struct ctl_command *command, const struct ctl_arguments *arguments,
			   const json_t *params, char error[CTL_ERROR_BYTES_MAX])
{
	for (size_t i = 0; i < arguments->count; i++) {
		const struct ctl_argument *argument = &arguments->argument[i];
		if (!argument->required || json_object_get(params, argument->name))
			continue;
		snprintf(error, CTL_ERROR_BYTES_MAX, "%s%s is missing: %s %s", dashes_of(argument), argument->name,
			 command->name, command->synopsis);
		return false;
	}
	return true;
}

/* What of a command line is left to be read. */
struct reading {
	const struct ctl_command *command;
	struct ctl_arguments arguments;
	char *const *words;
	int left;
	size_t position; /* of arguments without a name */
	json_t *params;
	char *error;
};

static bool is_word_of(struct reading *reading, const char *word)
{
	const struct ctl_argument *argument = argument_find(&reading->arguments, word, strlen(word));
	return argument && argument->is_word;
}

/* An option; its value may be the next word or stand behind '='. */
static bool take_option(struct reading *reading, bool is_word)
{
	const struct ctl_command *command = reading->command;
	const char *name = *reading->words + (is_word ? 0 : 2);
	size_t length = strcspn(name, "=");
	const char *value = name[length] ? name + length + 1 : NULL;
	const struct ctl_argument *argument = argument_find(&reading->arguments, name, length);

	if (!argument || !argument->is_option || argument->is_word != is_word) {
		snprintf(reading->error, CTL_ERROR_BYTES_MAX, "%s knows no --%.*s: %s %s", command->name, (int)length,
			 name, command->name, command->synopsis);
		return false;
	}
	if (argument->takes_value && !value && reading->left > 1) {
		value = *++reading->words;
		reading->left--;
	}
	if (argument->takes_value != (value != NULL)) {
		snprintf(reading->error, CTL_ERROR_BYTES_MAX, "%s%s takes %s value: %s %s", dashes_of(argument),
			 argument->name, argument->takes_value ? "a" : "no", command->name, command->synopsis);
		return false;
	}
	json_t *member = value ? json_string(value) : json_true();
	if (!member) {
		snprintf(reading->error, CTL_ERROR_BYTES_MAX, "the value of %s%s is not UTF-8", dashes_of(argument),
			 argument->name);
		return false;
	}
	return json_object_set_new(reading->params, argument->name, member) == 0;
}

static bool take_position(struct reading *reading)
{
	const struct ctl_command *command = reading->command;
	const struct ctl_argument *argument = argument_by_position(&reading->arguments, reading->position++);

	if (!argument) {
		snprintf(reading->error, CTL_ERROR_BYTES_MAX, "\"%s\" is one word too many: %s %s", *reading->words,
			 command->name, command->synopsis);
		return false;
	}
	if (json_object_set_new(reading->params, argument->name, json_string(*reading->words)) == 0)
		return true;
	snprintf(reading->error, CTL_ERROR_BYTES_MAX, "%s of %s is not UTF-8", argument->name, command->name);
	return false;
}

json_t *ctl_commands_parse(const struct ctl_command *command, int word_count, char *const *words,
			   char error[CTL_ERROR_BYTES_MAX])
{
	struct reading reading = {
		.command = command, .words = words, .left = word_count, .params = json_object(), .error = error};
	bool taken = true;

	ctl_commands_arguments(&reading.arguments, command);
	for (; reading.left > 0 && taken; reading.words++, reading.left--) {
		const char *word = *reading.words;
		bool is_word = is_word_of(&reading, word);
		if (is_word || (strncmp(word, "--", 2) == 0 && word[2]))
			taken = take_option(&reading, is_word);
		else
			taken = take_position(&reading);
	}
	if (taken && check_required(command, &reading.arguments, reading.params, error))
		return reading.params;
	json_decref(reading.params);
	return NULL;
}

const char *ctl_commands_file(const struct ctl_command *command, const json_t *params)
{
	struct ctl_arguments arguments;
	const char *path = NULL;

	ctl_commands_arguments(&arguments, command);
	for (size_t i = 0; i < arguments.count && !path; i++)
		if (arguments.argument[i].is_file)
			path = json_string_value(json_object_get(params, arguments.argument[i].name));
	return path;
}

static bool takes_file(const struct ctl_arguments *arguments)
{
	for (size_t i = 0; i < arguments->count; i++)
		if (arguments->argument[i].is_file)
			return true;
	return false;
}

bool ctl_commands_params_fit(const struct ctl_command *command, const json_t *params, char error[CTL_ERROR_BYTES_MAX])
{
	struct ctl_arguments arguments;
	const char *name;
	json_t *value;

	ctl_commands_arguments(&arguments, command);
	json_object_foreach((json_t *)params, name, value)
	{
		const struct ctl_argument *argument = argument_find(&arguments, name, strlen(name));
		bool is_text_of_file = strcmp(name, "text") == 0 && takes_file(&arguments);
		if (!argument && !is_text_of_file) {
			snprintf(error, CTL_ERROR_BYTES_MAX, "%s knows no parameter \"%.32s\": %s %s", command->name,
				 name, command->name, command->synopsis);
			return false;
		}
		if (is_text_of_file || argument->takes_value ? !json_is_string(value) : !json_is_boolean(value)) {
			snprintf(error, CTL_ERROR_BYTES_MAX, "parameter \"%s\" of %s must be %s", name, command->name,
				 is_text_of_file || argument->takes_value ? "a text" : "true or false");
			return false;
		}
	}
	return check_required(command, &arguments, params, error);
}
