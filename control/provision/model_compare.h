/*
 * model_compare.h - are two models, or two objects of them, the same content? What did a change add, change, remove?
 *
 * Places in the document do not count; a default that is written down is the same as one that is not.
 *
 * Thread: any.
 */
#ifndef AMITY_MODEL_COMPARE_H
#define AMITY_MODEL_COMPARE_H

#include "model.h"
#include "model_schema.h"
#include "provision.h"
#include "status.h"

/* Is the member absent, or as good as absent? */
bool model_compare_is_default(const struct model_schema_row *row, const void *member);

bool model_compare_objects(const struct model_schema *schema, const void *a, const void *b);

/* Fills the counts of *result. Objects are the same when their names are. */
AMITY_CHECKED enum status model_compare_count(struct apply_result *result, const struct model *before,
					      const struct model *after);

#endif
