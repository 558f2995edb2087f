#include "route_caller.h"

#include "copy_bytes.h"
#include "route_number.h"

static bool is_anonymous(const struct number *name)
{
	return span_equals_nocase(number_text(name), SPAN_LITERAL("anonymous"));
}

static bool read_name(struct number *decoded, struct span user)
{
	return route_number_decode(decoded, user) == REASON_NONE && !is_anonymous(decoded);
}

bool route_caller_is_named(struct span user)
{
	struct number ignored;

	return read_name(&ignored, user);
}

bool route_caller_is_anonymous(struct span user)
{
	struct number decoded;

	/* An escape makes it longer only. */
	return user.length >= sizeof("anonymous") - 1 && route_number_decode(&decoded, user) == REASON_NONE &&
	       is_anonymous(&decoded);
}

static const struct dial_plan *dial_plan_of(const struct route_request *request)
{
	return request->carrier ? &request->carrier->dial_plan : &request->caller->dial_plan;
}

/* What the caller says, decoded but not converted. */
static bool read_identity(struct number *said, const struct route_request *request)
{
	struct number decoded;
	bool has_number = read_name(&decoded, request->identity_user);

	if (!has_number) {
		has_number = read_name(&decoded, request->from_user) &&
			     !(request->caller && span_equals(number_text(&decoded), request->caller->name));
	}
	if (has_number)
		*said = decoded;
	return has_number;
}

bool route_caller_identity(struct number *identity, const struct route_request *request)
{
	struct number said, converted;

	if (!read_identity(&said, request) || !number_to_e164(&converted, number_text(&said), dial_plan_of(request)))
		return false;
	*identity = converted;
	return true;
}

void route_caller_copy(struct number *number, struct span text)
{
	number->length = 0;
	if (text.length <= NUMBER_BYTES_MAX) {
		copy_bytes(number->text, text.at, text.length);
		number->length = (uint8_t)text.length;
	}
	number->text[number->length] = '\0';
}

/* R3 for a number that the caller says: its company knows it as an extension, or as a number of a friend. */
static bool is_internal(struct span number, const struct route_request *request)
{
	const struct company *company = request->company;
	uint32_t ignored;

	return company && number.at[0] != '+' &&
	       (name_table_find(&ignored, &company->extension_by_number, number, false) ||
		pattern_match_first(&ignored, &company->friends, number, request->scratch));
}

bool route_caller_diversion(struct number *diversion, const struct route_request *request)
{
	struct number said, converted;

	if (route_number_decode(&said, request->diversion_user) != REASON_NONE ||
	    !number_to_e164(&converted, number_text(&said), dial_plan_of(request)))
		return false;
	*diversion = converted;
	return true;
}

bool route_caller_diverted(struct number *number, const struct route_request *request, struct span user)
{
	struct number said, converted;

	if (route_number_decode(&said, user) != REASON_NONE || is_internal(number_text(&said), request) ||
	    !number_to_e164(&converted, number_text(&said), dial_plan_of(request)) ||
	    !route_number_is_e164(number_text(&converted)))
		return false;
	*number = converted;
	return true;
}

static void show_friend(struct number *shown, const struct route_request *request)
{
	struct number said;

	if (!read_identity(&said, request)) {
		route_caller_copy(shown, request->caller->name);
		return;
	}
	if (is_internal(number_text(&said), request) ||
	    !number_to_e164(shown, number_text(&said), dial_plan_of(request)))
		*shown = said;
}

/* From outside only a number counts: carriers write words such as "unavailable" where they know none. */
static void show_outside(struct number *shown, const struct route_request *request)
{
	struct number identity;

	shown->length = 0;
	if (!route_caller_identity(&identity, request))
		return;
	struct span digits = number_text(&identity);
	digits = digits.at[0] == '+' ? span_skip(digits, 1) : digits;
	for (uint32_t i = 0; i < digits.length; i++)
		if (digits.at[i] < '0' || digits.at[i] > '9')
			return;
	if (digits.length)
		*shown = identity;
}

void route_caller_shown(struct number *shown, const struct route_request *request)
{
	const struct endpoint *caller = request->caller;

	if (!caller)
		show_outside(shown, request);
	else if (caller->kind == ENDPOINT_USER)
		route_caller_copy(shown, caller->extension.length ? caller->extension : caller->name);
	else
		show_friend(shown, request);
}
