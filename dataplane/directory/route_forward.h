/*
 * route_forward.h - the forwards of a friend (R27): which one fits, and where it leads.
 */
#ifndef AMITY_ROUTE_FORWARD_H
#define AMITY_ROUTE_FORWARD_H

#include "route_walk.h"

/*
 * The first forward of the friend for what happened and for calls of this kind; with NO_ANSWER the one whose time is
 * over first. Thread: any. Result: NULL: none.
 */
const struct forward *route_forward_find(const struct endpoint *friend, enum forward_when when, bool from_outside);

/* Sends the call on from the friend that the decision names. Ends with a decision in any case: ROUTE_LOOP after
 * ROUTE_FORWARDS_MAX forwards, TOO_MANY_HOPS when Max-Forwards is used up (R11). */
void route_forward_follow(struct route_walk *walk, const struct forward *forward);

/* Friends that forward every call are passed over; then the decision learns how long its friend may ring. */
void route_forward_settle(struct route_walk *walk);

#endif
