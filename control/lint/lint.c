#include "lint.h"

#include "lint_acls.h"
#include "lint_company.h"
#include "lint_endpoints.h"
#include "lint_numbers.h"
#include "lint_patterns.h"

static void check_company(struct lint_run *run, const struct model_company *model)
{
	struct lint_company company;
	if (lint_company_begin(&company, run, model)) {
		lint_patterns_check(&company);
		lint_numbers_check(&company);
		lint_endpoints_check(&company);
		lint_acls_check(&company);
	}
	lint_company_end(&company);
}

static bool begin(struct lint_run *run, struct lint_report *report, const struct model *model)
{
	*run = (struct lint_run){
		.report = report,
		.search = language_search_create(LANGUAGE_SEARCH_STEPS_MAX),
		.room = {PATTERN_LANGUAGE_ROOM_BYTES, PATTERN_LANGUAGE_ROOM_STATES},
		.has_carriers = model->carriers.count > 0,
	};
	run->dialled = lint_company_make_language(run, SPAN_LITERAL("^[^*]"), PATTERN_LANGUAGE_FREE);
	run->whole = lint_company_make_language(run, SPAN_LITERAL("^[^+]{3}"), PATTERN_LANGUAGE_FREE);
	run->everything = lint_company_make_language(run, SPAN_LITERAL(""), PATTERN_LANGUAGE_FREE);
	run->e164 = lint_company_make_language(run, SPAN_LITERAL("^\\+[0-9]+$"), PATTERN_LANGUAGE_FREE);
	return run->search && run->dialled && run->whole && run->everything && run->e164;
}

static void end(struct lint_run *run)
{
	pattern_language_free(run->dialled);
	pattern_language_free(run->whole);
	pattern_language_free(run->everything);
	pattern_language_free(run->e164);
	language_search_free(run->search);
}

static bool is_set(const atomic_bool *flag)
{
	return flag && atomic_load_explicit(flag, memory_order_relaxed);
}

enum status lint_check(struct lint_report *report, const struct model *model, struct span text,
		       const atomic_bool *is_abandoned)
{
	struct lint_run run;
	if (!begin(&run, report, model))
		report->lacks_memory = true;
	else
		language_search_watch(run.search, is_abandoned);
	for (uint32_t i = 0; i < model->companies.count && !report->lacks_memory && !is_set(is_abandoned); i++)
		check_company(&run, &model_companies(model)[i]);
	if (run.search)
		report->undecided += language_search_unknown_count(run.search);
	end(&run);
	if (report->lacks_memory || is_set(is_abandoned)) {
		enum status status = report->lacks_memory ? STATUS_NO_MEMORY : STATUS_BUSY;
		lint_report_free(report);
		return status;
	}
	lint_report_quote(report, text, model);
	return STATUS_OK;
}
