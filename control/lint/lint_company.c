#include "lint_company.h"

#include <stdlib.h>

#include "match_scratch.h"
#include "name_table_build.h"

#define CONFIRM_STEPS_FIRST  32
#define CONFIRM_STEPS_FACTOR 25

_Static_assert(CONFIRM_STEPS_FIRST *CONFIRM_STEPS_FACTOR *CONFIRM_STEPS_FACTOR == MATCH_STEPS_MAX,
	       "the last word is the router's own");

/* ---- patterns ---- */

struct pattern_language *lint_company_make_language(struct lint_run *run, struct span pattern, unsigned held)
{
	struct pattern_language *language = NULL;
	if (pattern_language_make(&language, pattern, held, &run->room) == STATUS_NO_MEMORY)
		run->report->lacks_memory = true;
	return language;
}

bool lint_company_make_pattern(struct lint_run *run, struct lint_pattern *pattern, const struct model_text *text)
{
	pattern->text = text;
	pattern->language = lint_company_make_language(run, model_span(text), PATTERN_LANGUAGE_FREE);
	return !run->report->lacks_memory;
}

void lint_company_free_pattern(struct lint_pattern *pattern)
{
	pattern_language_free(pattern->language);
	pattern_confirm_free(pattern->confirm);
	*pattern = (struct lint_pattern){0};
}

bool lint_company_spend(struct lint_run *run, uint64_t steps)
{
	bool is_enough = language_search_spend(run->search, steps);
	run->report->undecided += !is_enough;
	return is_enough;
}

bool lint_company_goes_on(struct lint_run *run)
{
	return !run->report->lacks_memory && lint_company_spend(run, 1);
}

/* Nearly all answers take few steps: these are tried first, so that only the others are paid dearly. */
static enum pattern_language_answer ask_in_steps(struct lint_run *run, const struct pattern_confirm *confirm,
						 struct span number)
{
	bool takes = false;
	enum status status = STATUS_LIMIT;
	for (uint32_t steps = CONFIRM_STEPS_FIRST; status == STATUS_LIMIT && steps <= MATCH_STEPS_MAX;
	     steps *= CONFIRM_STEPS_FACTOR) {
		if (!lint_company_spend(run, (uint64_t)steps * (number.length + 1)))
			return PATTERN_LANGUAGE_UNKNOWN;
		status = pattern_confirm_ask(&takes, confirm, number, steps);
	}
	if (status == STATUS_NO_MEMORY)
		run->report->lacks_memory = true;
	return takes ? PATTERN_LANGUAGE_YES : PATTERN_LANGUAGE_NO;
}

static enum pattern_language_answer ask(struct lint_run *run, struct lint_pattern *pattern, struct span number)
{
	enum status status =
		pattern->confirm ? STATUS_OK : pattern_confirm_make(&pattern->confirm, model_span(pattern->text));
	if (status == STATUS_NO_MEMORY)
		run->report->lacks_memory = true;
	return status == STATUS_OK ? ask_in_steps(run, pattern->confirm, number) : PATTERN_LANGUAGE_NO;
}

bool lint_company_confirm(struct lint_run *run, struct lint_pattern *pattern, const struct number *number)
{
	return ask(run, pattern, number_text(number)) == PATTERN_LANGUAGE_YES;
}

enum pattern_language_answer lint_company_takes(struct lint_run *run, struct lint_pattern *pattern, struct span number)
{
	enum pattern_language_answer answer = PATTERN_LANGUAGE_UNKNOWN;
	if (!lint_company_spend(run, number.length))
		return answer;
	if (pattern->language)
		answer = pattern_language_takes(pattern->language, number);
	if (pattern->language && pattern_language_lacks_memory(pattern->language))
		run->report->lacks_memory = true;
	return answer == PATTERN_LANGUAGE_UNKNOWN ? ask(run, pattern, number) : answer;
}

struct lint_winner lint_company_winner(struct lint_company *company, struct span number)
{
	struct lint_winner winner = {PATTERN_LANGUAGE_NO, NULL};
	for (uint32_t i = 0; i < company->pattern_count && winner.answer == PATTERN_LANGUAGE_NO; i++) {
		winner.answer = lint_company_takes(company->run, &company->pattern[i], number);
		if (winner.answer == PATTERN_LANGUAGE_YES)
			winner.pattern = &company->pattern[i];
	}
	return winner;
}

struct lint_winner lint_company_winner_of_route(struct lint_company *company, const struct model_route *route)
{
	struct lint_winner winner = {PATTERN_LANGUAGE_NO, NULL};
	const struct model_text *number = &route->friend_number;
	struct dial_plan plan = lint_company_dial_plan(company);
	struct number e164;
	if (number->text)
		winner = lint_company_winner(company, model_span(number));
	if (number->text && winner.answer == PATTERN_LANGUAGE_NO && number_to_e164(&e164, model_span(number), &plan))
		winner = lint_company_winner(company, number_text(&e164));
	return winner;
}

struct lint_winner lint_company_winner_behind(struct lint_company *company, uint32_t extension)
{
	struct lint_behind *behind = &company->behind[extension];
	if (!behind->is_asked)
		behind->winner =
			lint_company_winner_of_route(company, &model_extensions(company->model)[extension].route);
	behind->is_asked = true;
	return behind->winner;
}

/* ---- searches ---- */

enum language_search_answer lint_company_find(struct lint_run *run, const struct language_question *question,
					      struct number *example)
{
	enum language_search_answer answer = language_search_find(run->search, question, example);
	if (answer == LANGUAGE_SEARCH_NO_MEMORY)
		run->report->lacks_memory = true;
	return answer;
}

enum language_search_answer lint_company_find_beyond(struct lint_run *run, struct pattern_language *first,
						     struct pattern_language *const *other, uint32_t count,
						     struct number *example)
{
	struct language_question question = {.language = {first}, .in_count = 1, .count = 1};
	for (uint32_t i = 0; i < count && question.count < LANGUAGE_SEARCH_LANGUAGES_MAX; i++)
		question.language[question.count++] = other[i];
	return lint_company_find(run, &question, example);
}

/* ---- a company ---- */

struct dial_plan lint_company_dial_plan(const struct lint_company *company)
{
	return (struct dial_plan){
		.country = country_find(model_span(&company->model->country)),
		.area_code = model_span(&company->model->area_code),
	};
}

static int compare(const void *first, const void *second)
{
	const struct lint_pattern *a = first, *b = second;
	if (a->friend->priority.value != b->friend->priority.value)
		return a->friend->priority.value < b->friend->priority.value ? -1 : 1;
	if (a->friend != b->friend)
		return strcmp(a->friend->endpoint.name.text, b->friend->endpoint.name.text);
	return a->text < b->text ? -1 : a->text > b->text;
}

static bool collect_patterns(struct lint_company *company)
{
	const struct model_company *model = company->model;
	uint64_t count = 0;
	for (uint32_t i = 0; i < model->friends.count; i++)
		count += model_friends(model)[i].patterns.count;
	company->pattern = arena_take_array(&company->arena, count, sizeof(*company->pattern));
	if (!company->pattern)
		return false;
	for (uint32_t i = 0; i < model->friends.count; i++) {
		const struct model_friend *friend = &model_friends(model)[i];
		for (uint32_t j = 0; j < friend->patterns.count; j++) {
			struct lint_pattern *pattern = &company->pattern[company->pattern_count++];
			pattern->friend = friend;
			if (!lint_company_make_pattern(company->run, pattern, &friend->patterns.item[j]))
				return false;
		}
	}
	qsort(company->pattern, company->pattern_count, sizeof(*company->pattern), compare);
	return true;
}

static bool collect_extensions(struct lint_company *company)
{
	const struct model_company *model = company->model;
	if (name_table_build(&company->extension, &company->arena, model->extensions.count) != STATUS_OK)
		return false;
	company->behind = arena_take_array(&company->arena, model->extensions.count, sizeof(*company->behind));
	if (!company->behind)
		return false;
	for (uint32_t i = 0; i < model->extensions.count; i++)
		name_table_build_add(&company->extension, model_span(&model_extensions(model)[i].number), i, false);
	return true;
}

bool lint_company_begin(struct lint_company *company, struct lint_run *run, const struct model_company *model)
{
	*company = (struct lint_company){.run = run, .model = model};
	if (collect_extensions(company) && collect_patterns(company))
		return true;
	run->report->lacks_memory = true;
	return false;
}

void lint_company_end(struct lint_company *company)
{
	for (uint32_t i = 0; i < company->pattern_count; i++)
		lint_company_free_pattern(&company->pattern[i]);
	arena_free(&company->arena);
	*company = (struct lint_company){0};
}
