/*
 * model_validate.h - what no single value can show: names taken twice, references to nothing, keys that need or exclude
 * each other.
 *
 * Thread: any.
 */
#ifndef AMITY_MODEL_VALIDATE_H
#define AMITY_MODEL_VALIDATE_H

#include "directory.h"
#include "model.h"
#include "problem.h"
#include "status.h"

/* `text` is the document, to quote lines from. Result: STATUS_INVALID when problems were added; STATUS_NO_MEMORY. */
AMITY_CHECKED enum status model_validate(const struct model *model, struct span text, const char *file_name,
					 struct problem_list *problems);

/*
 * Likewise a document of one company or none, which will stand at `index` among the companies of `live` (its
 * company_count: it is new): what may be there only once is looked for in `live`. Cost: nothing of the other companies.
 */
AMITY_CHECKED enum status model_validate_part(const struct model *part, const struct directory *live, uint32_t index,
					      struct span text, const char *file_name, struct problem_list *problems);

#endif
