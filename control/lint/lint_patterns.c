#include "lint_patterns.h"

#include <stdio.h>

#define NAMES_BYTES_MAX 300
#define OTHERS_MAX	(LANGUAGE_SEARCH_LANGUAGES_MAX - 1)

static const char *name_of(const struct lint_pattern *pattern)
{
	return pattern->friend->endpoint.name.text;
}

static bool is_of_same_friend(const struct lint_pattern *a, const struct lint_pattern *b)
{
	return a->friend == b->friend;
}

/* ---- pattern-takes-nothing ---- */

static void check_empty(struct lint_company *company, struct lint_pattern *pattern)
{
	if (!pattern->language ||
	    lint_company_find_beyond(company->run, pattern->language, NULL, 0, NULL) != LANGUAGE_SEARCH_NONE)
		return;
	pattern->is_unreached = true;
	lint_report_add(company->run->report,
			&(struct lint_finding){.lint = LINT_PATTERN_TAKES_NOTHING, .place = pattern->text->place},
			"pattern '%s' of friend '%s' takes no number at all", pattern->text->text, name_of(pattern));
}

/* ---- shadowed-pattern ---- */

/* A number that shows it; both patterns really take it. */
static bool find_shown(struct lint_company *company, struct lint_pattern *pattern, struct lint_pattern *better,
		       struct number *example)
{
	return lint_company_find_beyond(company->run, pattern->language, NULL, 0, example) == LANGUAGE_SEARCH_FOUND &&
	       lint_company_confirm(company->run, pattern, example) &&
	       (!better || lint_company_confirm(company->run, better, example));
}

static void report_shadowed(struct lint_company *company, struct lint_pattern *pattern, struct lint_pattern *better)
{
	struct number example;
	struct lint_finding finding = {
		.lint = LINT_SHADOWED_PATTERN, .place = pattern->text->place, .example = &example};

	if (!find_shown(company, pattern, better, &example))
		return;
	pattern->is_unreached = true;
	if (is_of_same_friend(pattern, better)) {
		finding.advice = "remove it";
		lint_report_add(company->run->report, &finding,
				"pattern '%s' of friend '%s' adds nothing: its pattern '%s' takes every number that it "
				"takes, such as %s",
				pattern->text->text, name_of(pattern), better->text->text, example.text);
		return;
	}
	lint_report_add(
		company->run->report, &finding,
		"pattern '%s' of friend '%s' (priority %lld) is never reached: friend '%s' (priority %lld) takes "
		"every number that it takes, such as %s, with '%s'",
		pattern->text->text, name_of(pattern), (long long)pattern->friend->priority.value, name_of(better),
		(long long)better->friend->priority.value, example.text, better->text->text);
}

/* "'a', 'b' and 'c'": each friend once. */
static void list_names(char names[NAMES_BYTES_MAX], struct lint_pattern *const *pattern, uint32_t count)
{
	size_t length = 0;
	for (uint32_t i = 0; i < count && length < NAMES_BYTES_MAX; i++)
		if (i == 0 || !is_of_same_friend(pattern[i], pattern[i - 1]))
			length += (size_t)snprintf(names + length, NAMES_BYTES_MAX - length, "%s'%s'", i ? ", " : "",
						   name_of(pattern[i]));
}

static void report_shadowed_by_all(struct lint_company *company, struct lint_pattern *pattern,
				   struct lint_pattern *const *better, uint32_t count)
{
	struct number example;
	char names[NAMES_BYTES_MAX];

	if (!find_shown(company, pattern, NULL, &example))
		return;
	pattern->is_unreached = true;
	list_names(names, better, count);
	lint_report_add(company->run->report,
			&(struct lint_finding){
				.lint = LINT_SHADOWED_PATTERN, .place = pattern->text->place, .example = &example},
			"pattern '%s' of friend '%s' (priority %lld) is never reached: patterns that come before it "
			"together take every number that it takes, such as %s (of %s)",
			pattern->text->text, name_of(pattern), (long long)pattern->friend->priority.value, example.text,
			names);
}

static enum language_search_answer find_overlap(struct lint_company *company, const struct lint_pattern *a,
						const struct lint_pattern *b, struct number *example)
{
	const struct language_question question = {
		.language = {a->language, b->language, company->run->dialled}, .in_count = 3, .count = 3};
	return lint_company_find(company->run, &question, example);
}

static bool overlaps(struct lint_company *company, const struct lint_pattern *a, const struct lint_pattern *b)
{
	const struct language_question question = {.language = {a->language, b->language}, .in_count = 2, .count = 2};
	return lint_company_find(company->run, &question, NULL) != LANGUAGE_SEARCH_NONE;
}

static bool takes_all_of(struct lint_company *company, struct lint_pattern *wide, const struct lint_pattern *narrow)
{
	return lint_company_find_beyond(company->run, narrow->language, &wide->language, 1, NULL) ==
	       LANGUAGE_SEARCH_NONE;
}

/*
 * Against every pattern that comes before it, one by one, then against all that overlap with it together. A pattern of
 * the same friend may also come behind it, as long as it takes more.
 */
static void check_shadowed(struct lint_company *company, uint32_t index)
{
	struct lint_pattern *pattern = &company->pattern[index];
	struct lint_pattern *better[OTHERS_MAX];
	struct pattern_language *language[OTHERS_MAX];
	uint32_t count = 0;

	for (uint32_t i = 0; i < company->pattern_count; i++) {
		struct lint_pattern *other = &company->pattern[i];
		if (i == index || other->is_unreached || !other->language ||
		    (i > index && !is_of_same_friend(pattern, other)))
			continue;
		/* Most have nothing in common, which is found soonest. */
		if (!overlaps(company, pattern, other))
			continue;
		if (takes_all_of(company, other, pattern) && (i < index || !takes_all_of(company, pattern, other))) {
			report_shadowed(company, pattern, other);
			return;
		}
		if (i < index && count < OTHERS_MAX) {
			better[count] = other;
			language[count++] = other->language;
		}
	}
	if (count > 1 &&
	    lint_company_find_beyond(company->run, pattern->language, language, count, NULL) == LANGUAGE_SEARCH_NONE)
		report_shadowed_by_all(company, pattern, better, count);
}

/* ---- equal-priority-overlap ---- */

static bool is_rival(const struct lint_pattern *pattern, const struct lint_pattern *other)
{
	return !other->is_unreached && !is_of_same_friend(pattern, other) &&
	       other->friend->priority.value == pattern->friend->priority.value;
}

/* A number of both that no friend of a better priority takes. */
static bool find_contested(struct lint_company *company, const struct lint_pattern *a, const struct lint_pattern *b,
			   struct number *example)
{
	struct language_question question = {
		.language = {a->language, b->language, company->run->dialled}, .in_count = 3, .count = 3};
	if (lint_company_find(company->run, &question, example) != LANGUAGE_SEARCH_FOUND)
		return false;
	for (uint32_t i = 0; i < company->pattern_count && question.count < LANGUAGE_SEARCH_LANGUAGES_MAX; i++) {
		struct lint_pattern *better = &company->pattern[i];
		if (better->friend->priority.value >= a->friend->priority.value)
			break;
		if (better->language && !better->is_unreached &&
		    find_overlap(company, a, better, NULL) == LANGUAGE_SEARCH_FOUND)
			question.language[question.count++] = better->language;
	}
	return lint_company_find(company->run, &question, example) == LANGUAGE_SEARCH_FOUND;
}

/* One of the two is not regular: a number of the other one may be of both. */
static bool find_sample(struct lint_company *company, const struct lint_pattern *a, const struct lint_pattern *b,
			struct number *example)
{
	struct pattern_language *known = a->language ? a->language : b->language;
	const struct language_question question = {
		.language = {known, company->run->dialled}, .in_count = 2, .count = 2};
	return known && lint_company_find(company->run, &question, example) == LANGUAGE_SEARCH_FOUND;
}

static void check_overlap(struct lint_company *company, uint32_t index)
{
	struct lint_pattern *pattern = &company->pattern[index];
	for (uint32_t i = index; i-- > 0;) {
		struct lint_pattern *other = &company->pattern[i];
		struct number example;
		if (other->friend->priority.value < pattern->friend->priority.value)
			return;
		if (!is_rival(pattern, other) ||
		    (pattern->language && other->language ? !find_contested(company, pattern, other, &example)
							  : !find_sample(company, pattern, other, &example)))
			continue;
		other = lint_company_winner(company, number_text(&example)).pattern;
		if (!other || !is_rival(pattern, other) || !lint_company_confirm(company->run, pattern, &example) ||
		    !lint_company_confirm(company->run, other, &example))
			continue;
		lint_report_add(
			company->run->report,
			&(struct lint_finding){.lint = LINT_EQUAL_PRIORITY_OVERLAP,
					       .place = pattern->text->place,
					       .example = &example},
			"pattern '%s' of friend '%s' takes %s, and so does '%s' of friend '%s' with the same priority "
			"%lld: '%s' is called, as that name sorts first",
			pattern->text->text, name_of(pattern), example.text, other->text->text, name_of(other),
			(long long)pattern->friend->priority.value, name_of(other));
		return;
	}
}

void lint_patterns_check(struct lint_company *company)
{
	uint32_t count = company->pattern_count;

	if (count > LINT_COMPANY_PATTERNS_MAX) {
		count = LINT_COMPANY_PATTERNS_MAX;
		company->run->report->undecided += company->pattern_count - count;
	}
	for (uint32_t i = 0; i < count; i++)
		check_empty(company, &company->pattern[i]);
	for (uint32_t i = 0; i < count && lint_company_goes_on(company->run); i++)
		if (company->pattern[i].language && !company->pattern[i].is_unreached)
			check_shadowed(company, i);
	for (uint32_t i = 0; i < count && lint_company_goes_on(company->run); i++)
		if (!company->pattern[i].is_unreached)
			check_overlap(company, i);
}
