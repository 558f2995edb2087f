#include "route_walk.h"

#include "copy_bytes.h"
#include "route_caller.h"
#include "route_external.h"
#include "route_trace.h"

/* Rules and sources of reasons are short literals; what is longer is cut. */
static void set_rule(struct route_decision *decision, const char *rule)
{
	uint32_t length = 0;

	while (length < ROUTE_RULE_BYTES_MAX - 1 && rule[length])
		length++;
	copy_bytes(decision->rule, rule, length);
	decision->rule[length] = '\0';
}

void route_walk_reject(struct route_walk *walk, enum reason reason)
{
	const struct reason_row *row = &reason_rows[reason];

	walk->decision->outcome = ROUTE_OUTCOME_REJECT;
	walk->decision->reason = (uint16_t)reason;
	set_rule(walk->decision, row->source);
	if (walk->trace)
		route_trace_note(walk->trace, row->source, false, "refused: ", (struct span){0}, row->text);
}

const struct dial_plan *route_walk_dial_plan(const struct route_walk *walk)
{
	const struct route_decision *decision = walk->decision;

	return decision->from_outside ? &decision->company->dial_plan : &walk->request->caller->dial_plan;
}

static void end_at(struct route_walk *walk, enum route_outcome outcome, const struct endpoint *target)
{
	struct route_decision *decision = walk->decision;

	decision->outcome = (uint8_t)outcome;
	decision->reason = REASON_NONE;
	decision->target = target;
	set_rule(decision, walk->rule);
	/* Who came through a DDI was shown by it already (R17, R33). */
	if (!decision->from_outside) {
		route_caller_shown(&decision->caller_number, walk->request);
		decision->keep_diversion = walk->request->caller->kind == ENDPOINT_FRIEND;
	}
}

bool route_walk_offer(struct route_walk *walk, struct span number, const char *rule)
{
	struct route_decision *decision = walk->decision;
	const struct pattern_set *friends = &decision->company->friends;
	uint32_t id;
	bool found = pattern_match_first(&id, friends, number, walk->request->scratch);

	if (walk->trace)
		route_trace_friends(walk->trace, rule, decision->company, number, found ? &id : NULL,
				    walk->request->scratch);
	if (!found)
		return false;
	decision->pattern = &friends->text[id];
	route_caller_copy(&decision->matched, number);
	end_at(walk, ROUTE_OUTCOME_FRIEND, &decision->company->endpoint[friends->owner[id]]);
	return true;
}

/* R10: the number of the route stands for the dialled one in R4.2 and R4.3. */
static void offer_route(struct route_walk *walk, struct span number)
{
	struct number e164;

	if (route_walk_offer(walk, number, "R10"))
		return;
	if (number_to_e164(&e164, number, route_walk_dial_plan(walk)) && !span_equals(number_text(&e164), number) &&
	    route_walk_offer(walk, number_text(&e164), "R10"))
		return;
	route_walk_reject(walk, REASON_NO_FRIEND_TAKES_NUMBER);
}

static void ring_user(struct route_walk *walk, uint32_t index)
{
	const struct endpoint *user = &walk->decision->company->endpoint[index];

	if (walk->trace)
		route_trace_note(walk->trace, "R12", true, "rings the bindings of user ", user->name, "");
	end_at(walk, ROUTE_OUTCOME_USER, user);
}

const struct extension *route_walk_find_extension(const struct route_walk *walk, struct span number)
{
	const struct company *company = walk->decision->company;
	uint32_t index;

	if (!name_table_find(&index, &company->extension_by_number, number, false))
		return NULL;
	return &company->extension[index];
}

const struct route *route_walk_enter_ddi(struct route_walk *walk, const struct ddi_owner *owner)
{
	struct route_decision *decision = walk->decision;

	decision->company = walk->request->directory->company[owner->company];
	decision->ddi = &decision->company->ddi[owner->ddi];
	decision->from_outside = true;
	decision->matched.length = 0;
	return &decision->ddi->route;
}

void route_walk_follow(struct route_walk *walk, const struct route *route)
{
	const struct extension *extension = NULL;
	bool through_extension = walk->decision->matched.length != 0;

	for (uint32_t hop = 0; hop < ROUTE_WALK_HOPS_MAX; hop++) {
		switch ((enum route_target)route->target) {
		case ROUTE_USER:
			ring_user(walk, route->endpoint);
			return;
		case ROUTE_FRIEND:
			offer_route(walk, route->number);
			return;
		case ROUTE_EXTENSION:
			extension = route_walk_find_extension(walk, route->number);
			if (walk->trace)
				route_trace_note(walk->trace, "R4.1", extension != NULL,
						 "the route leads to extension ", route->number,
						 extension ? "" : ", which does not exist");
			if (!extension) {
				route_walk_reject(walk, REASON_EXTENSION_RESERVED);
				return;
			}
			route_caller_copy(&walk->decision->matched, extension->number);
			through_extension = true;
			route = &extension->route;
			break;
		case ROUTE_NUMBER:
			route = route_external_decide(walk, route->number, false);
			if (!route)
				return;
			through_extension = false;
			break;
		case ROUTE_NONE:
		default:
			route_walk_reject(walk,
					  through_extension ? REASON_EXTENSION_RESERVED : REASON_DDI_WITHOUT_ROUTE);
			return;
		}
	}
	route_walk_reject(walk, REASON_ROUTE_LOOP);
}
