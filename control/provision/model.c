#include "model.h"

#include <stdlib.h>

const struct model_company *model_find_company(const struct model *model, struct span name)
{
	for (uint32_t i = 0; i < model->companies.count; i++)
		if (span_equals(model_span(&model_companies(model)[i].name), name))
			return &model_companies(model)[i];
	return NULL;
}

void model_free(struct model *model)
{
	if (!model)
		return;
	arena_free(&model->arena);
	free(model);
}
