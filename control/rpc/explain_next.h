/*
 * explain_next.h - what would be tried if the target of an explained call failed: the lcores' own route_next() on every
 * failure that may come, and again on what it leads to.
 */
#ifndef AMITY_EXPLAIN_NEXT_H
#define AMITY_EXPLAIN_NEXT_H

#include "route_decide.h"

/* Adds a step for each next target, indented by how many failures lead to it. Thread: control. */
void explain_next_list(struct route_trace *trace, const struct route_decision *decision,
		       const struct route_request *request);

#endif
