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

/* words[0] is the command's name. Everything is printed: results on stdout, what went wrong on stderr. */
enum cli_outcome cli_run_words(const struct cli_options *options, int word_count, char *const *words);

#endif
