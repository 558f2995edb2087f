#include "model.h"

#include <stdlib.h>

uint32_t model_find_company_index(const struct model *model, struct span name)
{
	uint32_t i = 0;
	while (i < model->companies.count && !span_equals(model_span(&model_companies(model)[i].name), name))
		i++;
	return i;
}

const struct model_company *model_find_company(const struct model *model, struct span name)
{
	uint32_t index = model_find_company_index(model, name);
	return index < model->companies.count ? &model_companies(model)[index] : NULL;
}

void model_free(struct model *model)
{
	if (!model)
		return;
	for (uint32_t i = 0; model->part && i < model->companies.count; i++)
		model_free(model->part[i]);
	arena_free(&model->arena);
	free(model);
}
