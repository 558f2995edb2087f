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

/*
 * DESIGN.md section 8: {"outcome", "target", "company", "rule", "pattern", "status", "reason", "request_uri", "from",
 * "to", "identity", "next_hop", "steps"}. What does not apply is null. A target that nobody reaches now keeps its
 * outcome and has status and reason besides.
 *
 * `request` needs number, company and caller, or carrier; directory and scratch come from the view. Thread: control.
 * Result: NULL when memory ends.
 */
json_t *explain_call(const struct explain_view *view, const struct route_request *request);

#endif
