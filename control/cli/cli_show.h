/*
 * cli_show.h - results and refusals of the router as people read them.
 */
#ifndef AMITY_CLI_SHOW_H
#define AMITY_CLI_SHOW_H

#include <jansson.h>
#include <stdio.h>

#include "ctl_commands.h"

void cli_show_result(FILE *out, const struct ctl_command *command, const json_t *result);

/* "error" of an answer: its message, then each problem as compilers show it. */
void cli_show_error(FILE *out, const json_t *error);

/* All commands, from their rows. */
void cli_show_help(FILE *out);

#endif
