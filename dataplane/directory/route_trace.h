/*
 * route_trace.h - the steps that explain shows. Callers test the trace first: on lcores there is none, and nothing is
 * written.
 */
#ifndef AMITY_ROUTE_TRACE_H
#define AMITY_ROUTE_TRACE_H

#include "route_decide.h"

#define ROUTE_TRACE_PARTS_MAX 8

/* What a step says: parts that are written one after the other. */
struct route_trace_text {
	struct span part[ROUTE_TRACE_PARTS_MAX];
};

/*
 * Adds a step; text that is longer than a step ends in "...". Thread: any.
 * Result: false when there is no room for another step; the trace is then marked as truncated.
 */
bool route_trace_add(struct route_trace *trace, const char *rule, bool matched, const struct route_trace_text *text);

/* A step of a few words and a number: "WORDS NUMBER REST". */
void route_trace_note(struct route_trace *trace, const char *rule, bool matched, const char *words, struct span number,
		      const char *rest);

/* Every pattern of the company's friends against `number`: `winner` first, then who else matches and lost (R8), then
 * who does not. */
void route_trace_friends(struct route_trace *trace, const char *rule, const struct company *company, struct span number,
			 const uint32_t *winner, struct match_scratch *scratch);

/* Likewise for the carriers (R16). */
void route_trace_carriers(struct route_trace *trace, const struct directory *directory, struct span number,
			  const uint32_t *winner, struct match_scratch *scratch);

/* The rules of an ACL (R13), where the first that matches decides; `allowed`: what call_acl_allows() said. */
void route_trace_acl(struct route_trace *trace, const struct call_acl *acl, struct span number, const uint32_t *winner,
		     bool allowed);

#endif
