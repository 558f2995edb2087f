/*
 * ctl_commands.h - the rows of ctl_commands.def, and the arguments that their synopses promise. Shared by amityd and
 * amityctl.
 */
#ifndef AMITY_CTL_COMMANDS_H
#define AMITY_CTL_COMMANDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum ctl_command_id {
#define CTL_COMMAND(name, access, show, function, synopsis, help) CTL_COMMAND_##name,
#include "ctl_commands.def"
#undef CTL_COMMAND
	CTL_COMMAND_COUNT
};

enum ctl_access {
	CTL_ACCESS_READ,
	CTL_ACCESS_FULL,
};

enum ctl_show {
	CTL_SHOW_PAIRS,
	CTL_SHOW_TABLE,
	CTL_SHOW_STATS,
	CTL_SHOW_EXPLAIN,
	CTL_SHOW_CHANGES,
	CTL_SHOW_CHECK,
	CTL_SHOW_DIFF,
	CTL_SHOW_TEXT,
	CTL_SHOW_CALLS,
	CTL_SHOW_WHY,
	CTL_SHOW_DRAIN,
	CTL_SHOW_FRIENDS,
	CTL_SHOW_COUNT
};

struct ctl_command {
	const char *name;
	const char *synopsis;
	const char *help;
	enum ctl_access access;
	enum ctl_show show;
};

extern const struct ctl_command ctl_commands[CTL_COMMAND_COUNT];

/* Result: NULL when there is none of that name. */
const struct ctl_command *ctl_commands_find(const char *name);

#define CTL_ARGUMENTS_MAX	    8
#define CTL_ARGUMENT_NAME_BYTES_MAX 24

struct ctl_argument {
	char name[CTL_ARGUMENT_NAME_BYTES_MAX]; /* the member of "params": "dry-run", "company", "file" */
	bool is_option;				/* found by its name, else by position */
	bool is_word;				/* its name stands without the dashes: `show ID` */
	bool takes_value;
	bool is_file;  /* its value is a FILE, whose text goes along */
	bool required; /* in every way to call the command */
};

struct ctl_arguments {
	struct ctl_argument argument[CTL_ARGUMENTS_MAX];
	size_t count;
};

/* What a synopsis says. */
void ctl_commands_arguments(struct ctl_arguments *arguments, const struct ctl_command *command);

#define CTL_ERROR_BYTES_MAX 256

/*
 * Words of a command line (after the command's name) -> "params".
 * Result: NULL when they do not fit the synopsis; `error` then says what is wrong. Owner: the caller.
 */
json_t *ctl_commands_parse(const struct ctl_command *command, int word_count, char *const *words,
			   char error[CTL_ERROR_BYTES_MAX]);

/* The file that the words named. Result: NULL: none. */
const char *ctl_commands_file(const struct ctl_command *command, const json_t *params);

/* Do "params" of a request fit the synopsis? A FILE brings its "text". Result: false and `error` filled when not. */
bool ctl_commands_params_fit(const struct ctl_command *command, const json_t *params, char error[CTL_ERROR_BYTES_MAX]);

#endif
