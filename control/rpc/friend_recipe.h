/*
 * friend_recipe.h - what a recipe (recipe.h) says about one friend.
 */
#ifndef AMITY_FRIEND_RECIPE_H
#define AMITY_FRIEND_RECIPE_H

#include <jansson.h>

#include "recipe.h"

struct friend_view;

/*
 * `address` NULL: the router's own that fits best; else "192.0.2.1", "192.0.2.1:5070" or "[2001:db8::1]:5060", which
 * need not be its own (something in between may translate).
 *
 * Result: {"company", "name", "for", "address", "text", "files"}; NULL: with `why` filled it cannot be written, with an
 * empty `why` memory ended. Owner: the caller. Thread: control.
 */
json_t *friend_recipe_make(const struct friend_view *view, enum recipe_kind kind, const char *address,
			   char why[RECIPE_WHY_BYTES]);

#endif
