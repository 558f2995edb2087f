#include <stdlib.h>

#include "address_text.h"
#include "codec_set_build.h"
#include "directory_builder.h"

static enum status copy_text(struct span *copy, struct directory_builder *builder, const struct model_text *text)
{
	*copy = (struct span){0};
	if (text->length == 0)
		return STATUS_OK;
	const char *at = arena_copy_text(&builder->root->arena, text->text, text->length);
	*copy = span_make(at, text->length);
	return at ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status build_carrier(struct directory_builder *builder, struct carrier *carrier,
				 const struct model_carrier *model)
{
	if (copy_text(&carrier->name, builder, &model->name) != STATUS_OK ||
	    copy_text(&carrier->from_domain, builder, &model->from_domain) != STATUS_OK)
		return STATUS_NO_MEMORY;
	carrier->priority = (uint32_t)model->priority.value;
	if (model->country.text)
		carrier->dial_plan.country = country_find(model_span(&model->country));
	carrier->codecs = codec_set_build(&model->codecs);
	carrier->max_calls = (uint32_t)model->max_calls.value;
	carrier->address_count = model->address.count;
	if (carrier->address_count > CARRIER_ADDRESSES_MAX)
		return STATUS_INVALID;
	for (uint32_t i = 0; i < carrier->address_count; i++)
		if (address_text_parse(&carrier->address[i], model_span(&model->address.item[i])))
			return STATUS_INVALID;
	return STATUS_OK;
}

static enum status build_carriers(struct directory_builder *builder)
{
	const struct model *model = builder->input->model;
	uint32_t count = model->carriers.count;
	struct carrier *carrier = arena_take_array(&builder->root->arena, count, sizeof(*carrier));
	if (!carrier)
		return STATUS_NO_MEMORY;
	enum status status = STATUS_OK;
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
		status = build_carrier(builder, &carrier[i], &model_carriers(model)[i]);
	builder->root->directory.carrier = carrier;
	builder->root->directory.carrier_count = count;
	return status;
}

/* The most specific first, so that the first that contains a source is the right one; then by priority and name of its
 * carrier. */
static int compare_carrier_sources(const void *a, const void *b, void *carriers)
{
	const struct carrier_source *left = a, *right = b;
	if (left->prefix.length_bits != right->prefix.length_bits)
		return left->prefix.length_bits > right->prefix.length_bits ? -1 : 1;
	const struct carrier *carrier = carriers;
	const struct carrier *of_left = &carrier[left->carrier], *of_right = &carrier[right->carrier];
	if (of_left->priority != of_right->priority)
		return of_left->priority < of_right->priority ? -1 : 1;
	return (left->carrier > right->carrier) - (left->carrier < right->carrier);
}

static enum status build_carrier_sources(struct directory_builder *builder)
{
	const struct model *model = builder->input->model;
	struct directory *directory = &builder->root->directory;
	uint32_t count = 0, next = 0;
	for (uint32_t i = 0; i < model->carriers.count; i++) {
		const struct model_carrier *carrier = &model_carriers(model)[i];
		count += carrier->sources.count ? carrier->sources.count : carrier->address.count;
	}
	struct carrier_source *source = arena_take_array(&builder->root->arena, count, sizeof(*source));
	if (!source)
		return STATUS_NO_MEMORY;
	for (uint32_t i = 0; i < model->carriers.count; i++) {
		const struct model_texts *sources = &model_carriers(model)[i].sources;
		for (uint32_t j = 0; j < sources->count; j++, next++) {
			source[next].carrier = i;
			if (address_text_parse_prefix(&source[next].prefix, model_span(&sources->item[j])))
				return STATUS_INVALID;
		}
		const struct carrier *carrier = &directory->carrier[i];
		for (uint32_t j = 0; sources->count == 0 && j < carrier->address_count; j++, next++) {
			source[next].carrier = i;
			source[next].prefix.length_bits = 128;
			memcpy(source[next].prefix.ip, carrier->address[j].ip, 16);
		}
	}
	qsort_r(source, count, sizeof(*source), compare_carrier_sources, (void *)directory->carrier);
	directory->carrier_source = source;
	directory->carrier_source_count = count;
	return STATUS_OK;
}

static int compare_carriers(const void *a, const void *b)
{
	const struct carrier *left = *(const struct carrier *const *)a, *right = *(const struct carrier *const *)b;
	if (left->priority != right->priority)
		return left->priority < right->priority ? -1 : 1;
	uint32_t common = left->name.length < right->name.length ? left->name.length : right->name.length;
	int order = memcmp(left->name.at, right->name.at, common);
	return order ? order : (int)left->name.length - (int)right->name.length;
}

/* What carriers' patterns are made of, in the order of R16; of a carrier without patterns nothing. */
struct carrier_list {
	uint32_t count;
	const struct carrier **order;
	const struct model_text **text; /* NULL: stands for every number */
	struct span *pattern;
	uint32_t *owner;
};

static bool make_carrier_list(struct carrier_list *list, struct directory_builder *builder)
{
	const struct model *model = builder->input->model;
	uint32_t carriers = builder->root->directory.carrier_count;
	*list = (struct carrier_list){0};
	for (uint32_t i = 0; i < carriers; i++)
		list->count += model_carriers(model)[i].patterns.count ? model_carriers(model)[i].patterns.count : 1;
	list->order = arena_take_array(&builder->local, carriers, sizeof(*list->order));
	list->text = arena_take_array(&builder->local, list->count, sizeof(*list->text));
	list->pattern = arena_take_array(&builder->local, list->count, sizeof(*list->pattern));
	list->owner = arena_take_array(&builder->root->arena, list->count, sizeof(*list->owner));
	return list->order && list->text && list->pattern && list->owner;
}

static void fill_carrier_list(struct carrier_list *list, const struct directory_builder *builder)
{
	const struct directory *directory = &builder->root->directory;
	uint32_t id = 0;
	for (uint32_t i = 0; i < directory->carrier_count; i++)
		list->order[i] = &directory->carrier[i];
	qsort(list->order, directory->carrier_count, sizeof(*list->order), compare_carriers);
	for (uint32_t i = 0; i < directory->carrier_count; i++) {
		uint32_t index = (uint32_t)(list->order[i] - directory->carrier);
		const struct model_texts *patterns = &model_carriers(builder->input->model)[index].patterns;
		for (uint32_t j = 0; j < (patterns->count ? patterns->count : 1); j++, id++) {
			list->text[id] = patterns->count ? &patterns->item[j] : NULL;
			list->pattern[id] = patterns->count ? model_span(&patterns->item[j]) : SPAN_LITERAL(".*");
			list->owner[id] = index;
		}
	}
}

/* R16. A carrier without patterns takes every number. */
static enum status build_carrier_patterns(struct directory_builder *builder)
{
	struct carrier_list list;
	struct pattern_error error;
	if (!make_carrier_list(&list, builder))
		return STATUS_NO_MEMORY;
	fill_carrier_list(&list, builder);
	enum status status =
		pattern_pool_get(builder->pool, &builder->root->carriers, list.pattern, list.count, &error);
	if (status != STATUS_OK) {
		const struct model_text *text = status == STATUS_INVALID ? list.text[error.index] : NULL;
		uint32_t owner = status == STATUS_INVALID ? list.owner[error.index] : 0;
		error.line = text ? text->place.line : 0;
		error.column = text ? text->place.column : 0;
		error.key = "patterns";
		return directory_build_report(builder, "carrier", &model_carriers(builder->input->model)[owner].name,
					      &error, status);
	}
	pattern_set_build_view(&builder->root->directory.carrier_patterns, builder->root->carriers, list.owner);
	return STATUS_OK;
}

enum status directory_carriers_build(struct directory_builder *builder)
{
	enum status status = build_carriers(builder);
	if (status == STATUS_OK)
		status = build_carrier_sources(builder);
	return status == STATUS_OK ? build_carrier_patterns(builder) : status;
}
