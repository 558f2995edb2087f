/*
 * bench_lint - what `amityctl check` costs beyond reading: the lints over a company of 10 friends with 2 patterns each,
 * tidy and untidy, over one with a thousand patterns, and over patterns that explode.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench_report.h"
#include "lint.h"
#include "model_read.h"
#include "must.h"

#define COMPANIES     100
#define FRIENDS	      10
#define COMPANY_BYTES 4000
#define FRIEND_BYTES  300

struct document {
	char *text;
	size_t length, size;
	struct model *model;
};

static void begin(struct document *document, uint32_t company_count, uint32_t friend_count)
{
	document->size = 100 + (size_t)company_count * (COMPANY_BYTES + (size_t)friend_count * FRIEND_BYTES);
	document->text = malloc(document->size);
	must(document->text != NULL);
	document->length = (size_t)snprintf(document->text, document->size, "companies:\n");
}

static void begin_company(struct document *document, uint32_t company)
{
	document->length += (size_t)snprintf(document->text + document->length, document->size - document->length,
					     "- name: company-%u\n  domain: c%u.example.net\n  country: ES\n  users:\n"
					     "  - {name: alice, password: q8Zr2mXw, extension: '101'}\n"
					     "  extensions:\n  - {number: '101', route: {user: alice}}\n  friends:\n",
					     company, company);
}

static void add_friend(struct document *document, uint32_t friend, uint32_t priority, const char *format)
{
	document->length += (size_t)snprintf(document->text + document->length, document->size - document->length,
					     "  - {name: friend-%u, password: q8Zr2mXw, priority: %u, patterns: [",
					     friend, priority);
	document->length += (size_t)snprintf(document->text + document->length, document->size - document->length,
					     format, friend, friend);
	document->length +=
		(size_t)snprintf(document->text + document->length, document->size - document->length, "]}\n");
	must(document->length < document->size - 1);
}

static void finish(struct document *document)
{
	struct problem_list problems = {0};
	enum status status =
		model_read(&document->model, span_make(document->text, document->length), "bench", &problems);
	problem_list_print(&problems, stderr);
	must(status == STATUS_OK);
}

static void make_companies(struct document *document, const char *format, bool ranked)
{
	begin(document, COMPANIES, FRIENDS);
	for (uint32_t c = 0; c < COMPANIES; c++) {
		begin_company(document, c);
		for (uint32_t f = 0; f < FRIENDS; f++)
			add_friend(document, f, ranked ? 1 + f : 1, format);
	}
	finish(document);
}

static void make_large(struct document *document)
{
	begin(document, 1, 500);
	begin_company(document, 0);
	for (uint32_t f = 0; f < 500; f++)
		add_friend(document, f, 1 + f % 7, "'^2%03u[0-9]{2}$', '^3%03u[0-9]+$'");
	finish(document);
}

static void end(struct document *document)
{
	model_free(document->model);
	free(document->text);
}

static void check(void *argument)
{
	struct document *document = argument;
	struct lint_report report = {0};
	must(lint_check(&report, document->model, span_make(document->text, document->length), NULL) == STATUS_OK);
	lint_report_free(&report);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *format;
		bool ranked;
	} companies[] = {
		{"company, 20 patterns apart", "'^2%u[0-9]{2}$', '^7%u[0-9]+$'", true},
		{"company, 20 patterns over each other", "'^2[0-9]{%u}$', '^[2-7]%u?[0-9]*'", false},
		{"company, 20 patterns without anchors", "'2%u[0-9]{2}', '7%u'", true},
	};
	struct bench_report report;
	struct document document = {0};

	if (!bench_report_init(&report, "lint", argc, argv))
		return 2;
	for (size_t i = 0; i < sizeof(companies) / sizeof(companies[0]); i++) {
		make_companies(&document, companies[i].format, companies[i].ranked);
		bench_report_measure(&report, companies[i].name, COMPANIES, check, &document);
		end(&document);
	}
	make_large(&document);
	bench_report_measure(&report, "company, 1000 patterns", 1, check, &document);
	end(&document);
	make_companies(&document, "'a.{1%u}$', '[ab].{2%u}$'", true);
	bench_report_measure(&report, "company, 20 patterns that explode", COMPANIES, check, &document);
	end(&document);
	return 0;
}
