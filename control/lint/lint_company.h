/*
 * lint_company.h - one company as the lints look at it: its friends' patterns, best first (R8), each with what it
 * takes; its extensions by number. Inner part of lint.c.
 *
 * Whatever is said about a number was asked of the pattern's language, or where that is not known of PCRE2; an example
 * that is shown was confirmed by PCRE2 in any case.
 */
#ifndef AMITY_LINT_COMPANY_H
#define AMITY_LINT_COMPANY_H

#include "language_search.h"
#include "lint_report.h"
#include "name_table.h"
#include "pattern_confirm.h"

/* Patterns beyond that are not compared with others. */
#define LINT_COMPANY_PATTERNS_MAX 1000

/* What all companies of a document share. */
struct lint_run {
	struct lint_report *report;
	struct language_search *search;
	struct pattern_language_room room;
	struct pattern_language *dialled; /* numbers that reach patterns: not those of service codes (R6) */
	struct pattern_language *whole;	  /* numbers of three characters or more, without + */
	struct pattern_language *everything;
	struct pattern_language *e164;
	bool has_carriers;
};

struct lint_pattern {
	const struct model_friend *friend; /* NULL: a rule of a call ACL */
	const struct model_text *text;
	struct pattern_language *language; /* NULL: not known */
	struct pattern_confirm *confirm;   /* NULL: not needed yet */
	bool is_unreached;		   /* reported as shadowed or empty: nothing else matters */
};

/* The best pattern that takes a number (R4.2, R8). */
struct lint_winner {
	enum pattern_language_answer answer;
	struct lint_pattern *pattern; /* NULL unless the answer is yes */
};

/* Of the number that an extension is routed to; the same for every pattern that takes the extension. */
struct lint_behind {
	bool is_asked;
	struct lint_winner winner;
};

struct lint_company {
	struct lint_run *run;
	const struct model_company *model;
	struct lint_pattern *pattern; /* [pattern_count], best first */
	uint32_t pattern_count;
	struct name_table extension; /* index by number */
	struct lint_behind *behind;  /* [extensions] */
	struct arena arena;
};

/* Prepares a company. Result: false when memory ends; lint_company_end() undoes in any case. */
bool lint_company_begin(struct lint_company *company, struct lint_run *run, const struct model_company *model);
void lint_company_end(struct lint_company *company);

/* Fills `pattern` but for its friend; its text must live as long. Result: false when memory ends. */
bool lint_company_make_pattern(struct lint_run *run, struct lint_pattern *pattern, const struct model_text *text);
void lint_company_free_pattern(struct lint_pattern *pattern);

/* Result: NULL when it is not regular, or memory ends (which the report then says). */
struct pattern_language *lint_company_make_language(struct lint_run *run, struct span pattern, unsigned held);

/* Every question about a number is paid in steps, before it is asked. Result: false: none are left; it is undecided. */
bool lint_company_spend(struct lint_run *run, uint64_t steps);

/* Is there memory, and are there steps, to look at one thing more? */
bool lint_company_goes_on(struct lint_run *run);

/* PCRE2's word. Result: false also when it is not known. */
bool lint_company_confirm(struct lint_run *run, struct lint_pattern *pattern, const struct number *number);

/* The pattern's language, where it is known; else PCRE2. Result: UNKNOWN: no steps are left. */
enum pattern_language_answer lint_company_takes(struct lint_run *run, struct lint_pattern *pattern, struct span number);

struct lint_winner lint_company_winner(struct lint_company *company, struct span number);

/* For a route {friend: NUMBER}: of the number as dialled, or in the company's E.164 form (R10). Others have none. */
struct lint_winner lint_company_winner_of_route(struct lint_company *company, const struct model_route *route);

/* Likewise for the route of an extension, an index of the model; it is asked once. */
struct lint_winner lint_company_winner_behind(struct lint_company *company, uint32_t extension);

/* As language_search_find(); NO_MEMORY is written into the report. */
enum language_search_answer lint_company_find(struct lint_run *run, const struct language_question *question,
					      struct number *example);

/* Does `first` take a number that none of the others does, and which? The others may be none. */
enum language_search_answer lint_company_find_beyond(struct lint_run *run, struct pattern_language *first,
						     struct pattern_language *const *other, uint32_t count,
						     struct number *example);

struct dial_plan lint_company_dial_plan(const struct lint_company *company);

#endif
