#include "route_next.h"

#include "route_external.h"
#include "route_forward.h"

/* R28. */
static enum route_failure classify_friend(uint16_t status)
{
	switch (status) {
	case 486:
	case 600:
		return ROUTE_FAILURE_BUSY;
	case 480:
		return ROUTE_FAILURE_NO_ANSWER;
	default:
		return ROUTE_FAILURE_UNREACHABLE;
	}
}

enum route_failure route_next_classify(uint8_t outcome, uint16_t status)
{
	if (status < 300)
		return ROUTE_FAILURE_NONE;
	if (outcome == ROUTE_OUTCOME_FRIEND)
		return classify_friend(status);
	if (outcome == ROUTE_OUTCOME_EXTERNAL && (status == 408 || (status >= 500 && status < 600)))
		return ROUTE_FAILURE_UNREACHABLE;
	return ROUTE_FAILURE_NONE;
}

/* The forward that a friend's failure leads to. */
static const struct forward *forward_for(const struct route_decision *decision, enum route_failure failure)
{
	static const uint8_t when[] = {
		[ROUTE_FAILURE_UNREGISTERED] = FORWARD_UNREGISTERED,
		[ROUTE_FAILURE_BUSY] = FORWARD_BUSY,
		[ROUTE_FAILURE_NO_ANSWER] = FORWARD_NO_ANSWER,
		[ROUTE_FAILURE_UNREACHABLE] = FORWARD_UNREGISTERED,
	};

	if (failure == ROUTE_FAILURE_NONE)
		return NULL;
	return route_forward_find(decision->target, (enum forward_when)when[failure], decision->from_outside);
}

bool route_next(struct route_decision *decision, const struct route_request *request, enum route_failure failure,
		struct route_trace *trace)
{
	struct route_walk walk = {.decision = decision, .request = request, .trace = trace, .rule = ""};

	if (decision->outcome == ROUTE_OUTCOME_EXTERNAL)
		return failure == ROUTE_FAILURE_UNREACHABLE && route_external_next(&walk);
	if (decision->outcome != ROUTE_OUTCOME_FRIEND)
		return false;
	const struct forward *forward = forward_for(decision, failure);
	if (!forward)
		return false;
	route_forward_follow(&walk, forward);
	route_forward_settle(&walk);
	return true;
}
