/*
 * explain.h - where a call would go now and what would be sent: the lcores' own route_decide(), route_next(),
 * route_present(), location_find() and wire_find_hop() on the live snapshot, with a trace.
 */
#ifndef AMITY_EXPLAIN_H
#define AMITY_EXPLAIN_H

#include <jansson.h>

#include "route_decide.h"
#include "snapshot.h"

/* What to look at, besides the call itself. */
struct explain_view {
	const struct snapshot *snapshot;
	struct match_scratch *scratch;
	uint64_t now_tsc;
};

/* All that is known of one explained call. */
struct explanation {
	const struct explain_view *view;
	struct route_request request;
	struct route_decision decision;
	struct route_presentation shown;
	struct route_trace trace;
	const struct binding *binding; /* NULL: direct, carrier, or nobody */
	struct net_address next_hop;
	struct wire_hop hop;
	uint64_t codecs; /* R25: that both sides allow */
	bool has_next_hop;
	bool has_hop;
	enum reason reason; /* why it would not leave, though it is routed */
};

/*
 * DESIGN.md section 8: {"outcome", "target", "company", "rule", "pattern", "status", "reason", "request_uri", "from",
 * "to", "identity", "codecs", "next_hop", "steps"}. What does not apply is null; so are codecs that are as offered. A
 * target that nobody reaches now keeps its outcome and has status and reason besides.
 *
 * `request` needs number, company and caller, or carrier; directory and scratch come from the view. Thread: control.
 * Result: NULL when memory ends.
 */
json_t *explain_call(const struct explain_view *view, const struct route_request *request);

/*
 * By the tables alone, whoever is registered and wherever the wire leads: decides explanation->request, whose directory
 * and scratch are set, without a trace, and fills the rest. `explanation` may be used again. Thread: the owner of the
 * scratch.
 */
void explain_decide(struct explanation *explanation, const struct route_request *request);

/* "friend", "user", "external", "reject". */
const char *explain_outcome_name(enum route_outcome outcome);

/* As explain_call(). */
json_t *explain_describe(const struct explanation *explanation);

#endif
