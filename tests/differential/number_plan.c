#include "number_plan.h"

#include <stdarg.h>
#include <stdio.h>

#define DEPTH_MAX  2
#define PARTS_MAX  4
#define REPEAT_MAX 6 /* of a sample, where a pattern has no bound */

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

uint32_t number_plan_random(uint64_t *seed, uint32_t limit)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*seed >> 33) % limit);
}

__attribute__((format(printf, 2, 3))) static void append(struct number_plan_text *to, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	size_t room = sizeof(to->text) - to->length;
	int length = vsnprintf(to->text + to->length, room, format, arguments);
	va_end(arguments);
	to->length += (uint32_t)length < room ? (uint32_t)length : (uint32_t)room - 1;
}

static void append_to_samples(struct number_plan_pattern *made, const char *text)
{
	for (uint32_t i = 0; i < NUMBER_PLAN_SAMPLES; i++)
		append(&made->sample[i], "%s", text);
}

/* ---- atoms ---- */

struct atom {
	const char *pattern;
	const char *bytes; /* each of them matches; NULL: none is needed */
};

static const struct atom classes[] = {
	{"[0-9]", "0123456789"},
	{"[2-5]", "2345"},
	{"[^1]", "023456789+"},
	{"[13579]", "13579"},
	{"[^0-9]", "+*#ax"},
	{"[+*#]", "+*#"},
	{"\\d", "0123456789"},
	{"\\D", "+*#b"},
	{"\\w", "19a_"},
	{".", "0123456789+*#a"},
	{"\\+", "+"},
	{"\\*", "*"},
	{"#", "#"},
	{"[[:digit:]]", "0123456789"},
	{"[^[:alpha:]]", "01+#"},
	{"\\x31", "1"},
	{"\\x{32}", "2"},
	{"\\063", "3"},
	{"[0-9a-f]", "09af"},
	{"[^\\d+]", "*#a"},
	{"\\N", "0123a"},
	{"(?i:A)", "aA"},
	{"(?s:.)", "01\n"},
	{"[\\x00-\\x2f]", "+#*"},
};

/* They take no byte, and may or may not hold where they stand. */
static const char *const assertions[] = {
	"^",	  "$",	     "\\A",	    "\\z",	   "\\Z",	   "\\b",      "\\B",	     "(?=2)", "(?!9)",
	"(?<=1)", "(?<!00)", "(?=.*5)",	    "(?!.*#)",	   "(?=[0-9]{3})", "(?<=[+])", "(?<![1-3])", "(?m)",  "(?i)",
	"(?#x)",  "(?:)",    "(?=.{4,8}$)", "(?!999|112)", "(?<=^|0)",	   "\\G",      "\\K",	     "(?-i)", "(?s)",
};

static const char *const repeats[] = {"?",  "*",  "+",	"{2}",	  "{3}", "{0,2}", "{1,3}", "{2,}",
				      "*?", "+?", "??", "{1,3}?", "*+",	 "++",	  "?+",	   "{0}"};
static const uint8_t repeat_least[] = {0, 0, 1, 2, 3, 0, 1, 2, 0, 1, 0, 1, 0, 1, 0, 0};
static const uint8_t repeat_most[] = {1,	  REPEAT_MAX, REPEAT_MAX, 2, 3,		 2,	     3, REPEAT_MAX,
				      REPEAT_MAX, REPEAT_MAX, 1,	  3, REPEAT_MAX, REPEAT_MAX, 1, 0};
_Static_assert(COUNT(repeats) == COUNT(repeat_least) && COUNT(repeats) == COUNT(repeat_most), "one row each");

static void add_digits(struct number_plan_pattern *made, uint64_t *seed)
{
	static const char *const prefixes[] = {"00", "34", "+34", "2", "9", "112", "900", "1", "80", "*21", "0"};
	const char *digits = prefixes[number_plan_random(seed, COUNT(prefixes))];
	append(&made->pattern, digits[0] == '+' || digits[0] == '*' ? "\\%s" : "%s", digits);
	append_to_samples(made, digits);
}

static void add_class(struct number_plan_pattern *made, uint64_t *seed)
{
	const struct atom *atom = &classes[number_plan_random(seed, COUNT(classes))];
	append(&made->pattern, "%s", atom->pattern);
	for (uint32_t i = 0; i < NUMBER_PLAN_SAMPLES; i++) {
		const char byte[2] = {atom->bytes[number_plan_random(seed, (uint32_t)strlen(atom->bytes))]};
		append(&made->sample[i], "%s", byte);
	}
}

static void add_assertion(struct number_plan_pattern *made, uint64_t *seed)
{
	append(&made->pattern, "%s", assertions[number_plan_random(seed, COUNT(assertions))]);
}

static void add_anything(struct number_plan_pattern *made, uint64_t *seed)
{
	append(&made->pattern, number_plan_random(seed, 3) ? ".*" : "[0-9]*");
	for (uint32_t i = 0; i < NUMBER_PLAN_SAMPLES; i++)
		append(&made->sample[i], "%.*s", (int)number_plan_random(seed, 6), "51200");
}

/* ---- what holds parts ---- */

static void add_parts(struct number_plan_pattern *made, uint64_t *seed, uint32_t depth);

/* The part's own text and samples; its groups are counted on. */
static void make_part(struct number_plan_pattern *part, struct number_plan_pattern *whole, uint64_t *seed,
		      uint32_t depth)
{
	*part = (struct number_plan_pattern){.groups = whole->groups, .style = whole->style};
	add_parts(part, seed, depth + 1);
	whole->groups = part->groups;
}

/* An empty branch, too, is one in eight. */
static void add_alternation(struct number_plan_pattern *made, uint64_t *seed, uint32_t depth)
{
	static const char *const opens[] = {"(", "(?:", "(?:", "(?>", "(?|"};
	uint32_t kind = number_plan_random(seed, made->style == NUMBER_PLAN_USUAL ? 3 : COUNT(opens));
	uint32_t branches = 1 + number_plan_random(seed, 3);
	uint8_t chosen[NUMBER_PLAN_SAMPLES];
	for (uint32_t i = 0; i < NUMBER_PLAN_SAMPLES; i++)
		chosen[i] = (uint8_t)number_plan_random(seed, branches);
	append(&made->pattern, "%s", opens[kind]);
	made->groups += kind == 0;
	for (uint32_t branch = 0; branch < branches; branch++) {
		struct number_plan_pattern part;
		if (number_plan_random(seed, 8))
			make_part(&part, made, seed, depth);
		else
			part = (struct number_plan_pattern){.groups = made->groups};
		append(&made->pattern, branch ? "|%s" : "%s", part.pattern.text);
		for (uint32_t i = 0; i < NUMBER_PLAN_SAMPLES; i++)
			if (chosen[i] == branch)
				append(&made->sample[i], "%s", part.sample[i].text);
	}
	append(&made->pattern, ")");
}

static void add_repeat(struct number_plan_pattern *made, uint64_t *seed, uint32_t depth)
{
	struct number_plan_pattern part = {.groups = made->groups, .style = made->style};
	/* The first are greedy. */
	uint32_t kind = number_plan_random(seed, made->style == NUMBER_PLAN_USUAL ? 8 : COUNT(repeats));
	if (number_plan_random(seed, 3)) {
		add_class(&part, seed);
		append(&made->pattern, "%s%s", part.pattern.text, repeats[kind]);
	} else {
		make_part(&part, made, seed, depth);
		append(&made->pattern, "(?:%s)%s", part.pattern.text, repeats[kind]);
	}
	for (uint32_t i = 0; i < NUMBER_PLAN_SAMPLES; i++) {
		uint32_t span = repeat_most[kind] - repeat_least[kind];
		for (uint32_t n = repeat_least[kind] + number_plan_random(seed, span + 1); n > 0; n--)
			append(&made->sample[i], "%s", part.sample[number_plan_random(seed, NUMBER_PLAN_SAMPLES)].text);
	}
}

static void add_reference(struct number_plan_pattern *made, uint64_t *seed)
{
	struct number_plan_pattern part = {.groups = made->groups};
	add_class(&part, seed);
	add_class(&part, seed);
	uint32_t group = ++made->groups;
	append(&made->pattern, "(%s)", part.pattern.text);
	for (uint32_t i = 0; i < NUMBER_PLAN_SAMPLES; i++)
		append(&made->sample[i], "%s", part.sample[i].text);
	if (number_plan_random(seed, 2))
		add_digits(made, seed);
	append(&made->pattern, number_plan_random(seed, 2) ? "\\%u" : "\\g{%u}", group);
	for (uint32_t i = 0; i < NUMBER_PLAN_SAMPLES; i++)
		append(&made->sample[i], "%s", part.sample[i].text);
}

static void add_condition(struct number_plan_pattern *made, uint64_t *seed)
{
	append(&made->pattern, "(%s)?(?(%u)4|5)", number_plan_random(seed, 2) ? "3" : "[+]", ++made->groups);
	for (uint32_t i = 0; i < NUMBER_PLAN_SAMPLES; i++)
		append(&made->sample[i], "%s", i % 2 ? "5" : "34");
}

/* Backtracking control and recursion: nothing that Hyperscan knows. */
static void add_rarity(struct number_plan_pattern *made, uint64_t *seed)
{
	static const char *const rarities[] = {"1(*SKIP)2",  "1(*COMMIT)2",    "(?:1(*FAIL)|1)2", "12(*ACCEPT)9",
					       "1(*PRUNE)2", "(?:(?=(12)))12", "\\Q12\\E",	  "(?x) 1 2 (?-x)",
					       "1\\h*2",     "(?:1(*THEN)|1)2"};
	const char *rarity = rarities[number_plan_random(seed, COUNT(rarities))];
	append(&made->pattern, "%s", rarity);
	made->groups += strstr(rarity, "(12)") != NULL;
	append_to_samples(made, "12");
}

static void add_part(struct number_plan_pattern *made, uint64_t *seed, uint32_t depth)
{
	/* Deeper down only what holds nothing; from 28 on what Hyperscan cannot express. */
	static const uint32_t kinds[NUMBER_PLAN_STYLES] = {
		[NUMBER_PLAN_USUAL] = 28, [NUMBER_PLAN_MIXED] = 29, [NUMBER_PLAN_ALL] = 34};
	switch (number_plan_random(seed, depth < DEPTH_MAX ? kinds[made->style] : 14)) {
	case 0 ... 5:
		add_class(made, seed);
		break;
	case 6 ... 11:
		add_digits(made, seed);
		break;
	case 12 ... 13:
		add_anything(made, seed);
		break;
	case 14 ... 22:
		add_repeat(made, seed, depth);
		break;
	case 23 ... 27:
		add_alternation(made, seed, depth);
		break;
	case 28 ... 30:
		add_assertion(made, seed);
		break;
	case 31:
		add_reference(made, seed);
		break;
	case 32:
		add_condition(made, seed);
		break;
	default:
		add_rarity(made, seed);
		break;
	}
}

static void add_parts(struct number_plan_pattern *made, uint64_t *seed, uint32_t depth)
{
	for (uint32_t count = 1 + number_plan_random(seed, PARTS_MAX); count > 0; count--)
		add_part(made, seed, depth);
}

void number_plan_make(struct number_plan_pattern *made, enum number_plan_style style, uint64_t *seed)
{
	do {
		*made = (struct number_plan_pattern){.style = style};
		uint32_t anchors = style == NUMBER_PLAN_USUAL ? 3 : number_plan_random(seed, 8);
		if (anchors < 5)
			append(&made->pattern, "^");
		add_parts(made, seed, 0);
		if (anchors >= 3)
			append(&made->pattern, "$");
		/* A text that was cut is no pattern any more. */
	} while (made->pattern.length == 0 || made->pattern.length >= PATTERN_BYTES_MAX);
}

/* ---- numbers ---- */

static void insert(struct number *number, uint32_t at, char byte)
{
	if (number->length == NUMBER_BYTES_MAX)
		return;
	memmove(number->text + at + 1, number->text + at, number->length - at);
	number->text[at] = byte;
	number->length++;
}

static void remove_at(struct number *number, uint32_t at)
{
	if (number->length == 0)
		return;
	number->length--;
	memmove(number->text + at, number->text + at + 1, number->length - at);
}

void number_plan_neighbour(struct number *number, const struct number_plan_text *sample, uint32_t kind, uint64_t *seed)
{
	static const char odd[] = "+*#aZ\n\r_ .-";
	*number = (struct number){
		.length = (uint8_t)(sample->length < NUMBER_BYTES_MAX ? sample->length : NUMBER_BYTES_MAX)};
	memcpy(number->text, sample->text, number->length);
	uint32_t at = number->length ? number_plan_random(seed, number->length) : 0;
	char digit = (char)('0' + number_plan_random(seed, 10));
	switch (kind) {
	case 0:
		break;
	case 1: /* one digit off */
		if (number->length)
			number->text[at] = digit;
		break;
	case 2: /* too short */
		remove_at(number, number->length && number_plan_random(seed, 2) ? number->length - 1u : at);
		break;
	case 3: /* too long */
		insert(number, number_plan_random(seed, 2) ? number->length : at, digit);
		break;
	case 4:
		insert(number, 0, '+');
		break;
	case 5:
		insert(number, number->length, '\n');
		break;
	case 6:
		insert(number, at, odd[number_plan_random(seed, sizeof(odd) - 1)]);
		break;
	case 7:
		insert(number, at, '\0');
		break;
	default: /* twice, as far as there is room */
		while (number->length > 0 && number->length < NUMBER_BYTES_MAX && at-- > 0)
			insert(number, number->length, number->text[at]);
		break;
	}
}
