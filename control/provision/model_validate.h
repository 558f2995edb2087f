/*
 * model_validate.h - what no single value can show: names taken twice, references to nothing, keys that need or exclude
 * each other.
 *
 * Thread: any.
 */
#ifndef AMITY_MODEL_VALIDATE_H
#define AMITY_MODEL_VALIDATE_H

#include "model.h"
#include "problem.h"
#include "status.h"

/* `text` is the document, to quote lines from. Result: STATUS_INVALID when problems were added; STATUS_NO_MEMORY. */
AMITY_CHECKED enum status model_validate(const struct model *model, struct span text, const char *file_name,
					 struct problem_list *problems);

#endif
