/*
 * route_caller.h - the caller's number: P of R14 and K of R22.
 */
#ifndef AMITY_ROUTE_CALLER_H
#define AMITY_ROUTE_CALLER_H

#include "route_decide.h"

/*
 * P of R14 for a friend, and the caller number of R33 for a carrier: what it says the caller's number is, converted to
 * E.164.
 *
 * Thread: any.   Result: false when it says none; *identity untouched.
 */
bool route_caller_identity(struct number *identity, const struct route_request *request);

/* Does the user part of an identity name somebody? Not when it is empty, broken, too long, or `anonymous`. Thread: any.
 */
bool route_caller_is_named(struct span user);

/* `anonymous`, in any case and however escaped (R23). Thread: any. */
bool route_caller_is_anonymous(struct span user);

/* The number of the first Diversion, converted likewise (R14.2). Thread: any. Result: false when there is none. */
bool route_caller_diversion(struct number *diversion, const struct route_request *request);

/*
 * R23: a number that the user part of a Diversion names, in E.164.
 *
 * Thread: the owner of the request's scratch.   Cost: a scan.   Result: false: it is internal or no number, and is
 * shown as it came; *number untouched.
 */
bool route_caller_diverted(struct number *number, const struct route_request *request, struct span user);

/* K of R22. Thread: the owner of the request's scratch. Cost: for friends a scan. Result: length 0 when nothing is
 * known. */
void route_caller_shown(struct number *shown, const struct route_request *request);

/* Copies a text of the tables; one that does not fit becomes empty. */
void route_caller_copy(struct number *number, struct span text);

#endif
