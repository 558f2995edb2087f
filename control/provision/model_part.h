/*
 * model_part.h - exchanges one company of a model, in place: what `amityctl apply --company` does to the model in
 * force, at a cost that does not grow with the other companies.
 *
 * What the company had before keeps its memory until the model ends, if it came with the model; if it came as a part,
 * it goes with it. So a model holds at most twice its content.
 *
 * Thread: any; nobody else may read the model meanwhile.
 */
#ifndef AMITY_MODEL_PART_H
#define AMITY_MODEL_PART_H

#include "model.h"
#include "status.h"

/* Makes room, so that the next model_part_put() cannot fail. Result: STATUS_NO_MEMORY; the model is as it was. */
AMITY_CHECKED enum status model_part_prepare(struct model *model);

/*
 * The company at `index` (companies.count: a new one, behind the others) becomes that of `part`, or, if `part` has
 * none, ends. Owner: takes `part`. Needs model_part_prepare().
 */
void model_part_put(struct model *model, uint32_t index, struct model *part);

#endif
