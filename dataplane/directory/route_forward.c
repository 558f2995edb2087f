#include "route_forward.h"

#include "route_trace.h"

static bool fits(const struct forward *forward, enum forward_when when, bool from_outside)
{
	if (forward->when != when)
		return false;
	return forward->calls == FORWARD_CALLS_BOTH ||
	       forward->calls == (from_outside ? FORWARD_CALLS_EXTERNAL : FORWARD_CALLS_INTERNAL);
}

const struct forward *route_forward_find(const struct endpoint *friend, enum forward_when when, bool from_outside)
{
	const struct forward *found = NULL;

	/* Who has forwards is a friend, and there. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	for (uint32_t i = 0; i < friend->forward_count; i++) {
		const struct forward *forward = &friend->forward[i];
		if (fits(forward, when, from_outside) && (!found || forward->after_s < found->after_s))
			found = forward;
	}
	return found;
}

static void trace_forward(const struct route_walk *walk, const struct endpoint *friend, const struct forward *forward)
{
	static const char *const when[] = {
		[FORWARD_ALWAYS] = "always",
		[FORWARD_UNREGISTERED] = "when it is not reached",
		[FORWARD_BUSY] = "when it is busy",
		[FORWARD_NO_ANSWER] = "when it does not answer",
	};
	struct route_trace_text text = {{
		SPAN_LITERAL("friend "),
		friend->name,
		SPAN_LITERAL(" forwards calls "),
		span_of_text(when[forward->when]),
		span_of_text(forward->to.target == ROUTE_NUMBER ? ", to number " : ", to extension "),
		forward->to.number,
	}};

	route_trace_add(walk->trace, "R27", true, &text);
}

/* What the friend's part of the decision said is of the past; who calls, and through which DDI, stays. */
static void leave_friend(struct route_decision *decision, enum forward_when when)
{
	struct route_diversion *diversion = &decision->diversion[decision->forward_count++];

	diversion->company = decision->company;
	diversion->friend = decision->target;
	diversion->number = decision->matched;
	diversion->when = (uint8_t)when;
	decision->target = NULL;
	decision->pattern = NULL;
	decision->matched.length = 0;
	decision->ring_s = 0;
}

void route_forward_follow(struct route_walk *walk, const struct forward *forward)
{
	struct route_decision *decision = walk->decision;
	const struct endpoint *friend = decision->target;
	uint8_t max_forwards = walk->request->max_forwards;

	if (walk->trace)
		trace_forward(walk, friend, forward);
	if (decision->forward_count == ROUTE_FORWARDS_MAX) {
		route_walk_reject(walk, REASON_ROUTE_LOOP);
		return;
	}
	leave_friend(decision, forward->when);
	if (max_forwards && decision->forward_count >= max_forwards) {
		route_walk_reject(walk, REASON_TOO_MANY_HOPS);
		return;
	}
	walk->rule = "R27";
	/* Only a number is called by the friend itself: an extension is as if the caller had dialled it. */
	walk->forwarder = forward->to.target == ROUTE_NUMBER ? friend : NULL;
	route_walk_follow(walk, &forward->to);
}

void route_forward_settle(struct route_walk *walk)
{
	struct route_decision *decision = walk->decision;
	const struct forward *forward = NULL;

	/* Ends: each turn is one more forward. */
	while (decision->outcome == ROUTE_OUTCOME_FRIEND) {
		forward = route_forward_find(decision->target, FORWARD_ALWAYS, decision->from_outside);
		if (!forward)
			break;
		route_forward_follow(walk, forward);
	}
	if (decision->outcome != ROUTE_OUTCOME_FRIEND)
		return;
	forward = route_forward_find(decision->target, FORWARD_NO_ANSWER, decision->from_outside);
	decision->ring_s = forward ? forward->after_s : 0;
}
