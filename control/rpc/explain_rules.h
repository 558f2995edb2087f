/*
 * explain_rules.h - steps of explain for rules that decide nothing about where a call goes, though people ask for them:
 * who may call (R1, R2), limits (R18), and what the called side is shown and why (R9, R11, R16, R21-R23, R26, R32).
 *
 * Thread: control.
 */
#ifndef AMITY_EXPLAIN_RULES_H
#define AMITY_EXPLAIN_RULES_H

#include "route_decide.h"

/* Stands before the steps that are there: how the caller is known. */
void explain_rules_caller(struct route_trace *trace, const struct route_request *request);

/* For decisions that are not REJECT: what may be reached, though nobody here knows how much of it is used. */
void explain_rules_limits(struct route_trace *trace, const struct route_request *request,
			  const struct route_decision *decision);

/* Likewise: what stands in request line, From, To and identity, and why. */
void explain_rules_shown(struct route_trace *trace, const struct route_request *request,
			 const struct route_decision *decision, const struct route_presentation *shown);

#endif
