/*
 * lint_secrets.h - a document without its passwords, to quote lines from. Inner part of lint_report.c.
 *
 * A password is struck out where it stands, however it is written: plain, quoted, with escapes, over several lines.
 */
#ifndef AMITY_LINT_SECRETS_H
#define AMITY_LINT_SECRETS_H

#include "model.h"
#include "span.h"

/*
 * A copy of `text`, the document that `model` was read from, with all places kept.
 *
 * Thread: any. Owner: the caller, of free(). Cost: linear.
 * Result: NULL when memory ends, or a password is not where it was read: then no line may be shown.
 */
char *lint_secrets_strike(struct span text, const struct model *model);

#endif
