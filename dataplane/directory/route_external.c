#include "route_external.h"

#include "call_acl.h"
#include "carrier_find.h"
#include "route_caller.h"
#include "route_number.h"
#include "route_trace.h"

static bool is_ddi_of(const struct company *company, struct span e164)
{
	uint32_t ignored;

	return name_table_find(&ignored, &company->ddi_by_number, e164, false);
}

static void present(struct route_walk *walk, const char *rule, struct span number, const char *why)
{
	route_caller_copy(&walk->decision->presented, number);
	if (walk->trace)
		route_trace_note(walk->trace, rule, true, "presents ", number, why);
}

/* R14.1 and R14.2. Result: false: what the friend says is not to be presented. */
static bool present_identity(struct route_walk *walk)
{
	const struct company *company = walk->decision->company;
	struct route_decision *decision = walk->decision;
	struct number identity, diversion;

	if (!route_caller_identity(&identity, walk->request)) {
		if (walk->trace)
			route_trace_note(walk->trace, "R14", false, "the friend gives no number of a caller",
					 (struct span){0}, "");
		return false;
	}
	decision->caller_number = identity;
	if (is_ddi_of(company, number_text(&identity))) {
		present(walk, "R14.1", number_text(&identity), ", the caller's number, a DDI of the company");
		return true;
	}
	if (walk->trace)
		route_trace_note(walk->trace, "R14.1", false, "the caller's number ", number_text(&identity),
				 " is no DDI of the company");

	bool diverted = route_caller_diversion(&diversion, walk->request);
	bool by_ddi = diverted && is_ddi_of(company, number_text(&diversion));
	if (by_ddi && route_number_is_e164(number_text(&identity))) {
		decision->keep_diversion = true;
		present(walk, "R14.2", number_text(&identity), ", as the call was diverted by a DDI of the company");
		return true;
	}
	if (walk->trace && diverted)
		route_trace_note(walk->trace, "R14.2", false, "the first Diversion ", number_text(&diversion),
				 by_ddi ? " is a DDI, but the caller's number is no E.164"
					: " is no DDI of the company");
	return false;
}

/* R14, R15, R27. Result: false: there is nothing to present. */
static bool choose_presented(struct route_walk *walk)
{
	const struct route_decision *decision = walk->decision;
	const struct endpoint *caller = walk->request->caller;

	if (walk->forwarder) {
		if (walk->forwarder->presented_ddi.length)
			present(walk, "R27", walk->forwarder->presented_ddi,
				", the outgoing DDI of the friend that forwards");
		return walk->forwarder->presented_ddi.length != 0;
	}
	if (decision->from_outside) { /* the caller is no endpoint of this company */
		if (decision->company->outgoing_ddi.length)
			present(walk, "R14.3", decision->company->outgoing_ddi, ", the company's outgoing DDI");
		return decision->company->outgoing_ddi.length != 0;
	}
	if (caller->kind == ENDPOINT_USER)
		route_caller_shown(&walk->decision->caller_number, walk->request);
	else if (present_identity(walk))
		return true;
	if (!caller->presented_ddi.length)
		return false;
	present(walk, caller->kind == ENDPOINT_FRIEND ? "R14.3" : "R15", caller->presented_ddi,
		", the outgoing DDI of the endpoint or else of the company");
	return true;
}

static bool is_allowed(struct route_walk *walk, struct span e164)
{
	const struct call_acl *acl = walk->request->caller->acl;
	uint32_t rule;
	bool found = false;

	if (!acl) {
		if (walk->trace)
			route_trace_note(walk->trace, "R13", true, "no call ACL: every number is allowed",
					 (struct span){0}, "");
		return true;
	}
	bool allowed = call_acl_allows(&rule, &found, acl, e164, walk->request->scratch);
	if (walk->trace)
		route_trace_acl(walk->trace, acl, e164, found ? &rule : NULL, allowed);
	if (!allowed)
		walk->decision->acl = acl;
	return allowed;
}

/* R17: the owner of the number if it is one of our own DDIs. */
static const struct ddi_owner *find_own_ddi(const struct route_walk *walk, struct span e164)
{
	const struct directory *directory = walk->request->directory;
	uint32_t index;

	if (!name_table_find(&index, &directory->ddi_by_number, e164, false))
		return NULL;
	return &directory->ddi_owner[index];
}

static void take_carrier(struct route_walk *walk, uint32_t pattern_id)
{
	const struct directory *directory = walk->request->directory;
	struct route_decision *decision = walk->decision;

	decision->carrier = &directory->carrier[directory->carrier_patterns.owner[pattern_id]];
	decision->carrier_pattern = pattern_id;
	decision->carrier_address = 0;
	decision->pattern = &directory->carrier_patterns.text[pattern_id];
}

static bool find_carrier(struct route_walk *walk, struct span number)
{
	const struct directory *directory = walk->request->directory;
	uint32_t id;
	bool found = carrier_find_by_number(&id, directory, 0, number, walk->request->scratch);

	if (walk->trace)
		route_trace_carriers(walk->trace, directory, number, found ? &id : NULL, walk->request->scratch);
	if (found)
		take_carrier(walk, id);
	return found;
}

/* R16. What is no E.164 number (#31#600..., a name) could mean anything to a carrier, past the ACL: it does not leave.
 */
static void choose_carrier(struct route_walk *walk, struct span e164)
{
	struct route_decision *decision = walk->decision;
	bool found = route_number_is_e164(e164) && find_carrier(walk, e164);

	if (!found && decision->emergency) {
		decision->carrier_by_dialled = true;
		found = find_carrier(walk, number_text(&decision->dialled));
	}
	if (!found) {
		route_walk_reject(walk, REASON_NO_CARRIER);
		return;
	}
	decision->outcome = ROUTE_OUTCOME_EXTERNAL;
	decision->reason = REASON_NONE;
	memcpy(decision->rule, walk->rule, strlen(walk->rule) + 1);
}

/* Was the carrier of that pattern tried with E already? */
static bool takes_e164(const struct route_walk *walk, uint32_t pattern_id)
{
	const struct directory *directory = walk->request->directory;
	struct span e164 = number_text(&walk->decision->e164);
	uint32_t id, first = carrier_find_first_pattern(directory, pattern_id);

	return route_number_is_e164(e164) &&
	       carrier_find_by_number(&id, directory, first, e164, walk->request->scratch) &&
	       id < carrier_find_end_of_patterns(directory, pattern_id);
}

/* R37: nothing stops an emergency call: when E leads nowhere any more, those carriers that take what was dialled. */
static bool find_next_by_dialled(struct route_walk *walk, uint32_t from)
{
	const struct directory *directory = walk->request->directory;
	struct route_decision *decision = walk->decision;
	struct span dialled = number_text(&decision->dialled);
	uint32_t id;

	while (carrier_find_by_number(&id, directory, from, dialled, walk->request->scratch)) {
		if (!takes_e164(walk, id)) {
			decision->carrier_by_dialled = true;
			take_carrier(walk, id);
			return true;
		}
		from = carrier_find_end_of_patterns(directory, id);
	}
	return false;
}

static bool find_next_carrier(struct route_walk *walk)
{
	const struct directory *directory = walk->request->directory;
	struct route_decision *decision = walk->decision;
	uint32_t id, from = carrier_find_end_of_patterns(directory, decision->carrier_pattern);

	if (decision->carrier_by_dialled)
		return find_next_by_dialled(walk, from);
	if (carrier_find_by_number(&id, directory, from, number_text(&decision->e164), walk->request->scratch)) {
		take_carrier(walk, id);
		return true;
	}
	return decision->emergency && find_next_by_dialled(walk, 0);
}

bool route_external_next(struct route_walk *walk)
{
	struct route_decision *decision = walk->decision;
	const struct carrier *failed = decision->carrier;

	if (decision->carrier_address + 1u < failed->address_count) {
		decision->carrier_address++;
		memcpy(decision->rule, "R16", sizeof("R16"));
		if (walk->trace)
			route_trace_note(walk->trace, "R16", true, "the next address of carrier ", failed->name, "");
		return true;
	}
	if (!find_next_carrier(walk)) {
		if (walk->trace)
			route_trace_note(walk->trace, "R16", false, "no carrier is left after ", failed->name, "");
		return false;
	}
	memcpy(decision->rule, "R16", sizeof("R16"));
	if (walk->trace)
		route_trace_note(walk->trace, "R16", true, "the next carrier is ", decision->carrier->name, "");
	return true;
}

const struct route *route_external_decide(struct route_walk *walk, struct span e164, bool checked)
{
	struct route_decision *decision = walk->decision;

	if (e164.at != decision->e164.text)
		route_caller_copy(&decision->e164, e164);
	decision->presented.length = 0;
	decision->keep_diversion = false;
	if (walk->trace)
		route_trace_note(walk->trace, walk->rule, true, "external call to ", e164, "");
	if (!checked && walk->trace)
		route_trace_note(walk->trace, "R13", true, "no call ACL is asked: the caller did not dial that number",
				 (struct span){0}, "");
	if (checked && !is_allowed(walk, number_text(&decision->e164))) {
		route_walk_reject(walk, REASON_CALL_ACL_DENIED);
		return NULL;
	}
	if (!choose_presented(walk) && !decision->emergency) {
		route_walk_reject(walk, REASON_NO_OUTGOING_DDI);
		return NULL;
	}

	const struct ddi_owner *own = decision->emergency ? NULL : find_own_ddi(walk, number_text(&decision->e164));
	walk->forwarder = NULL; /* it called this number, not what follows */
	if (own) {
		const struct route *route = route_walk_enter_ddi(walk, own);
		decision->caller_number = decision->presented;
		walk->rule = "R17";
		if (walk->trace)
			route_trace_note(walk->trace, "R17", true, "our own DDI: the call stays, for company ",
					 decision->company->name, "");
		return route;
	}
	choose_carrier(walk, number_text(&decision->e164));
	return NULL;
}
