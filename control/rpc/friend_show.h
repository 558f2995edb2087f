/*
 * friend_show.h - all that is known about one friend, for `friends show`.
 */
#ifndef AMITY_FRIEND_SHOW_H
#define AMITY_FRIEND_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct friend_view;
struct model_friend;

/* Calls that live; not known when an lcore did not answer. */
struct friend_show_calls {
	bool is_known;
	uint32_t to_it, from_it;
};

/*
 * Result: an object (its members are those that control/cli/cli_friends.c shows); NULL: memory ended. The password is
 * in it only with `with_secrets`. Owner: the caller. Thread: control.
 */
json_t *friend_show_make(const struct friend_view *view, const struct friend_show_calls *calls, bool with_secrets);

/* A part of it, which the list shows too. Owner: the caller. */
json_t *friend_show_forwards(const struct model_friend *friend);

#endif
