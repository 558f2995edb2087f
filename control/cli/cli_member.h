/*
 * cli_member.h - members of an answer of the router. One that is absent or of another kind shows as nothing: amityctl
 * and amityd need not be of one version.
 */
#ifndef AMITY_CLI_MEMBER_H
#define AMITY_CLI_MEMBER_H

#include <jansson.h>

/* Result: "" when there is no such text. */
const char *cli_member_text(const json_t *object, const char *name);

/* Result: 0 when there is no such number. */
long long cli_member_number(const json_t *object, const char *name);

#endif
