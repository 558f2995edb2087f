/*
 * gun_caller.h - the calling side: what it sends when, and what an answer leads to (RFC 3261 13, 17.1, 22).
 */
#ifndef AMITY_GUN_CALLER_H
#define AMITY_GUN_CALLER_H

#include "gun.h"

/* Begins what the workload is made of: a call, a registration, a request. `due_tsc`: when it should have begun. */
void gun_caller_begin(struct gun *gun, uint64_t due_tsc);

/* Begins a call, whatever the workload. */
void gun_caller_begin_call(struct gun *gun, uint64_t due_tsc);

/* A response came. */
void gun_caller_take(struct gun *gun, const struct gun_message *message);

/* The call's caller_timer is due. */
void gun_caller_expire(struct gun *gun, struct gun_call *call);

/* Ends what lives, as unfinished. */
void gun_caller_abandon(struct gun *gun);

/* in_dialog: sends BYE in all calls that wait for nothing, `count_max` at a time. Result: none is left. */
bool gun_caller_hang_up(struct gun *gun, uint32_t count_max);

#endif
