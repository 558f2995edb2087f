/*
 * cli_check.h - what `amityctl check` says about a document that is right, as compilers warn: place, what, the line,
 * and what to do.
 */
#ifndef AMITY_CLI_CHECK_H
#define AMITY_CLI_CHECK_H

#include <jansson.h>
#include <stdio.h>

/* The warnings, then the summary. */
void cli_check_show(FILE *out, const json_t *result);

/* The warnings of an object, if it has any. */
void cli_check_show_warnings(FILE *out, const json_t *object);

#endif
