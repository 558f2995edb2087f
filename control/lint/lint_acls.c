#include "lint_acls.h"

#include "name_table_build.h"

#define OTHERS_MAX (LANGUAGE_SEARCH_LANGUAGES_MAX - 1)

/* ---- acl-unused ---- */

static void note_use(struct name_table *used, const struct model_endpoint *endpoint)
{
	if (endpoint->call_acl.text)
		name_table_build_add(used, model_span(&endpoint->call_acl), 0, false);
}

static void check_use(struct lint_company *company)
{
	const struct model_company *model = company->model;
	struct name_table used = {0};
	uint32_t ignored;

	if (model->call_acls.count == 0)
		return;
	if (name_table_build(&used, &company->arena, model->users.count + model->friends.count) != STATUS_OK) {
		company->run->report->lacks_memory = true;
		return;
	}
	for (uint32_t i = 0; i < model->users.count; i++)
		note_use(&used, &model_users(model)[i].endpoint);
	for (uint32_t i = 0; i < model->friends.count; i++)
		note_use(&used, &model_friends(model)[i].endpoint);
	for (uint32_t i = 0; i < model->call_acls.count; i++) {
		const struct model_text *name = &model_acls(model)[i].name;
		if (!name_table_find(&ignored, &used, model_span(name), false))
			lint_report_add(company->run->report,
					&(struct lint_finding){.lint = LINT_ACL_UNUSED, .place = name->place},
					"call ACL '%s' is used by no user and no friend", name->text);
	}
}

/* ---- acl-rule-unreached ---- */

static const struct model_text *pattern_of(const struct model_rule *rule)
{
	return rule->allow.text ? &rule->allow : &rule->deny;
}

static void report_unreached(struct lint_company *company, const struct model_acl *acl, const struct lint_pattern *rule,
			     const char *why)
{
	lint_report_add(company->run->report,
			&(struct lint_finding){.lint = LINT_ACL_RULE_UNREACHED, .place = rule->text->place},
			"rule '%s' of call ACL '%s' decides nothing: %s", rule->text->text, acl->name.text, why);
}

/* Only +E.164 numbers leave (R16). */
static enum language_search_answer find_number(struct lint_company *company, const struct lint_pattern *rule,
					       struct pattern_language *const *before, uint32_t count)
{
	struct language_question question = {
		.language = {rule->language, company->run->e164}, .in_count = 2, .count = 2};
	for (uint32_t i = 0; i < count; i++)
		question.language[question.count++] = before[i];
	return lint_company_find(company->run, &question, NULL);
}

static bool overlaps(struct lint_company *company, const struct lint_pattern *a, const struct lint_pattern *b)
{
	const struct language_question question = {
		.language = {a->language, b->language, company->run->e164}, .in_count = 3, .count = 3};
	return lint_company_find(company->run, &question, NULL) == LANGUAGE_SEARCH_FOUND;
}

static void check_rule(struct lint_company *company, const struct model_acl *acl, struct lint_pattern *rule,
		       uint32_t index)
{
	struct pattern_language *before[OTHERS_MAX - 1];
	uint32_t count = 0;

	if (!rule[index].language)
		return;
	if (find_number(company, &rule[index], NULL, 0) == LANGUAGE_SEARCH_NONE) {
		report_unreached(company, acl, &rule[index], "it matches no +E.164 number");
		return;
	}
	for (uint32_t i = 0; i < index; i++) {
		if (!rule[i].language || !overlaps(company, &rule[index], &rule[i]))
			continue;
		if (find_number(company, &rule[index], &rule[i].language, 1) == LANGUAGE_SEARCH_NONE) {
			count = OTHERS_MAX; /* alone */
			break;
		}
		if (count < OTHERS_MAX - 1)
			before[count++] = rule[i].language;
	}
	if (count == OTHERS_MAX ||
	    (count > 1 && find_number(company, &rule[index], before, count) == LANGUAGE_SEARCH_NONE))
		report_unreached(company, acl, &rule[index],
				 "rules before it decide about every number that it matches");
}

static void check_rules(struct lint_company *company, const struct model_acl *acl)
{
	uint32_t count = acl->rules.count;
	struct lint_pattern *rule = arena_take_array(&company->arena, count, sizeof(*rule));

	if (!rule) {
		company->run->report->lacks_memory = true;
		return;
	}
	if (count > LINT_COMPANY_PATTERNS_MAX) {
		company->run->report->undecided += count - LINT_COMPANY_PATTERNS_MAX;
		count = LINT_COMPANY_PATTERNS_MAX;
	}
	for (uint32_t i = 0; i < count; i++)
		if (!lint_company_make_pattern(company->run, &rule[i], pattern_of(&model_rules(acl)[i])))
			break;
	for (uint32_t i = 0; i < count && lint_company_goes_on(company->run); i++)
		check_rule(company, acl, rule, i);
	for (uint32_t i = 0; i < count; i++)
		lint_company_free_pattern(&rule[i]);
}

void lint_acls_check(struct lint_company *company)
{
	check_use(company);
	for (uint32_t i = 0; i < company->model->call_acls.count && !company->run->report->lacks_memory; i++)
		check_rules(company, &model_acls(company->model)[i]);
}
