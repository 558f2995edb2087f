#include "lint_company.h"

#include <stdlib.h>

#include "name_table_build.h"

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

static bool is_confirmed(struct lint_run *run, struct lint_pattern *pattern, struct span number)
{
	bool takes = false;
	enum status status =
		pattern->confirm ? STATUS_OK : pattern_confirm_make(&pattern->confirm, model_span(pattern->text));
	if (status == STATUS_OK)
		status = pattern_confirm_ask(&takes, pattern->confirm, number);
	if (status == STATUS_NO_MEMORY)
		run->report->lacks_memory = true;
	return takes;
}

bool lint_company_confirm(struct lint_run *run, struct lint_pattern *pattern, const struct number *number)
{
	return is_confirmed(run, pattern, number_text(number));
}

bool lint_company_takes(struct lint_run *run, struct lint_pattern *pattern, struct span number)
{
	enum pattern_language_answer answer =
		pattern->language ? pattern_language_takes(pattern->language, number) : PATTERN_LANGUAGE_UNKNOWN;
	if (pattern->language && pattern_language_lacks_memory(pattern->language))
		run->report->lacks_memory = true;
	if (answer != PATTERN_LANGUAGE_UNKNOWN)
		return answer == PATTERN_LANGUAGE_YES;
	return is_confirmed(run, pattern, number);
}

uint32_t lint_company_winner(struct lint_company *company, struct span number)
{
	for (uint32_t i = 0; i < company->pattern_count; i++)
		if (lint_company_takes(company->run, &company->pattern[i], number))
			return i;
	return LINT_COMPANY_NONE;
}

uint32_t lint_company_winner_of_route(struct lint_company *company, const struct model_text *number)
{
	struct dial_plan plan = lint_company_dial_plan(company);
	struct number e164;
	uint32_t winner = lint_company_winner(company, model_span(number));
	if (winner == LINT_COMPANY_NONE && number_to_e164(&e164, model_span(number), &plan))
		winner = lint_company_winner(company, number_text(&e164));
	return winner;
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
