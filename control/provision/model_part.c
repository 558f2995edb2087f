#include "model_part.h"

#define ROOM_MIN 16

/* Both arrays are of the arena: what was smaller stays in it, a fraction of what there is. */
enum status model_part_prepare(struct model *model)
{
	uint32_t count = model->companies.count;
	if (model->part && count < model->part_capacity)
		return STATUS_OK;
	uint64_t capacity = (uint64_t)count + count / 2 + ROOM_MIN;
	if (capacity > UINT32_MAX)
		return STATUS_NO_MEMORY;
	struct model_company *company = arena_take_array(&model->arena, capacity, sizeof(*company));
	struct model **part = arena_take_array(&model->arena, capacity, sizeof(struct model *));
	if (!company || !part)
		return STATUS_NO_MEMORY;
	if (count > 0)
		memcpy(company, model->companies.item, count * sizeof(*company));
	if (count > 0 && model->part)
		memcpy(part, model->part, count * sizeof(struct model *));
	model->companies.item = company;
	model->part = part;
	model->part_capacity = (uint32_t)capacity;
	return STATUS_OK;
}

static void remove_company(struct model *model, uint32_t index)
{
	struct model_company *company = model->companies.item;
	uint32_t behind = --model->companies.count - index;
	memmove(&company[index], &company[index + 1], behind * sizeof(*company));
	memmove(&model->part[index], &model->part[index + 1], behind * sizeof(struct model *));
}

void model_part_put(struct model *model, uint32_t index, struct model *part)
{
	struct model_company *company = model->companies.item;
	if (index < model->companies.count)
		model_free(model->part[index]);
	if (part->companies.count == 0) {
		model_free(part);
		if (index < model->companies.count)
			remove_company(model, index);
		return;
	}
	if (index == model->companies.count)
		model->companies.count++;
	company[index] = model_companies(part)[0];
	model->part[index] = part;
}
