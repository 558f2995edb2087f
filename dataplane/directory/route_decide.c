#include "route_decide.h"

#include "route_caller.h"
#include "route_external.h"
#include "route_forward.h"
#include "route_number.h"
#include "route_trace.h"
#include "route_walk.h"

/* R3 and R6: fills decision->dialled. Result: false: refused. */
static bool read_number(struct route_walk *walk)
{
	struct route_decision *decision = walk->decision;
	enum reason reason = route_number_decode(&decision->dialled, walk->request->number);
	struct span dialled = number_text(&decision->dialled);

	if (reason == REASON_NONE && !route_number_is_valid(dialled))
		reason = REASON_NUMBER_INVALID;
	if (reason != REASON_NONE) {
		route_walk_reject(walk, reason);
		return false;
	}
	if (walk->trace)
		route_trace_note(walk->trace, "R3", true, "dialled ", dialled, "");
	return true;
}

/* R31: fills decision->e164. Result: false: refused. */
static bool convert_number(struct route_walk *walk, const struct dial_plan *plan)
{
	struct route_decision *decision = walk->decision;

	if (!number_to_e164(&decision->e164, number_text(&decision->dialled), plan)) {
		route_walk_reject(walk, REASON_NUMBER_TOO_LONG);
		return false;
	}
	if (walk->trace)
		route_trace_note(walk->trace, "R31", true, "that is ", number_text(&decision->e164), " in E.164");
	return true;
}

/* Internal calls do without E, unless the number is so long that it might be refused for that. */
static bool is_e164_needed(const struct route_walk *walk)
{
	const struct endpoint *caller = walk->request->caller;
	uint32_t most = walk->decision->dialled.length + 1u + sizeof(caller->dial_plan.country->calling_code) +
			caller->dial_plan.area_code.length;

	return walk->trace || walk->decision->emergency || caller->always_transform || most > NUMBER_BYTES_MAX;
}

/* R4 for a number that an endpoint dialled; `number` is N0. */
static void decide_dialled(struct route_walk *walk, struct span number)
{
	struct route_decision *decision = walk->decision;
	const struct extension *extension = route_walk_find_extension(walk, number);

	if (walk->trace)
		route_trace_note(walk->trace, "R4.1", extension != NULL, extension ? "extension " : "no extension ",
				 number, "");
	if (extension) {
		route_caller_copy(&decision->matched, extension->number);
		walk->rule = "R4.1";
		route_walk_follow(walk, &extension->route);
		return;
	}
	if (number.at[0] == '*') {
		route_walk_reject(walk, REASON_SERVICE_CODE);
		return;
	}
	walk->rule = "R4.2";
	if (route_walk_offer(walk, number, walk->rule))
		return;
	walk->rule = "R4.3";
	if (decision->e164.length == 0 && !convert_number(walk, &walk->request->caller->dial_plan))
		return;
	struct span e164 = number_text(&decision->e164);
	if (!span_equals(e164, number) && route_walk_offer(walk, e164, walk->rule))
		return;
	walk->rule = "R4.4";
	const struct route *route = route_external_decide(walk, e164, true);
	if (route)
		route_walk_follow(walk, route);
}

static void decide_for_endpoint(struct route_walk *walk)
{
	struct route_decision *decision = walk->decision;
	const struct endpoint *caller = walk->request->caller;

	decision->company = walk->request->company;
	if (!read_number(walk))
		return;
	struct span dialled = number_text(&decision->dialled);
	decision->emergency = route_number_is_emergency(decision->company, dialled);
	if (is_e164_needed(walk) && !convert_number(walk, &caller->dial_plan))
		return;
	if (decision->emergency) {
		if (walk->trace)
			route_trace_note(walk->trace, "R37", true, "emergency number ", dialled, ": nothing stops it");
		walk->rule = "R37";
		route_external_decide(walk, number_text(&decision->e164), false);
		return;
	}
	if (caller->always_transform && walk->trace)
		route_trace_note(walk->trace, "R5", true, "the caller's numbers are always converted: routed as ",
				 number_text(&decision->e164), "");
	decide_dialled(walk, caller->always_transform ? number_text(&decision->e164) : dialled);
}

/* R33. */
static void decide_for_carrier(struct route_walk *walk)
{
	const struct directory *directory = walk->request->directory;
	struct route_decision *decision = walk->decision;
	uint32_t index;

	decision->from_outside = true;
	if (!read_number(walk) || !convert_number(walk, &walk->request->carrier->dial_plan))
		return;
	struct span e164 = number_text(&decision->e164);
	bool found = name_table_find(&index, &directory->ddi_by_number, e164, false);
	if (walk->trace)
		route_trace_note(walk->trace, "R33", found, found ? "DDI " : "no DDI ", e164, "");
	if (!found) {
		route_walk_reject(walk, REASON_UNKNOWN_DDI);
		return;
	}
	route_caller_shown(&decision->caller_number, walk->request);
	decision->keep_diversion = true;
	walk->rule = "R33";
	route_walk_follow(walk, route_walk_enter_ddi(walk, &directory->ddi_owner[index]));
}

void route_decide_number(struct route_decision *decision, const struct route_request *request,
			 struct route_trace *trace)
{
	struct route_walk walk = {.decision = decision, .request = request, .trace = trace, .rule = ""};

	memset(decision, 0, offsetof(struct route_decision, diversion));
	if (trace) {
		trace->count = 0;
		trace->truncated = false;
	}
	if (request->carrier)
		decide_for_carrier(&walk);
	else
		decide_for_endpoint(&walk);
}

void route_decide_forwards(struct route_decision *decision, const struct route_request *request,
			   struct route_trace *trace)
{
	struct route_walk walk = {.decision = decision, .request = request, .trace = trace, .rule = ""};

	route_forward_settle(&walk);
}

void route_decide(struct route_decision *decision, const struct route_request *request, struct route_trace *trace)
{
	route_decide_number(decision, request, trace);
	route_decide_forwards(decision, request, trace);
}
