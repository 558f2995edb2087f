/*
 * route_external.h - calls to the public network: ACL, presented number, our own DDIs, carriers (R13 to R17, R37).
 */
#ifndef AMITY_ROUTE_EXTERNAL_H
#define AMITY_ROUTE_EXTERNAL_H

#include "route_walk.h"

/*
 * Decides an external call to `e164`. `checked`: the caller dialled it, so that its ACL decides first (R13).
 *
 * Thread: the owner of the request's scratch.
 * Result: NULL: the decision is made. Otherwise the number is a DDI of ours, and this is its route (R17).
 */
const struct route *route_external_decide(struct route_walk *walk, struct span e164, bool checked);

/*
 * R16: the next address of the carrier of an external decision, else the next carrier that takes the number.
 *
 * Thread: the owner of the request's scratch.   Result: false: none is left; the decision is as it was.
 */
bool route_external_next(struct route_walk *walk);

#endif
