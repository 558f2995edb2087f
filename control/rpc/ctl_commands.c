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
		if (strncmp(word, "--", 2) == 0) {
			option = argument_mention(arguments, word + 2, word_length - 2);
			if (option) {
				option->is_option = true;
				option->required = !optional && is_only_way;
			}
			/* Its value, if it has one, follows in the same brackets. */
			if (at < end && *at == ']')
				option = NULL;
		} else if (option) {
			option->takes_value = true;
			option = NULL;
		} else {
			struct ctl_argument *positional = argument_mention(arguments, word, word_length);
			if (positional) {
				positional->takes_value = true;
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
		snprintf(error, CTL_ERROR_BYTES_MAX, "%s%s is missing: %s %s", argument->is_option ? "--" : "",
			 argument->name, command->name, command->synopsis);
		return false;
	}
	return true;
}

/* One option at words[*i]; its value may be the next word or stand behind '='. */
static bool take_option(json_t *params, const struct ctl_command *command, struct ctl_arguments *arguments,
			int word_count, char *const *words, int *i, char error[CTL_ERROR_BYTES_MAX])
{
	const char *name = words[*i] + 2;
	size_t length = strcspn(name, "=");
	const char *value = name[length] ? name + length + 1 : NULL;
	const struct ctl_argument *argument = argument_find(arguments, name, length);

	if (!argument || !argument->is_option) {
		snprintf(error, CTL_ERROR_BYTES_MAX, "%s knows no --%.*s: %s %s", command->name, (int)length, name,
			 command->name, command->synopsis);
		return false;
	}
	if (argument->takes_value && !value && *i + 1 < word_count)
		value = words[++*i];
	if (argument->takes_value != (value != NULL)) {
		snprintf(error, CTL_ERROR_BYTES_MAX, "--%s takes %s value: %s %s", argument->name,
			 argument->takes_value ? "a" : "no", command->name, command->synopsis);
		return false;
	}
	json_t *member = value ? json_string(value) : json_true();
	if (!member) {
		snprintf(error, CTL_ERROR_BYTES_MAX, "the value of --%s is not UTF-8", argument->name);
		return false;
	}
	return json_object_set_new(params, argument->name, member) == 0;
}

json_t *ctl_commands_parse(const struct ctl_command *command, int word_count, char *const *words,
			   char error[CTL_ERROR_BYTES_MAX])
{
	struct ctl_arguments arguments;
	size_t position = 0;
	json_t *params = json_object();

	ctl_commands_arguments(&arguments, command);
	for (int i = 0; i < word_count; i++) {
		if (strncmp(words[i], "--", 2) == 0 && words[i][2]) {
			if (!take_option(params, command, &arguments, word_count, words, &i, error))
				goto fail;
			continue;
		}
		const struct ctl_argument *argument = argument_by_position(&arguments, position++);
		if (!argument) {
			snprintf(error, CTL_ERROR_BYTES_MAX, "\"%s\" is one word too many: %s %s", words[i],
				 command->name, command->synopsis);
			goto fail;
		}
		if (json_object_set_new(params, argument->name, json_string(words[i])) != 0) {
			snprintf(error, CTL_ERROR_BYTES_MAX, "%s of %s is not UTF-8", argument->name, command->name);
			goto fail;
		}
	}
	if (check_required(command, &arguments, params, error))
		return params;
fail:
	json_decref(params);
	return NULL;
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
		bool is_text_of_file = strcmp(name, "text") == 0 && argument_find(&arguments, "file", 4);
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
