/*
 * route_next.h - where a call goes when its target did not take it: the next address or carrier (R16), the forwards of
 * a friend (R27, R28).
 *
 * Like route_decide(), the one implementation for lcores and explain, pure on the same tables. State is the decision
 * alone: the lcores keep only the list of failures and come back to where they were by deciding again and failing
 * again.
 */
#ifndef AMITY_ROUTE_NEXT_H
#define AMITY_ROUTE_NEXT_H

#include "route_decide.h"

enum route_failure {
	ROUTE_FAILURE_NONE,	    /* the answer counts: nothing else is tried */
	ROUTE_FAILURE_UNREGISTERED, /* no binding: class unreachable at once (R19) */
	ROUTE_FAILURE_BUSY,
	ROUTE_FAILURE_NO_ANSWER, /* ring timeout, 480 */
	ROUTE_FAILURE_UNREACHABLE,
};

/*
 * R28 for friends; R16 for carriers: 408 and 5xx are UNREACHABLE, others NONE; users: NONE. No reply is given as 408,
 * an ICMP error as 503. `outcome`: enum route_outcome of the target that failed. Thread: any.
 */
enum route_failure route_next_classify(uint8_t outcome, uint16_t status);

/*
 * Turns *decision, which route_decide() or route_next() made of `request`, into the next one.
 *
 * Result: false: nothing else is to be tried, *decision is unchanged. true: *decision is the next target, or a REJECT
 * that ends the call (over 5 forwards: ROUTE_LOOP, 482; what the forward's number is refused with).
 * Thread: the owner of request->scratch. Cost: as route_decide(); only on the way of failures.
 */
bool route_next(struct route_decision *decision, const struct route_request *request, enum route_failure failure,
		struct route_trace *trace);

#endif
