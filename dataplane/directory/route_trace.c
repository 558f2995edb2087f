#include "route_trace.h"

#include "company.h"

/* Patterns listed for one number; a company's thousand would push the steps that follow out of the trace. */
#define PATTERNS_LISTED_MAX 18
#define PATTERN_SHOWN_BYTES 64
#define DECIMAL_BYTES_MAX   11

static void append(char *text, uint32_t *length, struct span part)
{
	uint32_t room = ROUTE_STEP_TEXT_BYTES - 1 - *length;
	uint32_t taken = part.length < room ? part.length : room;

	if (taken)
		memcpy(text + *length, part.at, taken);
	*length += taken;
	if (taken < part.length)
		memcpy(text + ROUTE_STEP_TEXT_BYTES - 4, "...", 3);
}

bool route_trace_add(struct route_trace *trace, const char *rule, bool matched, const struct route_trace_text *text)
{
	if (trace->count == ROUTE_STEPS_MAX) {
		trace->truncated = true;
		return false;
	}
	struct route_step *step = &trace->step[trace->count++];
	uint32_t length = 0, rule_length = 0;

	while (rule_length < ROUTE_RULE_BYTES_MAX - 1 && rule[rule_length])
		rule_length++;
	memcpy(step->rule, rule, rule_length);
	step->rule[rule_length] = '\0';
	step->matched = matched;
	for (uint32_t i = 0; i < ROUTE_TRACE_PARTS_MAX; i++)
		append(step->text, &length, text->part[i]);
	step->text[length] = '\0';
	return true;
}

void route_trace_note(struct route_trace *trace, const char *rule, bool matched, const char *words, struct span number,
		      const char *rest)
{
	struct route_trace_text text = {{span_of_text(words), number, span_of_text(rest)}};

	route_trace_add(trace, rule, matched, &text);
}

static struct span decimal(char buffer[DECIMAL_BYTES_MAX], uint32_t value)
{
	uint32_t at = DECIMAL_BYTES_MAX;

	do {
		buffer[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return span_make(buffer + at, DECIMAL_BYTES_MAX - at);
}

/* What the patterns of a list belong to, and how its steps speak of them. */
struct listing {
	const char *rule, *lost_rule; /* of who decides, and by which one that matches too is not taken */
	const char *kind;	      /* "of friend" */
	const struct pattern_set *set;
	struct span number;
	const uint32_t *winner;
	struct match_scratch *scratch;
	struct span (*name)(const struct listing *listing, uint32_t id);
	uint32_t (*priority)(const struct listing *listing, uint32_t id);
	const void *owners;
};

/* Why `id`, which matches, is not the one. */
static const char *why_lost(const struct listing *listing, uint32_t id)
{
	if (!listing->winner)
		return "";
	uint32_t winner = *listing->winner;
	if (listing->set->owner[id] == listing->set->owner[winner])
		return ", as another pattern of it does already";
	return listing->priority(listing, id) == listing->priority(listing, winner)
		       ? ", but loses: same priority, its name sorts later"
		       : ", but loses by its priority";
}

enum answer {
	ANSWER_NO,
	ANSWER_YES,
	ANSWER_GIVEN_UP, /* which is as no: pattern_set.h */
};

static enum answer ask(const struct listing *listing, uint32_t id)
{
	uint32_t given_up = listing->scratch->given_up;
	bool matches = pattern_match_one(listing->set, id, listing->number, listing->scratch);

	return matches ? ANSWER_YES : listing->scratch->given_up == given_up ? ANSWER_NO : ANSWER_GIVEN_UP;
}

static bool list_pattern(struct route_trace *trace, const struct listing *listing, uint32_t id, enum answer answer)
{
	static const char *const words[] = {
		[ANSWER_NO] = ") does not match ",
		[ANSWER_YES] = ") matches ",
		[ANSWER_GIVEN_UP] = ") backtracks too far, so it does not match ",
	};
	char digits[DECIMAL_BYTES_MAX];
	bool wins = listing->winner && *listing->winner == id;
	struct span pattern = listing->set->text[id];
	bool cut = pattern.length > PATTERN_SHOWN_BYTES;

	pattern.length = cut ? PATTERN_SHOWN_BYTES : pattern.length;
	struct route_trace_text text = {{
		SPAN_LITERAL("pattern "),
		pattern,
		span_of_text(cut ? "..." : ""),
		span_of_text(listing->kind),
		listing->name(listing, id),
		SPAN_LITERAL(" (priority "),
		decimal(digits, listing->priority(listing, id)),
		span_of_text(words[answer]),
	}};
	const char *rule = answer == ANSWER_GIVEN_UP	   ? "R7"
			   : answer == ANSWER_YES && !wins ? listing->lost_rule
							   : listing->rule;
	if (!route_trace_add(trace, rule, wins, &text))
		return false;
	struct route_step *step = &trace->step[trace->count - 1];
	uint32_t length = (uint32_t)strlen(step->text);
	append(step->text, &length, listing->number);
	if (answer == ANSWER_YES && !wins)
		append(step->text, &length, span_of_text(why_lost(listing, id)));
	step->text[length] = '\0';
	return true;
}

/* The winner, then who else matches, then who does not, each in their order. */
static void list_patterns(struct route_trace *trace, const struct listing *listing)
{
	uint32_t listed = 0;

	for (uint32_t wanted = 0; wanted < 2; wanted++) {
		bool matching = wanted == 0;
		for (uint32_t id = 0; id < listing->set->count; id++) {
			enum answer answer = ask(listing, id);
			if ((answer == ANSWER_YES) != matching)
				continue;
			if (listed == PATTERNS_LISTED_MAX) {
				trace->truncated = true;
				route_trace_note(trace, listing->rule, false, "further patterns are left out",
						 (struct span){0}, "");
				return;
			}
			listed++;
			if (!list_pattern(trace, listing, id, answer))
				return;
		}
	}
	if (listing->set->count == 0)
		route_trace_note(trace, listing->rule, false, "no patterns to match ", listing->number, "");
}

static struct span friend_name(const struct listing *listing, uint32_t id)
{
	const struct company *company = listing->owners;
	return company->endpoint[listing->set->owner[id]].name;
}

static uint32_t friend_priority(const struct listing *listing, uint32_t id)
{
	const struct company *company = listing->owners;
	return company->endpoint[listing->set->owner[id]].priority;
}

void route_trace_friends(struct route_trace *trace, const char *rule, const struct company *company, struct span number,
			 const uint32_t *winner, struct match_scratch *scratch)
{
	const struct listing listing = {
		.rule = rule,
		.lost_rule = "R8",
		.kind = " of friend ",
		.set = &company->friends,
		.number = number,
		.winner = winner,
		.scratch = scratch,
		.name = friend_name,
		.priority = friend_priority,
		.owners = company,
	};
	list_patterns(trace, &listing);
}

static struct span carrier_name(const struct listing *listing, uint32_t id)
{
	const struct directory *directory = listing->owners;
	return directory->carrier[listing->set->owner[id]].name;
}

static uint32_t carrier_priority(const struct listing *listing, uint32_t id)
{
	const struct directory *directory = listing->owners;
	return directory->carrier[listing->set->owner[id]].priority;
}

void route_trace_carriers(struct route_trace *trace, const struct directory *directory, struct span number,
			  const uint32_t *winner, struct match_scratch *scratch)
{
	const struct listing listing = {
		.rule = "R16",
		.lost_rule = "R16",
		.kind = " of carrier ",
		.set = &directory->carrier_patterns,
		.number = number,
		.winner = winner,
		.scratch = scratch,
		.name = carrier_name,
		.priority = carrier_priority,
		.owners = directory,
	};
	list_patterns(trace, &listing);
}

void route_trace_acl(struct route_trace *trace, const struct call_acl *acl, struct span number, const uint32_t *winner,
		     bool allowed)
{
	/* The first that matches decides: what stands before it did not match, what stands behind it was not asked. */
	uint32_t asked = winner ? *winner : acl->rules.count;

	for (uint32_t id = 0; id < asked && id < PATTERNS_LISTED_MAX; id++) {
		struct route_trace_text text = {{SPAN_LITERAL("rule "), acl->rules.text[id],
						 SPAN_LITERAL(" of call ACL "), acl->name,
						 SPAN_LITERAL(" does not match "), number}};
		route_trace_add(trace, "R13", false, &text);
	}
	bool decided = winner ? acl->rules.owner[*winner] != 0 : acl->default_allow;
	struct span by_rule = allowed != decided ? SPAN_LITERAL("as a rule backtracks too far")
			      : winner		 ? acl->rules.text[*winner]
						 : SPAN_LITERAL("by default");
	struct route_trace_text text = {{SPAN_LITERAL("call ACL "), acl->name,
					 span_of_text(allowed ? " allows " : " denies "), number,
					 span_of_text(winner && allowed == decided ? ", rule " : ", "), by_rule}};
	route_trace_add(trace, "R13", allowed, &text);
}
