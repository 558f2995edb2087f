/*
 * explain_step.h - steps that explain adds to those of route_decide().
 */
#ifndef AMITY_EXPLAIN_STEP_H
#define AMITY_EXPLAIN_STEP_H

#include "route_decide.h"

/* A text that is too long is cut. Without room for another step the trace is marked as truncated. */
void explain_step_add(struct route_trace *trace, const char *rule, bool matched, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
