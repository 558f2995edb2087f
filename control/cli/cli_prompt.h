/*
 * cli_prompt.h - `amityctl` without a command on a terminal: a prompt with history and completion of command names
 * (libedit).
 */
#ifndef AMITY_CLI_PROMPT_H
#define AMITY_CLI_PROMPT_H

#include "cli_run.h"

/* Until end of input, `quit` or `exit`. Result: CLI_DONE, or CLI_REFUSED when the terminal cannot be used. */
enum cli_outcome cli_prompt_run(const struct cli_options *options);

#endif
