#include "explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain_codecs.h"
#include "explain_next.h"
#include "explain_rules.h"
#include "explain_step.h"
#include "json_memory.h"
#include "json_text.h"
#include "refusal_phrase.h"
#include "request_uri.h"
#include "route_next.h"

#define SIP_PORT_DEFAULT 5060
#define MAX_FORWARDS	 70 /* of a caller that counts as RFC 3261 8.1.1.6 recommends */

static const char *const outcome_names[] = {
	[ROUTE_OUTCOME_REJECT] = "reject",
	[ROUTE_OUTCOME_FRIEND] = "friend",
	[ROUTE_OUTCOME_USER] = "user",
	[ROUTE_OUTCOME_EXTERNAL] = "external",
};

const char *explain_outcome_name(enum route_outcome outcome)
{
	return outcome_names[outcome];
}

/* R20: who else is rung with the first. */
static void show_others(struct explanation *explanation, const struct binding_set *set)
{
	for (uint32_t i = 0; set && i < set->count; i++) {
		const struct binding *other = &set->binding[i];
		if (other > explanation->binding && other->expires_tsc > explanation->view->now_tsc)
			explain_step_add(&explanation->trace, "R20", true, "%s " SPAN_FORMAT,
					 other->q == explanation->binding->q ? "rung at the same time:"
									     : "rung when those fail:",
					 SPAN_ARGUMENTS(binding_contact(other)));
	}
}

/* R19, R12: the first binding that lives, as the route stage takes it. */
static void find_binding(struct explanation *explanation)
{
	const struct endpoint *target = explanation->decision.target;
	const struct location *location = explanation->view->snapshot->location;
	const struct binding_set *set = location ? location_find(location, target->aor_key) : NULL;
	bool is_user = explanation->decision.outcome == ROUTE_OUTCOME_USER;

	for (uint32_t i = 0; set && i < set->count && !explanation->binding; i++)
		if (set->binding[i].expires_tsc > explanation->view->now_tsc)
			explanation->binding = &set->binding[i];
	const struct binding *binding = explanation->binding;
	if (!binding) {
		explanation->reason = is_user ? REASON_NOT_REGISTERED : REASON_TARGET_UNREACHABLE;
		explain_step_add(&explanation->trace, is_user ? "R12" : "R19", false, SPAN_FORMAT " is not registered",
				 SPAN_ARGUMENTS(target->name));
		return;
	}
	struct span contact = binding_contact(binding), path = binding_path(binding);
	explanation->next_hop = binding_next_hop(binding);
	explanation->has_next_hop = true;
	explain_step_add(&explanation->trace, is_user ? "R12" : "R19", true,
			 SPAN_FORMAT " is registered with " SPAN_FORMAT "%s%s" SPAN_FORMAT,
			 SPAN_ARGUMENTS(target->name), SPAN_ARGUMENTS(contact),
			 binding->behind_nat ? ", behind NAT" : "", path.length ? ", by way of " : "",
			 SPAN_ARGUMENTS(path));
	show_others(explanation, set);
}

/* R19: what a friend has registered does not count when it is direct. */
static void show_direct(struct explanation *explanation)
{
	const struct endpoint *target = explanation->decision.target;
	char address[JSON_TEXT_ADDRESS_BYTES_MAX];

	if (explanation->decision.outcome == ROUTE_OUTCOME_FRIEND)
		explain_step_add(&explanation->trace, "R19", true,
				 "friend " SPAN_FORMAT " is called at its direct address %s",
				 SPAN_ARGUMENTS(target->name),
				 json_text_write_address(address, target->direct.ip, target->direct.port));
}

static void find_way(struct explanation *explanation)
{
	const struct wire *wire = explanation->view->snapshot->wire;
	char address[JSON_TEXT_ADDRESS_BYTES_MAX];

	if (explanation->shown.has_next_hop) {
		explanation->next_hop = explanation->shown.next_hop;
		explanation->has_next_hop = true;
		show_direct(explanation);
	} else {
		find_binding(explanation);
	}
	if (!explanation->has_next_hop || !wire)
		return;
	const struct net_address *next_hop = &explanation->next_hop;
	struct net_entry entry = explanation->binding ? binding_entry(explanation->binding) : (struct net_entry){0};
	enum wire_result result = explanation->binding
					  ? wire_find_way_back(&explanation->hop, wire, next_hop->ip, &entry)
					  : wire_find_hop(&explanation->hop, wire, next_hop->ip);
	explanation->has_hop = result != WIRE_NO_ROUTE;
	json_text_write_address(address, explanation->next_hop.ip, 0);
	if (result == WIRE_NO_ROUTE) {
		explanation->reason = REASON_NO_ROUTE_TO_HOST;
		explain_step_add(&explanation->trace, "R19", false, "no route of the kernel leads to %s", address);
	} else {
		explain_step_add(&explanation->trace, "R19", true, "%s is reached by %s%s", address,
				 explanation->hop.interface->name,
				 result == WIRE_NEIGHBOUR_UNKNOWN ? ", whose MAC the kernel still has to find" : "");
	}
}

/* A host that the presentation leaves open is the next hop's, without the default port (R21). */
static void write_host(FILE *out, struct span host, const struct explanation *explanation)
{
	char address[JSON_TEXT_ADDRESS_BYTES_MAX];
	const struct net_address *next_hop = &explanation->next_hop;

	if (host.length)
		fprintf(out, SPAN_FORMAT, SPAN_ARGUMENTS(host));
	else if (explanation->has_next_hop)
		fputs(json_text_write_address(address, next_hop->ip,
					      next_hop->port == SIP_PORT_DEFAULT ? 0 : next_hop->port),
		      out);
	else
		fputs("(its registered address)", out);
}

/* A host that the presentation leaves open is our own address towards the next hop. */
static void write_own_host(FILE *out, struct span host, const struct explanation *explanation)
{
	char address[JSON_TEXT_ADDRESS_BYTES_MAX];

	if (host.length)
		fprintf(out, SPAN_FORMAT, SPAN_ARGUMENTS(host));
	else if (explanation->has_hop)
		fputs(json_text_write_address(address, explanation->hop.source, 0), out);
	else
		fputs("(the router's address)", out);
}

static void write_request_uri(FILE *out, const struct explanation *explanation)
{
	const struct route_presentation *shown = &explanation->shown;
	struct span user = shown->use_contact ? (struct span){0} : shown->request_user;
	char text[REQUEST_URI_BYTES_MAX];
	int length = explanation->binding
			     ? request_uri_write(text, sizeof(text), binding_contact(explanation->binding), user)
			     : -1;

	if (length >= 0) {
		fprintf(out, SPAN_FORMAT, length, text);
		return;
	}
	if (shown->use_contact) {
		fputs("(its registered contact)", out);
		return;
	}
	fprintf(out, "sip:" SPAN_FORMAT "@", SPAN_ARGUMENTS(shown->request_user));
	write_host(out, shown->request_host, explanation);
}

static void write_from(FILE *out, const struct explanation *explanation)
{
	const struct route_presentation *shown = &explanation->shown;

	if (shown->from_display.length)
		fprintf(out, SPAN_FORMAT " ", SPAN_ARGUMENTS(shown->from_display));
	fprintf(out, "<sip:" SPAN_FORMAT "@", SPAN_ARGUMENTS(shown->from_user));
	write_own_host(out, shown->from_host, explanation);
	fputc('>', out);
}

static void write_to(FILE *out, const struct explanation *explanation)
{
	fprintf(out, "<sip:" SPAN_FORMAT "@", SPAN_ARGUMENTS(explanation->shown.to_user));
	write_host(out, explanation->shown.to_host, explanation);
	fputc('>', out);
}

static void write_identity(FILE *out, const struct explanation *explanation)
{
	const struct route_presentation *shown = &explanation->shown;

	if (!shown->identity_user.length)
		return;
	fprintf(out, "<sip:" SPAN_FORMAT "@", SPAN_ARGUMENTS(shown->identity_user));
	write_own_host(out, shown->identity_host, explanation);
	fputc('>', out);
}

static void write_next_hop(FILE *out, const struct explanation *explanation)
{
	char address[JSON_TEXT_ADDRESS_BYTES_MAX];

	if (explanation->has_next_hop)
		fprintf(out, "udp:%s",
			json_text_write_address(address, explanation->next_hop.ip, explanation->next_hop.port));
}

/* What one of the writers above says; null when it says nothing. Result: NULL without memory. */
static json_t *written(const struct explanation *explanation,
		       void (*write)(FILE *out, const struct explanation *explanation))
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (out)
		write(out, explanation);
	bool failed = !out || ferror(out);
	/* Without memory for its last step the stream has no text, and no error either. */
	if ((out && fclose(out) != 0) || failed || !text) {
		json_memory_note_shortage();
		free(text);
		return NULL;
	}
	json_t *string = length ? json_text_make(span_make(text, length)) : json_null();
	free(text);
	return string;
}

static json_t *steps_of(const struct route_trace *trace)
{
	json_t *steps = json_array();

	for (uint32_t i = 0; i < trace->count; i++) {
		const struct route_step *step = &trace->step[i];
		json_array_append_new(steps, json_pack("{s:s, s:b, s:o}", "rule", step->rule, "matched", step->matched,
						       "text", json_text_make(span_of_text(step->text))));
	}
	if (trace->truncated)
		json_array_append_new(steps, json_pack("{s:s, s:b, s:s}", "rule", "", "matched", 0, "text",
						       "more steps than are kept: the rest was left out"));
	return steps;
}

static json_t *phrase_of(const struct explanation *explanation)
{
	char phrase[REFUSAL_PHRASE_BYTES_MAX];

	return json_text_make(refusal_phrase_write(phrase, explanation->reason, explanation->decision.acl));
}

json_t *explain_describe(const struct explanation *explanation)
{
	const struct route_decision *decision = &explanation->decision;
	bool routed = decision->outcome != ROUTE_OUTCOME_REJECT;
	const struct company *company = decision->company ? decision->company : explanation->request.company;
	const struct reason_row *row = explanation->reason ? &reason_rows[explanation->reason] : NULL;
	struct span target = decision->target ? decision->target->name : (struct span){0};
	json_t *object = json_object();

	if (routed && decision->outcome == ROUTE_OUTCOME_EXTERNAL && decision->carrier)
		target = decision->carrier->name;
	json_object_set_new(object, "outcome", json_string(outcome_names[decision->outcome]));
	json_object_set_new(object, "target", json_text_or_null(target));
	json_object_set_new(object, "company", company ? json_text_or_null(company->name) : json_null());
	json_object_set_new(
		object, "rule",
		json_text_or_null(span_make(decision->rule, strnlen(decision->rule, ROUTE_RULE_BYTES_MAX))));
	json_object_set_new(object, "pattern",
			    json_text_or_null(decision->pattern ? *decision->pattern : (struct span){0}));
	json_object_set_new(object, "status", row && row->status ? json_integer(row->status) : json_null());
	json_object_set_new(object, "phrase", row && row->status ? phrase_of(explanation) : json_null());
	json_object_set_new(object, "reason", row ? json_string(row->name) : json_null());
	json_object_set_new(object, "request_uri", routed ? written(explanation, write_request_uri) : json_null());
	json_object_set_new(object, "from", routed ? written(explanation, write_from) : json_null());
	json_object_set_new(object, "to", routed ? written(explanation, write_to) : json_null());
	json_object_set_new(object, "identity", routed ? written(explanation, write_identity) : json_null());
	json_object_set_new(object, "codecs", routed ? explain_codecs_list(explanation->codecs) : json_null());
	json_object_set_new(object, "next_hop", routed ? written(explanation, write_next_hop) : json_null());
	json_object_set_new(object, "steps", steps_of(&explanation->trace));
	return object;
}

/* R27: what the forwards on the way put into the message. */
static void show_diversion(struct explanation *explanation)
{
	struct span rest = explanation->shown.diversion;

	while (rest.length) {
		uint32_t length = (uint32_t)((const char *)memchr(rest.at, '\r', rest.length) - rest.at);
		explain_step_add(&explanation->trace, "R27", true, "adds " SPAN_FORMAT,
				 SPAN_ARGUMENTS(span_make(rest.at, length)));
		rest = span_skip(rest, length + 2);
	}
}

/* Who cannot be reached now is passed over, as by the lcores, when somebody comes next (R16, R28). */
static bool pass_over(struct explanation *explanation)
{
	enum route_failure failure = explanation->reason == REASON_TARGET_UNREACHABLE ? ROUTE_FAILURE_UNREGISTERED
										      : ROUTE_FAILURE_UNREACHABLE;

	if (!route_next(&explanation->decision, &explanation->request, failure, &explanation->trace))
		return false;
	explanation->binding = NULL;
	explanation->has_next_hop = explanation->has_hop = false;
	return true;
}

static void find_target(struct explanation *explanation)
{
	struct route_decision *decision = &explanation->decision;

	do {
		explanation->reason = (enum reason)decision->reason;
		if (decision->outcome == ROUTE_OUTCOME_REJECT)
			return;
		if (!route_present(&explanation->shown, &explanation->request, decision)) {
			explanation->reason = REASON_TOO_LARGE;
			return;
		}
		find_way(explanation);
	} while (explanation->reason != REASON_NONE && pass_over(explanation));
	explain_rules_limits(&explanation->trace, &explanation->request, decision);
	explain_rules_shown(&explanation->trace, &explanation->request, decision, &explanation->shown);
	show_diversion(explanation);
	explanation->codecs = explain_codecs_find(&explanation->trace, &explanation->request, decision);
	if (!explain_codecs_has_any(explanation->codecs) && explanation->reason == REASON_NONE)
		explanation->reason = REASON_NO_COMMON_CODEC;
}

void explain_decide(struct explanation *explanation, const struct route_request *request)
{
	static const struct explain_view nothing; /* no bindings, no wire */
	struct route_decision *decision = &explanation->decision;

	explanation->view = &nothing;
	explanation->request = *request;
	explanation->request.max_forwards = MAX_FORWARDS;
	explanation->trace.count = 0;
	explanation->trace.truncated = explanation->has_next_hop = explanation->has_hop = false;
	explanation->binding = NULL;
	explanation->codecs = CODEC_SET_ALL;
	memset(&explanation->shown, 0, offsetof(struct route_presentation, text));
	route_decide(decision, &explanation->request, NULL);
	explanation->reason = (enum reason)decision->reason;
	if (decision->outcome == ROUTE_OUTCOME_REJECT)
		return;
	if (!route_present(&explanation->shown, &explanation->request, decision))
		explanation->reason = REASON_TOO_LARGE;
	explanation->has_next_hop = explanation->shown.has_next_hop;
	explanation->next_hop = explanation->shown.next_hop;
	explanation->codecs = route_codecs(&explanation->request, decision);
	if (!explain_codecs_has_any(explanation->codecs) && explanation->reason == REASON_NONE)
		explanation->reason = REASON_NO_COMMON_CODEC;
}

json_t *explain_call(const struct explain_view *view, const struct route_request *request)
{
	struct explanation *explanation = calloc(1, sizeof(*explanation));

	if (!explanation)
		return NULL;
	explanation->view = view;
	explanation->request = *request;
	explanation->request.directory = view->snapshot->directory;
	explanation->request.scratch = view->scratch;
	explanation->request.max_forwards = MAX_FORWARDS;
	route_decide(&explanation->decision, &explanation->request, &explanation->trace);
	explain_rules_caller(&explanation->trace, &explanation->request);
	find_target(explanation);
	explain_next_list(&explanation->trace, &explanation->decision, &explanation->request);
	json_t *object = explain_describe(explanation);
	free(explanation);
	return object;
}
