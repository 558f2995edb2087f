/*
 * cli_explain_diff.h - what `explain --diff` found, as people read it: a row for each call that would go elsewhere, and
 * how many stay (control/rpc/explain_diff.h has the layout).
 */
#ifndef AMITY_CLI_EXPLAIN_DIFF_H
#define AMITY_CLI_EXPLAIN_DIFF_H

#include <jansson.h>
#include <stdio.h>

void cli_explain_diff_show(FILE *out, const json_t *result);

#endif
