#include "route_decide.h"

#include "byte_block.h"
#include "copy_bytes.h"
#include "route_caller.h"
#include "route_number.h"

/* The presentation, and who is shown what while it is being written. */
struct writing {
	struct route_presentation *presentation;
	const struct route_request *request;
	const struct route_decision *decision;
	bool overflowed;
};

static void write_text(struct writing *writing, struct span text)
{
	struct route_presentation *presentation = writing->presentation;

	if (text.length > sizeof(presentation->text) - presentation->text_length) {
		writing->overflowed = true;
		return;
	}
	copy_bytes(presentation->text + presentation->text_length, text.at, text.length);
	presentation->text_length += text.length;
}

static void write_byte(struct writing *writing, char byte)
{
	write_text(writing, span_make(&byte, 1));
}

static struct span written_since(const struct writing *writing, uint32_t start)
{
	const struct route_presentation *presentation = writing->presentation;

	return span_make(presentation->text + start, presentation->text_length - start);
}

/* RFC 3261 25.1: unreserved, and user-unreserved without ';' (a user parameter would begin) and '?'. */
static bool is_user_byte(char byte)
{
	return lexis_is(byte, LEXIS_USER) && byte != ';' && byte != '?';
}

#if defined(__SSSE3__)
/* A short one, as it is. Result: false, and nothing was written, when it may have to be escaped or may not fit. */
static inline bool write_plain_user(struct route_presentation *presentation, struct span user)
{
	char *at = presentation->text + presentation->text_length;

	if (user.length >= BYTE_BLOCK_BYTES ||
	    sizeof(presentation->text) - presentation->text_length < BYTE_BLOCK_BYTES)
		return false;
	__m128i block = byte_block_load_short(user.at, user.length);
	uint32_t plain = byte_block_find_class(block, LEXIS_USER) & ~byte_block_find_two(block, ';', '?');
	if (~plain & ((1u << user.length) - 1))
		return false;
	_mm_storeu_si128((__m128i *)at, block);
	presentation->text_length += user.length;
	return true;
}
#else
static inline bool write_plain_user(struct route_presentation *presentation, struct span user)
{
	(void)presentation, (void)user;
	return false;
}
#endif

/* A user part of a URI; '#' and whatever else may not stand in one is escaped. */
static struct span write_user(struct writing *writing, struct span user)
{
	static const char hex[] = "0123456789ABCDEF";
	uint32_t start = writing->presentation->text_length;

	if (write_plain_user(writing->presentation, user)) /* nearly always */
		return written_since(writing, start);
	for (uint32_t i = 0; i < user.length; i++) {
		uint32_t plain_from = i;
		while (i < user.length && is_user_byte(user.at[i]))
			i++;
		write_text(writing, span_make(user.at + plain_from, i - plain_from));
		if (i == user.length)
			break;
		write_byte(writing, '%');
		write_byte(writing, hex[(uint8_t)user.at[i] >> 4]);
		write_byte(writing, hex[(uint8_t)user.at[i] & 15]);
	}
	return written_since(writing, start);
}

/* A number as it is dialled by the called side (R22): what is not +E.164 is internal and stays, and so does what would
 * become too long. */
static struct span write_number(struct writing *writing, const struct number *number, const struct dial_plan *plan)
{
	struct number dialled;
	bool is_internal = number->text[0] != '+';

	return write_user(
		writing,
		number_text(!is_internal && number_from_e164(&dialled, number_text(number), plan) ? &dialled : number));
}

/* A display name as quoted-string (RFC 3261 25.1). Control bytes cannot stand in one. */
static struct span write_quoted(struct writing *writing, struct span display)
{
	uint32_t start = writing->presentation->text_length;

	write_byte(writing, '"');
	for (uint32_t i = 0; i < display.length; i++) {
		if ((uint8_t)display.at[i] < ' ' || display.at[i] == 0x7f)
			continue;
		if (display.at[i] == '"' || display.at[i] == '\\')
			write_byte(writing, '\\');
		write_byte(writing, display.at[i]);
	}
	write_byte(writing, '"');
	return written_since(writing, start);
}

/* R26: a user's own, a DDI's for calls from outside; else what a friend or carrier sent. */
static struct span write_display(struct writing *writing)
{
	const struct route_request *request = writing->request;
	const struct route_decision *decision = writing->decision;
	struct span sent = request->from_display;

	if (decision->from_outside && decision->ddi->display.length)
		return write_quoted(writing, decision->ddi->display);
	if (request->caller && request->caller->kind == ENDPOINT_USER) {
		/* Behind R17 stands another company: it is shown the presented number only. */
		bool known = !decision->from_outside && request->caller->display.length;
		return known ? write_quoted(writing, request->caller->display) : (struct span){0};
	}
	if (decision->from_outside && request->caller)
		return (struct span){0};
	return sent.length == 0 || sent.at[0] == '"' ? sent : write_quoted(writing, sent);
}

static void present_anonymous(struct route_presentation *presentation)
{
	presentation->anonymous = true;
	presentation->from_display = SPAN_LITERAL("\"Anonymous\"");
	presentation->from_user = SPAN_LITERAL("anonymous");
	presentation->from_host = SPAN_LITERAL("anonymous.invalid");
	presentation->identity_user = presentation->identity_host = (struct span){0};
}

/* R22, R23: the caller as an endpoint sees it. */
static void present_caller(struct writing *writing)
{
	struct route_presentation *presentation = writing->presentation;
	const struct route_decision *decision = writing->decision;
	const struct endpoint *target = decision->target;

	/* An endpoint's name may be longer than a number: it is not in the decision then, but the caller is known. */
	const struct endpoint *unnumbered = decision->caller_number.length == 0 ? writing->request->caller : NULL;

	if (writing->request->anonymous || (decision->caller_number.length == 0 && !unnumbered)) {
		present_anonymous(presentation);
		return;
	}
	struct span shown = unnumbered ? write_user(writing, unnumbered->name)
				       : write_number(writing, &decision->caller_number, &target->dial_plan);
	presentation->from_display = write_display(writing);
	presentation->from_user = target->from_user.length ? target->from_user : shown;
	presentation->from_host = target->from_domain;
	presentation->identity_user = shown;
	presentation->identity_host = target->from_domain;
}

/* R21. */
static void present_friend(struct writing *writing)
{
	struct route_presentation *presentation = writing->presentation;
	const struct route_decision *decision = writing->decision;
	const struct endpoint *target = decision->target;
	struct span user = target->name;

	if (target->ddi_in)
		user = write_number(writing, &decision->matched, &target->dial_plan);
	presentation->to_user = user;
	presentation->to_host = decision->company->domain;
	presentation->use_contact = !target->ddi_in && !target->is_direct;
	if (!presentation->use_contact) {
		presentation->request_user = user;
		presentation->request_host = target->is_direct ? target->ruri_domain : (struct span){0};
	}
	if (target->is_direct) {
		presentation->has_next_hop = true;
		presentation->next_hop = target->direct;
	}
}

/* A phone registers a contact of its own; To is the number that everybody knows the user by. */
static void present_user(struct writing *writing)
{
	struct route_presentation *presentation = writing->presentation;
	const struct endpoint *target = writing->decision->target;

	presentation->use_contact = true;
	presentation->to_user = write_user(writing, target->extension.length ? target->extension : target->name);
	presentation->to_host = writing->decision->company->domain;
}

/* R37: an emergency call without any DDI goes out as it came. */
static void present_as_it_came(struct writing *writing, struct span from_host)
{
	struct route_presentation *presentation = writing->presentation;
	const struct route_request *request = writing->request;
	struct number said;

	presentation->from_display = request->from_display;
	presentation->from_user =
		write_user(writing, route_number_decode(&said, request->from_user) == REASON_NONE ? number_text(&said)
												  : request->from_user);
	presentation->from_host = from_host;
	presentation->anonymous = request->anonymous;
	if (route_number_decode(&said, request->identity_user) == REASON_NONE) {
		presentation->identity_user = write_user(writing, number_text(&said));
		presentation->identity_host = from_host;
	}
}

/* R16. A carrier is trusted with the number of an anonymous call (RFC 3325 9.3): Privacy tells it to keep it to itself.
 */
static void present_external(struct writing *writing)
{
	struct route_presentation *presentation = writing->presentation;
	const struct route_decision *decision = writing->decision;
	const struct carrier *carrier = decision->carrier;

	presentation->request_user = decision->emergency ? write_user(writing, number_text(&decision->dialled))
							 : write_number(writing, &decision->e164, &carrier->dial_plan);
	presentation->to_user = presentation->request_user;
	presentation->strip_private = true;
	presentation->has_next_hop = true;
	presentation->next_hop = carrier->address[decision->carrier_address];
	if (decision->presented.length == 0) {
		present_as_it_came(writing, carrier->from_domain);
		return;
	}
	struct span presented = write_number(writing, &decision->presented, &carrier->dial_plan);
	if (writing->request->anonymous) {
		present_anonymous(presentation);
	} else {
		presentation->from_user = presented;
		presentation->from_host = carrier->from_domain;
	}
	presentation->identity_user = presented;
	presentation->identity_host = carrier->from_domain;
}

static const struct dial_plan *dial_plan_of_target(const struct route_decision *decision)
{
	return decision->outcome == ROUTE_OUTCOME_EXTERNAL ? &decision->carrier->dial_plan
							   : &decision->target->dial_plan;
}

/* R27, RFC 5806: the friend that sent the call on last stands first. R23: its number as the called side dials it. */
static void present_diversion(struct writing *writing)
{
	static const char *const reasons[] = {
		[FORWARD_ALWAYS] = "unconditional",
		[FORWARD_UNREGISTERED] = "unavailable",
		[FORWARD_BUSY] = "user-busy",
		[FORWARD_NO_ANSWER] = "no-answer",
	};
	const struct route_decision *decision = writing->decision;
	const struct dial_plan *plan = dial_plan_of_target(decision);
	uint32_t start = writing->presentation->text_length;

	for (uint32_t i = decision->forward_count; i > 0; i--) {
		const struct route_diversion *diversion = &decision->diversion[i - 1];
		write_text(writing, SPAN_LITERAL("Diversion: <sip:"));
		if (diversion->number.length)
			write_number(writing, &diversion->number, plan);
		else
			write_user(writing, diversion->friend->name);
		write_byte(writing, '@');
		write_text(writing, diversion->company->domain);
		write_text(writing, SPAN_LITERAL(">;reason="));
		write_text(writing, span_of_text(reasons[diversion->when]));
		write_text(writing, SPAN_LITERAL("\r\n"));
	}
	writing->presentation->diversion = written_since(writing, start);
}

bool route_present(struct route_presentation *presentation, const struct route_request *request,
		   const struct route_decision *decision)
{
	struct writing writing = {.presentation = presentation, .request = request, .decision = decision};

	memset(presentation, 0, offsetof(struct route_presentation, text));
	presentation->keep_diversion = decision->keep_diversion;
	switch ((enum route_outcome)decision->outcome) {
	case ROUTE_OUTCOME_FRIEND:
		present_caller(&writing);
		present_friend(&writing);
		break;
	case ROUTE_OUTCOME_USER:
		present_caller(&writing);
		present_user(&writing);
		break;
	case ROUTE_OUTCOME_EXTERNAL:
		present_external(&writing);
		break;
	case ROUTE_OUTCOME_REJECT:
		return false;
	}
	present_diversion(&writing);
	return !writing.overflowed;
}

bool route_present_diverted(struct number *shown, const struct route_request *request,
			    const struct route_decision *decision, struct span user)
{
	struct number e164, dialled;

	if (!route_caller_diverted(&e164, request, user) ||
	    !number_from_e164(&dialled, number_text(&e164), dial_plan_of_target(decision)))
		return false;
	*shown = dialled;
	return true;
}
