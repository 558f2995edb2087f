/*
 * cli_friends.h - what `friends` shows to people: the list, all of one friend, or a recipe, which is text.
 */
#ifndef AMITY_CLI_FRIENDS_H
#define AMITY_CLI_FRIENDS_H

#include <jansson.h>
#include <stdio.h>

void cli_friends_show(FILE *out, const json_t *result);

#endif
