/*
 * gun_dialog.h - what the calling side keeps of an answered call (RFC 3261 12.1.2): the other side's Contact and tag,
 * and the Route line of later requests.
 */
#ifndef AMITY_GUN_DIALOG_H
#define AMITY_GUN_DIALOG_H

#include "gun_call.h"
#include "gun_read.h"

/* Record-Route values of one answer. */
#define GUN_DIALOG_ROUTES_MAX 16

/*
 * Fills the call's dialog text from a 200. `target` stands in where there is no Contact. Routes have to be loose ones.
 * Result: false when it has no room.
 */
bool gun_dialog_take(struct gun_call *call, char dialog[GUN_CALL_DIALOG_BYTES], const struct gun_message *answer,
		     struct span target);

static inline struct span gun_dialog_target(const struct gun_call *call, const char *dialog)
{
	return span_make(dialog, call->target_bytes);
}

static inline struct span gun_dialog_tag(const struct gun_call *call, const char *dialog)
{
	return span_make(dialog + call->target_bytes, call->tag_bytes);
}

/* The whole header line, or nothing. */
static inline struct span gun_dialog_route(const struct gun_call *call, const char *dialog)
{
	return span_make(dialog + call->target_bytes + call->tag_bytes, call->route_bytes);
}

#endif
