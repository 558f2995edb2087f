#include "target.h"

#include "hop_find.h"
#include "request_read.h"

/* `before`: what the scratch said of the patterns that were given up before this decision. */
static void count_given_up(struct worker *worker, const struct packet *packet, uint32_t before)
{
	worker->counters->value[COUNTER_PATTERNS_GIVEN_UP] += packet->request.scratch->given_up - before;
}

void target_decide_number(struct worker *worker, struct packet *packet)
{
	request_read(&packet->request, worker, packet);
	uint32_t before = packet->request.scratch->given_up;
	route_decide_number(&packet->decision, &packet->request, NULL);
	count_given_up(worker, packet, before);
}

void target_decide_forwards(struct worker *worker, struct packet *packet)
{
	uint32_t before = packet->request.scratch->given_up;

	route_decide_forwards(&packet->decision, &packet->request, NULL);
	for (uint32_t i = 0; i < packet->step_count && packet->decision.outcome != ROUTE_OUTCOME_REJECT; i++)
		if (!route_next(&packet->decision, &packet->request, (enum route_failure)packet->step[i], NULL))
			packet->step_count = (uint8_t)i; /* an apply has taken the rest of the way away */
	count_given_up(worker, packet, before);
}

void target_decide(struct worker *worker, struct packet *packet)
{
	target_decide_number(worker, packet);
	target_decide_forwards(worker, packet);
}

enum reason target_find_hop(struct worker *worker, struct packet *packet)
{
	const struct hop_way *way = hop_find(worker, packet->destination.ip, packet->entry);

	if (way->own_port && way->own_port == packet->destination.port)
		return packet->message.is_request ? REASON_FOREIGN_DOMAIN : REASON_RESPONSE_TO_OURSELVES;
	packet->hop = way->hop;
	packet->hop_result = way->result;
	return packet->hop_result == WIRE_NO_ROUTE ? REASON_NO_ROUTE_TO_HOST : REASON_NONE;
}

static enum reason reach_fixed(struct worker *worker, struct packet *packet, const struct net_address *address)
{
	packet->bindings = NULL;
	packet->binding = NULL;
	packet->entry = NULL;
	packet->destination = *address;
	return target_find_hop(worker, packet);
}

/* Bindings from `index` on with q from `least_q` to below `below_q` (best first, R34). */
static enum reason reach_binding(struct worker *worker, struct packet *packet, uint32_t index, uint32_t least_q,
				 uint32_t below_q)
{
	const struct binding_set *set = packet->bindings;
	enum reason reason = REASON_NOT_REGISTERED;

	for (; set && index < set->count; index++) {
		const struct binding *binding = &set->binding[index];
		if (binding->q >= below_q || binding->q < least_q || binding->expires_tsc <= worker->now_tsc)
			continue;
		packet->binding = binding;
		packet->destination = binding_next_hop(binding);
		packet->binding_entry = binding_entry(binding);
		packet->entry = &packet->binding_entry;
		reason = target_find_hop(worker, packet);
		if (reason == REASON_NONE)
			break;
	}
	return reason;
}

/* R19, R12. */
static enum reason reach_registered(struct worker *worker, struct packet *packet, uint32_t below_q)
{
	packet->bindings = location_find(worker->snapshot->location, packet->decision.target->aor_key);
	enum reason reason = reach_binding(worker, packet, 0, 0, below_q);

	return reason == REASON_NOT_REGISTERED && packet->decision.outcome == ROUTE_OUTCOME_FRIEND
		       ? REASON_TARGET_UNREACHABLE
		       : reason;
}

static enum reason reach_present(struct worker *worker, struct packet *packet, uint32_t below_q)
{
	const struct route_decision *decision = &packet->decision;
	bool first = below_q == TARGET_Q_ABOVE_ALL;

	if (decision->outcome == ROUTE_OUTCOME_EXTERNAL)
		return first ? reach_fixed(worker, packet, &decision->carrier->address[decision->carrier_address])
			     : REASON_NO_ROUTE_TO_HOST;
	if (decision->target->is_direct)
		return first ? reach_fixed(worker, packet, &decision->target->direct) : REASON_NO_ROUTE_TO_HOST;
	return reach_registered(worker, packet, below_q);
}

enum reason target_reach(struct worker *worker, struct packet *packet, uint32_t below_q)
{
	for (;;) {
		if (packet->decision.outcome == ROUTE_OUTCOME_REJECT)
			return (enum reason)packet->decision.reason;
		enum reason reason = reach_present(worker, packet, below_q);
		if (reason == REASON_NONE)
			return REASON_NONE;
		/* The bindings of a lower q were all that was left: the target has had its chance. */
		if (below_q != TARGET_Q_ABOVE_ALL)
			return reason;
		if (!target_move_on(worker, packet,
				    reason == REASON_TARGET_UNREACHABLE ? ROUTE_FAILURE_UNREGISTERED
									: ROUTE_FAILURE_UNREACHABLE))
			return reason;
	}
}

bool target_reach_beside(struct worker *worker, struct packet *packet)
{
	const struct binding *present = packet->binding;
	const struct net_address destination = packet->destination;
	const struct net_entry entry = packet->binding_entry;
	const struct wire_hop hop = packet->hop;
	const uint8_t hop_result = packet->hop_result;

	if (!present)
		return false;
	uint32_t next = (uint32_t)(present - packet->bindings->binding) + 1;
	if (reach_binding(worker, packet, next, present->q, present->q + 1u) == REASON_NONE)
		return true;
	packet->binding = present;
	packet->destination = destination;
	packet->binding_entry = entry;
	packet->entry = &packet->binding_entry;
	packet->hop = hop;
	packet->hop_result = hop_result;
	return false;
}

bool target_move_on(struct worker *worker, struct packet *packet, enum route_failure failure)
{
	if (failure == ROUTE_FAILURE_NONE || packet->step_count == TRANSACTION_STEPS_MAX)
		return false;
	uint32_t given_up = packet->request.scratch->given_up;
	bool found = route_next(&packet->decision, &packet->request, failure, NULL);
	worker->counters->value[COUNTER_PATTERNS_GIVEN_UP] += packet->request.scratch->given_up - given_up;
	if (found)
		packet->step[packet->step_count++] = (uint8_t)failure;
	return found;
}
