/*
 * gun_called.h - the called side: 180 and 200 to an INVITE, 200 to everything else (RFC 3261 13.3, 17.2).
 */
#ifndef AMITY_GUN_CALLED_H
#define AMITY_GUN_CALLED_H

#include "gun.h"

/* A request came. */
void gun_called_take(struct gun *gun, const struct gun_message *request, const struct gun_frame_received *received);

/* The call's called_timer is due. */
void gun_called_expire(struct gun *gun, struct gun_call *call);

/* The call ends: what is kept for its called side goes. */
void gun_called_forget(struct gun *gun, struct gun_call *call);

#endif
