#include "explain_next.h"

#include <stdio.h>

#include "explain_step.h"
#include "json_text.h"
#include "route_next.h"

/* Forwards can lead to forwards in many ways; who wants to know more asks for the next friend. */
#define LINES_MAX	 24
#define TARGET_BYTES_MAX 220

struct listing {
	struct route_trace *trace;
	const struct route_request *request;
	uint32_t line_count;
	uint32_t depth;
};

static bool has_room(struct listing *listing)
{
	if (listing->line_count == LINES_MAX)
		explain_step_add(listing->trace, "", false, "what else would be tried is left out");
	return listing->line_count++ < LINES_MAX;
}

static const char *describe(char text[TARGET_BYTES_MAX], const struct route_decision *decision)
{
	const struct carrier *carrier = decision->carrier;
	char address[JSON_TEXT_ADDRESS_BYTES_MAX];

	switch ((enum route_outcome)decision->outcome) {
	case ROUTE_OUTCOME_FRIEND:
		snprintf(text, TARGET_BYTES_MAX, "friend " SPAN_FORMAT, SPAN_ARGUMENTS(decision->target->name));
		break;
	case ROUTE_OUTCOME_USER:
		snprintf(text, TARGET_BYTES_MAX, "user " SPAN_FORMAT, SPAN_ARGUMENTS(decision->target->name));
		break;
	case ROUTE_OUTCOME_EXTERNAL:
		json_text_write_address(address, carrier->address[decision->carrier_address].ip,
					carrier->address[decision->carrier_address].port);
		snprintf(text, TARGET_BYTES_MAX, "carrier " SPAN_FORMAT " at %s", SPAN_ARGUMENTS(carrier->name),
			 address);
		break;
	case ROUTE_OUTCOME_REJECT:
		snprintf(text, TARGET_BYTES_MAX, "%u %s", reason_rows[decision->reason].status,
			 reason_rows[decision->reason].phrase);
		break;
	}
	return text;
}

/* `failed` and what is wrong with it; `next` is tried then. */
static void add_line(struct listing *listing, const struct route_decision *failed, const char *what,
		     const struct route_decision *next)
{
	char from[TARGET_BYTES_MAX], to[TARGET_BYTES_MAX];
	bool leads_on = next->outcome != ROUTE_OUTCOME_REJECT;

	explain_step_add(listing->trace, leads_on ? next->rule : reason_rows[next->reason].source, leads_on,
			 "%*sif %s %s: %s", (int)(2 * listing->depth), "", describe(from, failed), what,
			 describe(to, next));
}

/* R16: one after the other, so that what is listed is one list. */
static void list_carriers(struct listing *listing, const struct route_decision *decision)
{
	struct route_decision failed = *decision, next = *decision;

	while (route_next(&next, listing->request, ROUTE_FAILURE_UNREACHABLE, NULL)) {
		if (!has_room(listing))
			return;
		add_line(listing, &failed, "fails", &next);
		failed = next;
	}
}

static void list_friend(struct listing *listing, const struct route_decision *decision);

static void list_any(struct listing *listing, const struct route_decision *decision)
{
	if (decision->outcome == ROUTE_OUTCOME_EXTERNAL)
		list_carriers(listing, decision);
	else if (decision->outcome == ROUTE_OUTCOME_FRIEND)
		list_friend(listing, decision);
}

/* R27, R28. Ends: each level is one more forward. */
static void list_friend(struct listing *listing, const struct route_decision *decision)
{
	static const uint8_t failures[] = {ROUTE_FAILURE_BUSY, ROUTE_FAILURE_NO_ANSWER, ROUTE_FAILURE_UNREACHABLE};
	char silent[48];
	const char *const words[] = {"is busy", silent, "is not reached"};
	uint32_t forwarded = 0;

	snprintf(silent, sizeof(silent), "does not answer for %u s", decision->ring_s);
	for (size_t i = 0; i < sizeof(failures); i++) {
		struct route_decision next = *decision;
		if (!route_next(&next, listing->request, (enum route_failure)failures[i], NULL))
			continue;
		forwarded++;
		if (!has_room(listing))
			return;
		add_line(listing, decision, words[i], &next);
		listing->depth++;
		list_any(listing, &next);
		listing->depth--;
	}
	if (forwarded < sizeof(failures) && listing->depth == 0)
		explain_step_add(listing->trace, "R28", false,
				 "if friend " SPAN_FORMAT " fails%s: the caller gets its answer",
				 SPAN_ARGUMENTS(decision->target->name), forwarded ? " in another way" : "");
}

void explain_next_list(struct route_trace *trace, const struct route_decision *decision,
		       const struct route_request *request)
{
	struct listing listing = {.trace = trace, .request = request};

	list_any(&listing, decision);
}
