/*
 * route_walk.h - a decision in the making: where the call stands now, and the steps from route to route (R4.1, R10,
 * R17, R33).
 *
 *   dialled number or DDI -> route -> extension -> route -> ... -> friend | user | external | reject
 */
#ifndef AMITY_ROUTE_WALK_H
#define AMITY_ROUTE_WALK_H

#include "route_decide.h"

/* Routes that one call may follow: DDI, extension, number and again, as many as forwards may (R27). Provisioning can
 * make loops. */
#define ROUTE_WALK_HOPS_MAX 6

struct route_walk {
	struct route_decision *decision; /* its company is where the call is now */
	const struct route_request *request;
	struct route_trace *trace;	  /* NULL on lcores */
	const struct endpoint *forwarder; /* a friend that calls a number outside by its forward (R27), else NULL */
	const char *rule;		  /* what gets the credit if this ends well */
};

/* Ends the decision with a refusal; its rule is the reason's. */
void route_walk_reject(struct route_walk *walk, enum reason reason);

/* Who converts numbers now: the caller, until the call has entered a company through a DDI. */
const struct dial_plan *route_walk_dial_plan(const struct route_walk *walk);

/* Does a friend's pattern take `number` as it is (R7, R8)? Then the decision is made, with `rule` told to the trace. */
bool route_walk_offer(struct route_walk *walk, struct span number, const char *rule);

/* Follows a route to its end, which is a decision in any case. */
void route_walk_follow(struct route_walk *walk, const struct route *route);

/* The extension of the current company, NULL when it has none of that number. */
const struct extension *route_walk_find_extension(const struct route_walk *walk, struct span number);

/* The call is now one to a DDI: its company's, from outside. Result: the route that follows. */
const struct route *route_walk_enter_ddi(struct route_walk *walk, const struct ddi_owner *owner);

#endif
