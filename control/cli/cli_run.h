/*
 * cli_run.h - one command line of amityctl: words -> request -> answer -> what is printed.
 */
#ifndef AMITY_CLI_RUN_H
#define AMITY_CLI_RUN_H

#include <stdbool.h>

#include "cli_client.h"

struct cli_options {
	const char *socket_path;
	bool json;
};

/*
 * words[0] is the command's name. Results go to stdout. What went wrong goes to stderr in words; with --json it is an
 * object on stdout, {"code","message","data"} as on the control socket: one JSON value an answer, whatever it is, and
 * the exit status tells which. CLI_REFUSED also when what was answered could not be written; a closed pipe is no
 * failure.
 */
enum cli_outcome cli_run_words(const struct cli_options *options, int word_count, char *const *words);

/* All commands, on stdout. */
enum cli_outcome cli_run_help(void);

#endif
