/*
 * cli_changes.h - what a change of the provisioning does, as people read it: each object with a sign, its old and its
 * new values (control/provision/model_changes.h has the layout).
 */
#ifndef AMITY_CLI_CHANGES_H
#define AMITY_CLI_CHANGES_H

#include <jansson.h>
#include <stdio.h>

/* After apply and rollback: the objects by name, counts, the revision. */
void cli_changes_show(FILE *out, const json_t *result);

/* Of diff: every object with its values. */
void cli_changes_show_diff(FILE *out, const json_t *result);

#endif
