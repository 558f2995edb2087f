/*
 * model_read.h - a YAML document to a model: keys, types, formats and ranges, by the rows of model_schema.c.
 *
 * Everything wrong is reported, not only the first. What a key names elsewhere in the document is checked by
 * model_validate(). Reading is one pass over the parser's events: memory and time grow with the document's length,
 * whatever its shape.
 *
 * Thread: any.
 */
#ifndef AMITY_MODEL_READ_H
#define AMITY_MODEL_READ_H

#include "model.h"
#include "problem.h"
#include "status.h"

/*
 * Result: STATUS_OK with *model the caller's (problems may have been added even so: then the values concerned are
 * absent and the model serves only to find more problems); STATUS_INVALID when it is not YAML or no provisioning
 * document; STATUS_NO_MEMORY.
 */
AMITY_CHECKED enum status model_read(struct model **model, struct span text, const char *file_name,
				     struct problem_list *problems);

#endif
