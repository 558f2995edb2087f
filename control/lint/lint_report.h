/*
 * lint_report.h - warnings about a document that is right: which lint, where, what, an example, what to do.
 *
 * Thread: each report belongs to one thread at a time.
 */
#ifndef AMITY_LINT_REPORT_H
#define AMITY_LINT_REPORT_H

#include <jansson.h>

#include "model.h"
#include "number.h"

enum lint {
#define LINT(name, text, meaning, advice) LINT_##name,
#include "lints.def"
#undef LINT
	LINT_COUNT
};

struct lint_row {
	const char *name, *meaning, *advice;
};

extern const struct lint_row lint_report_rows[LINT_COUNT];

/* Of each lint so many are listed: a screen of warnings is read, a thousand are not. */
#define LINT_REPORT_LISTED_MAX 50

struct lint_warning {
	enum lint lint;
	struct model_place place;
	char *text;
	char *advice;	   /* NULL: that of the row */
	char *example;	   /* a number; may be NULL */
	char *source_line; /* NULL until lint_report_quote(), or when it cannot be shown */
	uint32_t caret;
};

/* Zero-initialised: empty. */
struct lint_report {
	struct lint_warning *item;
	uint32_t count, capacity;
	uint32_t found[LINT_COUNT]; /* listed or not */
	uint32_t undecided;	    /* questions about patterns that were cut: too many numbers to look at */
	bool lacks_memory;	    /* the report is not complete, and not to be shown */
};

/* What a warning has beside its text. */
struct lint_finding {
	enum lint lint;
	struct model_place place;
	const struct number *example; /* may be NULL */
	const char *advice;	      /* copied; NULL: that of the row */
};

void lint_report_add(struct lint_report *report, const struct lint_finding *finding, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Listed and not listed. */
uint32_t lint_report_total(const struct lint_report *report);

/* Sorts by place and quotes the lines of `text`, the document that `model` was read from; passwords in them are struck
 * out. No line is quoted when memory for that ends. */
void lint_report_quote(struct lint_report *report, struct span text, const struct model *model);

/*
 * Adds "warnings": [{"file","line","column","lint","text","advice","example","source","caret"}...], what is absent left
 * out, then "warning_count", and "undecided" if any, to `object`. Result: false when memory ends.
 */
bool lint_report_to_json(json_t *object, const struct lint_report *report, const char *file);

/* Leaves an empty report. */
void lint_report_free(struct lint_report *report);

#endif
