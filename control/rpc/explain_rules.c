#include "explain_rules.h"

#include <stdio.h>
#include <string.h>

#include "explain_step.h"
#include "json_text.h"

#define STEPS_OF_CALLER	 2
#define PREFIXES_SHOWN	 3
#define PREFIX_BYTES_MAX (JSON_TEXT_ADDRESS_BYTES_MAX + sizeof("/128"))
#define LIST_BYTES_MAX	 (PREFIXES_SHOWN * (PREFIX_BYTES_MAX + 2) + sizeof("..."))

/* ---- who calls ---- */

/* The steps from `first` on, before those that stood there. */
static void move_to_front(struct route_trace *trace, uint32_t first)
{
	struct route_step moved[STEPS_OF_CALLER];
	uint32_t count = trace->count - first;

	memcpy(moved, trace->step + first, count * sizeof(moved[0]));
	memmove(trace->step + count, trace->step, first * sizeof(moved[0]));
	memcpy(trace->step, moved, count * sizeof(moved[0]));
}

static void append_prefix(char list[LIST_BYTES_MAX], uint32_t index, const struct net_prefix *prefix)
{
	size_t length = strlen(list);
	char address[JSON_TEXT_ADDRESS_BYTES_MAX];
	unsigned bits = prefix->length_bits - (net_address_is_v4(prefix->ip) ? 96 : 0);

	if (index == PREFIXES_SHOWN)
		snprintf(list + length, LIST_BYTES_MAX - length, ", ...");
	else if (index < PREFIXES_SHOWN)
		snprintf(list + length, LIST_BYTES_MAX - length, "%s%s/%u", index ? ", " : "",
			 json_text_write_ip(address, prefix->ip), bits);
}

static void add_carrier(struct route_trace *trace, const struct route_request *request)
{
	const struct directory *directory = request->directory;
	char list[LIST_BYTES_MAX] = "";
	uint32_t count = 0;

	for (uint32_t i = 0; i < directory->carrier_source_count; i++)
		if (&directory->carrier[directory->carrier_source[i].carrier] == request->carrier)
			append_prefix(list, count++, &directory->carrier_source[i].prefix);
	explain_step_add(trace, "R1", true, "carrier " SPAN_FORMAT " is known by the sources %s",
			 SPAN_ARGUMENTS(request->carrier->name), list);
}

static void add_endpoint(struct route_trace *trace, const struct route_request *request)
{
	const struct endpoint *caller = request->caller;
	char address[JSON_TEXT_ADDRESS_BYTES_MAX];

	if (caller->auth == ENDPOINT_AUTH_SOURCE)
		explain_step_add(trace, "R1", true,
				 "friend " SPAN_FORMAT " is known by its address %s, without a password",
				 SPAN_ARGUMENTS(caller->name), json_text_write_ip(address, caller->direct.ip));
	else
		explain_step_add(trace, "R1", true, "%s " SPAN_FORMAT " of " SPAN_FORMAT " is known by its password",
				 caller->kind == ENDPOINT_USER ? "user" : "friend", SPAN_ARGUMENTS(caller->name),
				 SPAN_ARGUMENTS(request->company->name));
}

static void add_sources(struct route_trace *trace, const struct company *company)
{
	char list[LIST_BYTES_MAX] = "";

	for (uint32_t i = 0; i < company->source_count; i++)
		append_prefix(list, i, &company->source[i]);
	if (company->source_count)
		explain_step_add(trace, "R2", true, SPAN_FORMAT " is heard from %s alone; from elsewhere: 403",
				 SPAN_ARGUMENTS(company->name), list);
}

void explain_rules_caller(struct route_trace *trace, const struct route_request *request)
{
	uint32_t before = trace->count;

	if (request->carrier)
		add_carrier(trace, request);
	else
		add_endpoint(trace, request);
	if (request->company)
		add_sources(trace, request->company);
	move_to_front(trace, before);
}

/* ---- limits ---- */

static void add_limit(struct route_trace *trace, const char *kind, struct span name, uint32_t most, const char *beyond)
{
	if (most)
		explain_step_add(trace, "R18", true, "%s " SPAN_FORMAT " may have %u %s", kind, SPAN_ARGUMENTS(name),
				 most, beyond);
}

void explain_rules_limits(struct route_trace *trace, const struct route_request *request,
			  const struct route_decision *decision)
{
	const struct company *company = request->company;
	bool is_external = decision->outcome == ROUTE_OUTCOME_EXTERNAL;

	if (decision->emergency)
		return;
	if (request->caller)
		add_limit(trace, "friend", request->caller->name, request->caller->max_cps,
			  "new calls in a second: beyond, 503");
	if (request->carrier)
		add_limit(trace, "carrier", request->carrier->name, request->carrier->max_calls,
			  "calls at a time: beyond, 486");
	if (company && (is_external || decision->from_outside))
		add_limit(trace, "company", company->name, company->max_calls,
			  "external calls at a time: beyond, 503 Company call limit");
	if (decision->from_outside && decision->company != company)
		add_limit(trace, "company", decision->company->name, decision->company->max_calls,
			  "external calls at a time: beyond, 486");
	if (is_external)
		add_limit(trace, "carrier", decision->carrier->name, decision->carrier->max_calls,
			  "calls at a time: beyond, 503 Company call limit");
	else
		add_limit(trace, decision->target->kind == ENDPOINT_USER ? "user" : "friend", decision->target->name,
			  decision->target->max_calls, "calls at a time: beyond, 486");
}

/* ---- what is shown ---- */

/* R32: the numbers that were written anew for the side that gets them. */
static void add_format(struct route_trace *trace, struct span target, const struct number *number, struct span written)
{
	if (number->length && written.length && !span_equals(number_text(number), written))
		explain_step_add(trace, "R32", true, SPAN_FORMAT " is dialled " SPAN_FORMAT " by " SPAN_FORMAT,
				 SPAN_ARGUMENTS(number_text(number)), SPAN_ARGUMENTS(written), SPAN_ARGUMENTS(target));
}

/* R21. */
static void add_request_line(struct route_trace *trace, const struct route_decision *decision,
			     const struct route_presentation *shown)
{
	const struct endpoint *target = decision->target;

	if (target->kind == ENDPOINT_USER)
		explain_step_add(trace, "R21", true,
				 "Request-URI is the contact of user " SPAN_FORMAT ", To shows " SPAN_FORMAT,
				 SPAN_ARGUMENTS(target->name), SPAN_ARGUMENTS(shown->to_user));
	else if (target->ddi_in)
		explain_step_add(trace, "R21", true, "ddi_in: Request-URI and To show the number " SPAN_FORMAT,
				 SPAN_ARGUMENTS(shown->to_user));
	else
		explain_step_add(trace, "R21", false, "no ddi_in: Request-URI is %s, To shows the name " SPAN_FORMAT,
				 target->is_direct ? "the name" : "the contact", SPAN_ARGUMENTS(target->name));
}

/* Where K of R22 comes from. */
static const char *origin_of_caller(const struct route_request *request, const struct route_decision *decision)
{
	const struct endpoint *caller = request->caller;

	if (!caller)
		return "the caller's number";
	if (decision->from_outside)
		return "the number that the caller presents";
	if (caller->kind == ENDPOINT_USER)
		return caller->extension.length ? "the caller's extension" : "the caller's name: it has no extension";
	return span_equals(number_text(&decision->caller_number), caller->name)
		       ? "the caller's name: it gives no number"
		       : "the number that the calling friend gives";
}

/* R22, R23. */
static void add_caller(struct route_trace *trace, const struct route_request *request,
		       const struct route_decision *decision, const struct route_presentation *shown)
{
	const struct endpoint *target = decision->target;

	if (shown->anonymous) {
		explain_step_add(trace, "R23", true, "the caller is not to be known: From is anonymous, no identity");
		return;
	}
	if (target->from_user.length)
		explain_step_add(trace, "R22", true, "From shows " SPAN_FORMAT ", the from_user of " SPAN_FORMAT,
				 SPAN_ARGUMENTS(shown->from_user), SPAN_ARGUMENTS(target->name));
	else
		explain_step_add(trace, "R22", true, "From shows " SPAN_FORMAT ", %s", SPAN_ARGUMENTS(shown->from_user),
				 origin_of_caller(request, decision));
	if (!span_equals(target->from_domain, decision->company->domain))
		explain_step_add(trace, "R22", true, "its host is " SPAN_FORMAT ", the from_domain of " SPAN_FORMAT,
				 SPAN_ARGUMENTS(target->from_domain), SPAN_ARGUMENTS(target->name));
	explain_step_add(trace, "R23", true, "P-Asserted-Identity shows " SPAN_FORMAT,
			 SPAN_ARGUMENTS(shown->identity_user));
}

/* R26. */
static void add_display(struct route_trace *trace, const struct route_request *request,
			const struct route_decision *decision, const struct route_presentation *shown)
{
	const char *origin = "as the caller sent it";

	if (shown->anonymous || !shown->from_display.length)
		return;
	if (decision->from_outside && decision->ddi->display.length)
		origin = "of the DDI";
	else if (request->caller && request->caller->kind == ENDPOINT_USER)
		origin = "of the calling user";
	explain_step_add(trace, "R26", true, "display name " SPAN_FORMAT ", %s", SPAN_ARGUMENTS(shown->from_display),
			 origin);
}

static void add_external(struct route_trace *trace, const struct route_request *request,
			 const struct route_decision *decision, const struct route_presentation *shown)
{
	struct span carrier = decision->carrier->name;

	add_format(trace, carrier, &decision->e164, shown->request_user);
	add_format(trace, carrier, &decision->presented, shown->identity_user);
	if (decision->presented.length == 0)
		explain_step_add(trace, "R37", true, "there is no DDI to present: the caller goes out as it came");
	else if (request->anonymous)
		explain_step_add(trace, "R23", true,
				 "the caller is not to be known: From is anonymous, the carrier alone is told");
	if (decision->carrier->from_domain.length)
		explain_step_add(trace, "R16", true,
				 "host of From and identity is " SPAN_FORMAT ", the from_domain of " SPAN_FORMAT,
				 SPAN_ARGUMENTS(decision->carrier->from_domain), SPAN_ARGUMENTS(carrier));
}

void explain_rules_shown(struct route_trace *trace, const struct route_request *request,
			 const struct route_decision *decision, const struct route_presentation *shown)
{
	if (decision->outcome == ROUTE_OUTCOME_FRIEND)
		explain_step_add(trace, "R9", true, "calls to friends are internal: no call ACL is asked");
	if (decision->forward_count)
		explain_step_add(trace, "R11", true, "Max-Forwards: each forward takes one, %u so far",
				 decision->forward_count);
	if (decision->outcome == ROUTE_OUTCOME_EXTERNAL) {
		add_external(trace, request, decision, shown);
		return;
	}
	add_request_line(trace, decision, shown);
	if (!shown->use_contact && decision->target->ddi_in)
		add_format(trace, decision->target->name, &decision->matched, shown->to_user);
	add_caller(trace, request, decision, shown);
	if (!shown->anonymous)
		add_format(trace, decision->target->name, &decision->caller_number, shown->identity_user);
	add_display(trace, request, decision, shown);
}
