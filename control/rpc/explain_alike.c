#include "explain_alike.h"

#include "json_text.h"
#include "route_next.h"

/* Each is another way to fail for a friend; a carrier fails in one (R16), a user in none. */
static const struct {
	enum route_failure failure;
	const char *name;
} failures[] = {
	{ROUTE_FAILURE_BUSY, "busy"},
	{ROUTE_FAILURE_NO_ANSWER, "no_answer"},
	{ROUTE_FAILURE_UNREACHABLE, "unreachable"},
};
#define FAILURE_COUNT (sizeof(failures) / sizeof(failures[0]))

static struct span target_of(const struct route_decision *decision)
{
	if (decision->outcome == ROUTE_OUTCOME_EXTERNAL)
		return decision->carrier->name;
	return decision->target ? decision->target->name : (struct span){0};
}

static struct span company_of(const struct route_decision *decision)
{
	return decision->company ? decision->company->name : (struct span){0};
}

/* The number that the target is called by. */
static struct span number_of(const struct route_decision *decision)
{
	return number_text(decision->outcome == ROUTE_OUTCOME_EXTERNAL ? &decision->e164 : &decision->matched);
}

static bool leads_to_same(const struct route_decision *a, const struct route_decision *b)
{
	return a->outcome == b->outcome && a->reason == b->reason && span_equals(target_of(a), target_of(b)) &&
	       (a->outcome == ROUTE_OUTCOME_REJECT || span_equals(company_of(a), company_of(b)));
}

static bool says_the_same(const struct route_presentation *a, const struct route_presentation *b)
{
	return a->use_contact == b->use_contact && span_equals(a->request_user, b->request_user) &&
	       span_equals(a->request_host, b->request_host) && span_equals(a->from_display, b->from_display) &&
	       span_equals(a->from_user, b->from_user) && span_equals(a->from_host, b->from_host) &&
	       span_equals(a->to_user, b->to_user) && span_equals(a->to_host, b->to_host) &&
	       span_equals(a->identity_user, b->identity_user) && span_equals(a->identity_host, b->identity_host) &&
	       a->anonymous == b->anonymous && a->keep_diversion == b->keep_diversion &&
	       span_equals(a->diversion, b->diversion) && a->has_next_hop == b->has_next_hop &&
	       memcmp(&a->next_hop, &b->next_hop, sizeof(a->next_hop)) == 0;
}

static bool fail(struct route_decision *next, const struct explanation *explanation, enum route_failure failure)
{
	*next = explanation->decision;
	return explanation->decision.outcome != ROUTE_OUTCOME_REJECT &&
	       route_next(next, &explanation->request, failure, NULL);
}

static bool has_same_next(const struct explanation *a, const struct explanation *b)
{
	struct route_decision next_of_a, next_of_b;

	for (size_t i = 0; i < FAILURE_COUNT; i++) {
		bool goes_on = fail(&next_of_a, a, failures[i].failure);
		if (goes_on != fail(&next_of_b, b, failures[i].failure) ||
		    (goes_on && !(leads_to_same(&next_of_a, &next_of_b) &&
				  span_equals(number_of(&next_of_a), number_of(&next_of_b)))))
			return false;
		if (goes_on && next_of_a.outcome == ROUTE_OUTCOME_EXTERNAL &&
		    memcmp(&next_of_a.carrier->address[next_of_a.carrier_address],
			   &next_of_b.carrier->address[next_of_b.carrier_address], sizeof(struct net_address)) != 0)
			return false;
	}
	return true;
}

bool explain_alike(const struct explanation *a, const struct explanation *b)
{
	const struct call_acl *acl_of_a = a->decision.acl, *acl_of_b = b->decision.acl;

	return leads_to_same(&a->decision, &b->decision) && a->reason == b->reason &&
	       span_equals(acl_of_a ? acl_of_a->name : (struct span){0},
			   acl_of_b ? acl_of_b->name : (struct span){0}) &&
	       says_the_same(&a->shown, &b->shown) && a->codecs == b->codecs &&
	       a->decision.ring_s == b->decision.ring_s && has_same_next(a, b);
}

static json_t *address_of(const struct route_decision *decision)
{
	char text[sizeof("udp:") + JSON_TEXT_ADDRESS_BYTES_MAX] = "udp:";

	if (decision->outcome != ROUTE_OUTCOME_EXTERNAL)
		return json_null();
	const struct net_address *address = &decision->carrier->address[decision->carrier_address];
	json_text_write_address(text + strlen(text), address->ip, address->port);
	return json_string(text);
}

static json_t *list_next(const struct explanation *explanation)
{
	json_t *list = json_array();
	struct route_decision next;

	for (size_t i = 0; i < FAILURE_COUNT; i++) {
		if (!fail(&next, explanation, failures[i].failure))
			continue;
		const struct reason_row *row = next.reason ? &reason_rows[next.reason] : NULL;
		bool is_reject = next.outcome == ROUTE_OUTCOME_REJECT;
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "when", failures[i].name, "outcome",
					explain_outcome_name((enum route_outcome)next.outcome), "target",
					json_text_or_null(target_of(&next)), "company",
					is_reject ? json_null() : json_text_or_null(company_of(&next)), "number",
					json_text_or_null(number_of(&next)), "address", address_of(&next), "status",
					row ? json_integer(row->status) : json_null(), "reason",
					row ? json_string(row->name) : json_null()));
	}
	return list;
}

/* The values of its lines, and what stands for those that the call came with. Result: null when there are none. */
static json_t *list_diversions(const struct route_presentation *shown)
{
	static const char name[] = "Diversion: ";
	struct span rest = shown->diversion;
	json_t *list = json_array();

	while (rest.length) {
		uint32_t length = (uint32_t)((const char *)memchr(rest.at, '\r', rest.length) - rest.at);
		json_array_append_new(list, json_text_make(span_skip(span_make(rest.at, length), sizeof(name) - 1)));
		rest = span_skip(rest, length + 2);
	}
	if (shown->keep_diversion)
		json_array_append_new(list, json_string("(what it came with)"));
	if (json_array_size(list))
		return list;
	json_decref(list);
	return json_null();
}

json_t *explain_alike_describe(const struct explanation *explanation)
{
	bool is_reject = explanation->decision.outcome == ROUTE_OUTCOME_REJECT;
	uint16_t ring_s = is_reject ? 0 : explanation->decision.ring_s;
	json_t *object = explain_describe(explanation);

	json_object_del(object, "steps");
	json_object_set_new(object, "diversion", is_reject ? json_null() : list_diversions(&explanation->shown));
	json_object_set_new(object, "ring_s", ring_s ? json_integer(ring_s) : json_null());
	json_object_set_new(object, "next", list_next(explanation));
	return object;
}
