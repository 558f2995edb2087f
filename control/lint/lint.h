/*
 * lint.h - what is right in a document but hardly meant (`amityctl check`): lints.def has them all.
 *
 * What is said about patterns is decided over all numbers that can be dialled (pattern_language.h) and never guessed;
 * where that would take too long it is not said, and counted as undecided.
 */
#ifndef AMITY_LINT_H
#define AMITY_LINT_H

#include <stdatomic.h>

#include "lint_report.h"
#include "status.h"

/*
 * Looks at a valid model; `text` is the document that it was read from, to quote lines from.
 *
 * Thread: any but control. Cost: 0.1 ms a company of 10 friends with 2 patterns each; whatever the document, some
 * seconds, as LANGUAGE_SEARCH_STEPS_MAX and PATTERN_LANGUAGE_ROOM_STATES allow.
 * It ends soon after another thread sets `is_abandoned` (NULL: nobody does).
 * Result: STATUS_BUSY: it was abandoned; STATUS_NO_MEMORY. The report is then empty.
 */
AMITY_CHECKED enum status lint_check(struct lint_report *report, const struct model *model, struct span text,
				     const atomic_bool *is_abandoned);

#endif
