#include "lint_numbers.h"

#include <stdio.h>

#include "pattern_set.h"

#define ADVICE_BYTES_MAX (2 * PATTERN_BYTES_MAX + 100)
#define PLAN_BYTES_MAX	 100

/* ---- unanchored-pattern ---- */

/*
 * How numbers of the company's country look from outside its extensions, the most convincing first: as long as one of
 * its own DDIs and with the same beginning; then any of the country. Each as dialled, then in E.164 form.
 */
#define OUTSIDE_MAX 4

struct outside {
	struct pattern_language *language[OUTSIDE_MAX];
	uint32_t count;
};

static void add_outside(struct lint_company *company, struct outside *outside, const char *prefix, const char *national)
{
	char pattern[PLAN_BYTES_MAX];
	int length = snprintf(pattern, sizeof(pattern), "^%s%s$", prefix, national);
	struct pattern_language *language =
		lint_company_make_language(company->run, span_make(pattern, (size_t)length), PATTERN_LANGUAGE_FREE);
	if (language)
		outside->language[outside->count++] = language;
}

static void add_outside_both(struct lint_company *company, struct outside *outside, const struct country *country,
			     const char *national)
{
	char plus[16];
	snprintf(plus, sizeof(plus), "\\+%s", country->calling_code);
	add_outside(company, outside, country->trunk_prefix, national);
	add_outside(company, outside, plus, national);
}

/* Three digits of a DDI of the country, then any. Result: false: it has none. */
static bool write_like_ddi(char national[PLAN_BYTES_MAX], const struct lint_company *company,
			   const struct country *country)
{
	char calling[8];
	int length = snprintf(calling, sizeof(calling), "+%s", country->calling_code);
	for (uint32_t i = 0; i < company->model->ddis.count; i++) {
		struct span ddi = model_span(&model_ddis(company->model)[i].number);
		struct span digits = span_skip(ddi, (uint32_t)length);
		if (!span_starts_with(ddi, span_of_text(calling)) || digits.length < 6 || digits.length > 31 ||
		    !(country->national_lengths >> digits.length & 1))
			continue;
		snprintf(national, PLAN_BYTES_MAX, "%.3s[0-9]{%u}", digits.at, digits.length - 3);
		return true;
	}
	return false;
}

/* The lengths of national numbers that no extension has, if there are any; the others are as good. */
static void write_of_country(char national[PLAN_BYTES_MAX], const struct country *country)
{
	uint32_t lengths = country->national_lengths >> 7 ? country->national_lengths & ~UINT32_C(0x7f)
							  : country->national_lengths;
	uint32_t least = lengths ? (uint32_t)__builtin_ctz(lengths) : 9;
	snprintf(national, PLAN_BYTES_MAX, "[1-9][0-9]{%u}", least - (least > 0));
}

static void collect_outside(struct lint_company *company, struct outside *outside)
{
	const struct country *country = country_find(model_span(&company->model->country));
	char national[PLAN_BYTES_MAX];
	if (!country)
		return;
	if (write_like_ddi(national, company, country))
		add_outside_both(company, outside, country, national);
	write_of_country(national, country);
	add_outside_both(company, outside, country, national);
}

/* A number of the public network that is in `in`, but not in `out`. */
static bool find_outside(struct lint_company *company, const struct outside *outside, struct pattern_language *in,
			 struct pattern_language *out, struct number *example)
{
	for (uint32_t i = 0; i < outside->count; i++) {
		const struct language_question question = {
			.language = {in, outside->language[i], out}, .in_count = 2, .count = 3};
		uint32_t index;
		if (lint_company_find(company->run, &question, example) == LANGUAGE_SEARCH_FOUND &&
		    !name_table_find(&index, &company->extension, number_text(example), false))
			return true;
	}
	return false;
}

static bool looks_whole(struct lint_company *company, struct pattern_language *held)
{
	const struct language_question question = {.language = {held, company->run->whole}, .in_count = 2, .count = 2};
	return lint_company_find(company->run, &question, NULL) == LANGUAGE_SEARCH_FOUND;
}

/* Where the pattern is not held, and what one would write to hold it. */
struct looseness {
	bool at_start, at_end;
};

static void report_unanchored(struct lint_company *company, struct lint_pattern *pattern, struct looseness loose,
			      const struct number *example)
{
	char advice[ADVICE_BYTES_MAX];
	bool is_simple = !strchr(pattern->text->text, '|') && !strstr(pattern->text->text, "(?");
	const char *open = is_simple ? "" : "(?:", *close = is_simple ? "" : ")";
	struct dial_plan plan = lint_company_dial_plan(company);
	struct number e164;
	const struct lint_finding finding = {LINT_UNANCHORED_PATTERN, pattern->text->place, example, advice};

	if (!lint_company_confirm(company->run, pattern, example) ||
	    !number_to_e164(&e164, number_text(example), &plan))
		return;
	if (loose.at_start)
		snprintf(advice, sizeof(advice), "write '^%s%s%s%s'", open, pattern->text->text, close,
			 loose.at_end ? "$" : "");
	else
		snprintf(advice, sizeof(advice), "write '%s%s%s$'; or '%s%s%s.*', if it is to take longer numbers too",
			 open, pattern->text->text, close, open, pattern->text->text, close);
	bool is_converted = strcmp(e164.text, example->text) != 0;
	lint_report_add(company->run->report, &finding,
			"pattern '%s' of friend '%s' has no %s: it takes also %s%s%s, a number of the public network",
			pattern->text->text, pattern->friend->endpoint.name.text, loose.at_start ? "^" : "$",
			example->text, is_converted ? ", which is " : "", is_converted ? e164.text : "");
}

/* The pattern; the same if it began with ^; and if it ended with $ too. */
static void check_held(struct lint_company *company, struct lint_pattern *pattern, const struct outside *outside,
		       struct pattern_language *start, struct pattern_language *both)
{
	struct number example;
	bool is_loose_at_end = lint_company_find_beyond(company->run, start, &both, 1, NULL) == LANGUAGE_SEARCH_FOUND;

	if (find_outside(company, outside, pattern->language, start, &example))
		report_unanchored(company, pattern, (struct looseness){true, is_loose_at_end}, &example);
	else if (is_loose_at_end && looks_whole(company, both) && find_outside(company, outside, start, both, &example))
		report_unanchored(company, pattern, (struct looseness){false, true}, &example);
}

static void check_unanchored(struct lint_company *company, struct lint_pattern *pattern, const struct outside *outside)
{
	struct span text = model_span(pattern->text);
	struct pattern_language *start = lint_company_make_language(company->run, text, PATTERN_LANGUAGE_HELD_START);
	struct pattern_language *both =
		lint_company_make_language(company->run, text, PATTERN_LANGUAGE_HELD_START | PATTERN_LANGUAGE_HELD_END);
	if (start && both)
		check_held(company, pattern, outside, start, both);
	pattern_language_free(start);
	pattern_language_free(both);
}

/* Most patterns are ^...$, which need no look. */
static bool may_be_loose(const struct lint_pattern *pattern)
{
	struct span text = model_span(pattern->text);
	bool is_held = text.length > 1 && text.at[0] == '^' && text.at[text.length - 1] == '$' &&
		       text.at[text.length - 2] != '\\' && !memchr(text.at, '|', text.length);
	return pattern->language && !pattern->is_unreached && !is_held;
}

static void check_all_unanchored(struct lint_company *company)
{
	struct outside outside = {.count = 0};
	for (uint32_t i = 0; i < company->pattern_count; i++) {
		if (!may_be_loose(&company->pattern[i]))
			continue;
		if (outside.count == 0)
			collect_outside(company, &outside);
		check_unanchored(company, &company->pattern[i], &outside);
	}
	for (uint32_t i = 0; i < outside.count; i++)
		pattern_language_free(outside.language[i]);
}

/* ---- pattern-eats-extension ---- */

/* A friend for the rest, which is not meant to have extensions. */
static bool takes_everything(struct lint_company *company, struct lint_pattern *pattern)
{
	return pattern->language && lint_company_find_beyond(company->run, company->run->everything, &pattern->language,
							     1, NULL) == LANGUAGE_SEARCH_NONE;
}

/* An extension that leads to the same friend does no harm. */
static enum pattern_language_answer eats(struct lint_company *company, struct lint_pattern *pattern, uint32_t extension)
{
	struct span number = model_span(&model_extensions(company->model)[extension].number);
	enum pattern_language_answer answer = lint_company_takes(company->run, pattern, number);
	if (answer != PATTERN_LANGUAGE_YES)
		return answer;
	struct lint_winner behind = lint_company_winner_behind(company, extension);
	if (behind.answer == PATTERN_LANGUAGE_UNKNOWN)
		return PATTERN_LANGUAGE_UNKNOWN;
	return behind.pattern && behind.pattern->friend == pattern->friend ? PATTERN_LANGUAGE_NO : PATTERN_LANGUAGE_YES;
}

static void check_extensions(struct lint_company *company, struct lint_pattern *pattern)
{
	const struct model_extension *first = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < company->model->extensions.count; i++) {
		enum pattern_language_answer answer = eats(company, pattern, i);
		if (answer == PATTERN_LANGUAGE_UNKNOWN)
			return;
		if (answer == PATTERN_LANGUAGE_NO)
			continue;
		count++;
		if (!first)
			first = &model_extensions(company->model)[i];
	}
	struct number example;
	struct dial_plan no_plan = {0};
	if (!first || !number_to_e164(&example, model_span(&first->number), &no_plan) ||
	    !lint_company_confirm(company->run, pattern, &example))
		return;
	char more[40] = "";
	if (count > 1)
		snprintf(more, sizeof(more), " (and %u more like it)", count - 1);
	lint_report_add(
		company->run->report,
		&(struct lint_finding){
			.lint = LINT_PATTERN_EATS_EXTENSION, .place = pattern->text->place, .example = &example},
		"pattern '%s' of friend '%s' takes %s, which is an extension (line %u)%s: who dials it reaches the "
		"extension, not the friend",
		pattern->text->text, pattern->friend->endpoint.name.text, example.text, first->number.place.line, more);
}

/* ---- routes ---- */

/* Each caller's own country and area code make another E.164 form of the number (R10). */
static enum pattern_language_answer is_taken_for(struct lint_company *company, const struct model_endpoint *endpoint,
						 const struct model_text *number)
{
	struct dial_plan plan = lint_company_dial_plan(company);
	struct number e164;
	if (!lint_company_spend(company->run, 1))
		return PATTERN_LANGUAGE_UNKNOWN;
	if (!endpoint->country.text && !endpoint->area_code.text)
		return PATTERN_LANGUAGE_NO;
	if (endpoint->country.text)
		plan.country = country_find(model_span(&endpoint->country));
	if (endpoint->area_code.text)
		plan.area_code = model_span(&endpoint->area_code);
	return number_to_e164(&e164, model_span(number), &plan)
		       ? lint_company_winner(company, number_text(&e164)).answer
		       : PATTERN_LANGUAGE_NO;
}

static bool is_taken_for_nobody(struct lint_company *company, const struct model_text *number)
{
	const struct model_company *model = company->model;
	enum pattern_language_answer answer = PATTERN_LANGUAGE_NO;
	for (uint32_t i = 0; i < model->users.count && answer == PATTERN_LANGUAGE_NO; i++)
		answer = is_taken_for(company, &model_users(model)[i].endpoint, number);
	for (uint32_t i = 0; i < model->friends.count && answer == PATTERN_LANGUAGE_NO; i++)
		answer = is_taken_for(company, &model_friends(model)[i].endpoint, number);
	return answer == PATTERN_LANGUAGE_NO;
}

static void check_route(struct lint_company *company, const struct model_text *number, struct lint_winner winner,
			const char *what, const struct model_text *name)
{
	if (number->text && winner.answer == PATTERN_LANGUAGE_NO && is_taken_for_nobody(company, number))
		lint_report_add(
			company->run->report,
			&(struct lint_finding){.lint = LINT_ROUTE_WITHOUT_FRIEND, .place = number->place},
			"%s %s has a route to friends with the number %s, which no friend's pattern takes: calls to "
			"it are answered 404",
			what, name->text, number->text);
}

static void check_extension(struct lint_company *company, uint32_t index)
{
	const struct model_extension *extension = &model_extensions(company->model)[index];
	check_route(company, &extension->route.friend_number, lint_company_winner_behind(company, index), "extension",
		    &extension->number);
}

static bool has_route(const struct model_route *route)
{
	return route->user.text || route->friend_number.text || route->extension.text || route->number.text;
}

static void check_ddi(struct lint_company *company, const struct model_ddi *ddi)
{
	check_route(company, &ddi->route.friend_number, lint_company_winner_of_route(company, &ddi->route), "DDI",
		    &ddi->number);
	if (!has_route(&ddi->route))
		lint_report_add(company->run->report,
				&(struct lint_finding){.lint = LINT_DDI_WITHOUT_ROUTE, .place = ddi->number.place},
				"DDI %s has no route: calls to it are answered 480", ddi->number.text);
}

void lint_numbers_check(struct lint_company *company)
{
	const struct model_company *model = company->model;

	check_all_unanchored(company);
	for (uint32_t i = 0; i < company->pattern_count; i++)
		if (!company->pattern[i].is_unreached && !takes_everything(company, &company->pattern[i]))
			check_extensions(company, &company->pattern[i]);
	for (uint32_t i = 0; i < model->extensions.count; i++)
		check_extension(company, i);
	for (uint32_t i = 0; i < model->ddis.count; i++)
		check_ddi(company, &model_ddis(model)[i]);
}
