#include "directory_build.h"

#include <stdlib.h>

#include "address_text.h"
#include "arena.h"
#include "codec_set_build.h"
#include "model_compare.h"
#include "name_table_build.h"

#define PROGRESS_EVERY 64 /* companies */

struct directory_root {
	struct directory directory;   /* first: the root is found from it */
	struct company_block **block; /* [company_count], references of this root */
	const struct company **company;
	struct pattern_compiled *carriers;
	struct arena arena;
};

struct builder {
	const struct directory_build_input *input;
	struct directory_build_count *count;
	struct problem_list *problems;
	struct pattern_pool *pool;
	struct directory_root *root;
	struct name_table previous; /* company name -> index in the previous model and directory */
	struct arena local;	    /* of what the build alone needs */
};

static const struct directory_root *root_of(const struct directory *directory)
{
	return (const struct directory_root *)directory;
}

static enum status report_pattern(struct builder *builder, const char *what, const struct model_text *name,
				  const struct pattern_error *error, enum status status)
{
	const struct directory_build_input *input = builder->input;
	const struct problem_place place = {.file = input->file_name,
					    .text = input->text.at,
					    .text_length = input->text.length,
					    .line = error->line,
					    .column = error->column};
	if (status == STATUS_INVALID)
		problem_add_at(builder->problems, &place, error->key, "pattern of %s '%s' %s", what, name->text,
			       error->message);
	else
		problem_add(builder->problems, "the patterns of %s '%s' cannot be compiled: %s", what, name->text,
			    status == STATUS_ENVIRONMENT ? "the compiling process cannot be started or was ended"
							 : status_text(status));
	return status;
}

/* ---- companies ---- */

/* Pattern sets of the live directory are shared with the new one, also between companies. */
static enum status learn_previous(struct builder *builder)
{
	const struct directory_build_input *input = builder->input;
	if (!input->previous)
		return STATUS_OK;
	const struct directory_root *root = root_of(input->previous);
	uint32_t count = input->previous->company_count;
	enum status status = name_table_build(&builder->previous, &builder->local, count);
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
		name_table_build_add(&builder->previous, model_span(&model_companies(input->previous_model)[i].name), i,
				     false);
		status = company_build_share_patterns(root->block[i], builder->pool);
	}
	if (status == STATUS_OK && root->carriers)
		status = pattern_pool_add(builder->pool, root->carriers);
	return status;
}

/* The block of a company that did not change; NULL: it must be built. */
static struct company_block *find_unchanged(const struct builder *builder, const struct model_company *company)
{
	uint32_t index;
	if (!name_table_find(&index, &builder->previous, model_span(&company->name), false))
		return NULL;
	const struct model_company *before = &model_companies(builder->input->previous_model)[index];
	bool same = model_compare_objects(&model_schema_company, before, company);
	return same ? root_of(builder->input->previous)->block[index] : NULL;
}

static enum status build_company(struct builder *builder, uint32_t index)
{
	const struct model_company *model = &model_companies(builder->input->model)[index];
	struct company_block **slot = &builder->root->block[index];
	struct company_block *unchanged = find_unchanged(builder, model);
	if (unchanged) {
		*slot = company_build_take(unchanged);
		builder->count->companies_shared++;
	} else {
		struct pattern_error error;
		enum status status = company_build(slot, model, builder->input->keys, builder->pool, &error);
		if (status != STATUS_OK)
			return report_pattern(builder, "company", &model->name, &error, status);
		builder->count->companies_built++;
	}
	builder->root->company[index] = company_build_view(*slot);
	return STATUS_OK;
}

static enum status build_companies(struct builder *builder)
{
	const struct directory_build_input *input = builder->input;
	struct directory *directory = &builder->root->directory;
	uint32_t count = input->model->companies.count;
	builder->root->block = arena_take_array(&builder->root->arena, count, sizeof(*builder->root->block));
	builder->root->company = arena_take_array(&builder->root->arena, count, sizeof(*builder->root->company));
	if (!builder->root->block || !builder->root->company)
		return STATUS_NO_MEMORY;
	directory->company = builder->root->company;
	directory->company_count = count;
	enum status status = name_table_build(&directory->company_by_domain, &builder->root->arena, count);
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
		status = build_company(builder, i);
		if (status == STATUS_OK)
			name_table_build_add(&directory->company_by_domain, directory->company[i]->domain, i, true);
		if (input->progress && ((i + 1) % PROGRESS_EVERY == 0 || i + 1 == count))
			input->progress(input->argument, i + 1, count);
	}
	return status;
}

static enum status build_ddis(struct builder *builder)
{
	struct directory *directory = &builder->root->directory;
	uint32_t count = 0;
	for (uint32_t i = 0; i < directory->company_count; i++)
		count += directory->company[i]->ddi_count;
	struct ddi_owner *owner = arena_take_array(&builder->root->arena, count, sizeof(*owner));
	enum status status = name_table_build(&directory->ddi_by_number, &builder->root->arena, count);
	if (!owner || status != STATUS_OK)
		return STATUS_NO_MEMORY;
	uint32_t next = 0;
	for (uint32_t i = 0; i < directory->company_count; i++) {
		for (uint32_t j = 0; j < directory->company[i]->ddi_count; j++, next++) {
			owner[next] = (struct ddi_owner){i, j};
			name_table_build_add(&directory->ddi_by_number, directory->company[i]->ddi[j].number, next,
					     false);
		}
	}
	directory->ddi_owner = owner;
	directory->ddi_count = count;
	return STATUS_OK;
}

/* ---- sources of direct friends ---- */

static int compare_direct(const void *a, const void *b)
{
	const struct direct_source *left = a, *right = b;
	int order = memcmp(left->ip, right->ip, sizeof(left->ip));
	return order ? order : (left->company > right->company) - (left->company < right->company);
}

static uint32_t collect_direct(const struct directory *directory, struct direct_source *source)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < directory->company_count; i++) {
		const struct company *company = directory->company[i];
		for (uint32_t j = 0; j < company->endpoint_count; j++) {
			if (!company->endpoint[j].is_direct)
				continue;
			if (source) {
				memcpy(source[count].ip, company->endpoint[j].direct.ip, sizeof(source[count].ip));
				source[count].company = i;
			}
			count++;
		}
	}
	return count;
}

static enum status build_direct_sources(struct builder *builder)
{
	struct directory *directory = &builder->root->directory;
	uint32_t count = collect_direct(directory, NULL), kept = 0;
	struct direct_source *source = arena_take_array(&builder->root->arena, count, sizeof(*source));
	if (!source)
		return STATUS_NO_MEMORY;
	collect_direct(directory, source);
	qsort(source, count, sizeof(*source), compare_direct);
	for (uint32_t i = 0; i < count; i++) {
		if (kept > 0 && memcmp(source[kept - 1].ip, source[i].ip, sizeof(source[i].ip)) == 0) {
			if (source[kept - 1].company != source[i].company)
				source[kept - 1].company = DIRECT_COMPANY_MANY;
		} else {
			source[kept++] = source[i];
		}
	}
	directory->direct_source = source;
	directory->direct_source_count = kept;
	return STATUS_OK;
}

/* ---- carriers ---- */

static enum status copy_text(struct span *copy, struct builder *builder, const struct model_text *text)
{
	*copy = (struct span){0};
	if (text->length == 0)
		return STATUS_OK;
	const char *at = arena_copy_text(&builder->root->arena, text->text, text->length);
	*copy = span_make(at, text->length);
	return at ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status build_carrier(struct builder *builder, struct carrier *carrier, const struct model_carrier *model)
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

static enum status build_carriers(struct builder *builder)
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

static enum status build_carrier_sources(struct builder *builder)
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

static bool make_carrier_list(struct carrier_list *list, struct builder *builder)
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

static void fill_carrier_list(struct carrier_list *list, const struct builder *builder)
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
static enum status build_carrier_patterns(struct builder *builder)
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
		return report_pattern(builder, "carrier", &model_carriers(builder->input->model)[owner].name, &error,
				      status);
	}
	pattern_set_build_view(&builder->root->directory.carrier_patterns, builder->root->carriers, list.owner);
	return STATUS_OK;
}

/* ---- the root ---- */

static enum status run_steps(struct builder *builder)
{
	enum status (*const steps[])(struct builder *) = {
		learn_previous,	       build_companies,	       build_ddis, build_direct_sources, build_carriers,
		build_carrier_sources, build_carrier_patterns,
	};
	enum status status = STATUS_OK;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == STATUS_OK; i++)
		status = steps[i](builder);
	return status;
}

enum status directory_build(const struct directory **directory, const struct directory_build_input *input,
			    struct directory_build_count *count, struct problem_list *problems)
{
	struct directory_build_count unwanted;
	struct builder builder = {.input = input, .count = count ? count : &unwanted, .problems = problems};
	*builder.count = (struct directory_build_count){0};
	enum status status = pattern_pool_create(&builder.pool);
	builder.root = calloc(1, sizeof(*builder.root));
	if (status == STATUS_OK && builder.root) {
		builder.root->directory.revision = input->revision;
		if (input->patterns)
			pattern_pool_set_source(builder.pool, input->patterns);
		status = run_steps(&builder);
		pattern_pool_finish(builder.pool);
		builder.count->patterns_compiled = pattern_pool_compiled_count(builder.pool);
		builder.count->patterns_loaded = pattern_pool_loaded_count(builder.pool);
	} else {
		status = STATUS_NO_MEMORY;
	}
	pattern_pool_free(builder.pool);
	arena_free(&builder.local);
	if (status == STATUS_OK) {
		*directory = &builder.root->directory;
		return STATUS_OK;
	}
	if (!problem_list_has_any(problems))
		problem_add(problems, "the tables cannot be built: %s", status_text(status));
	if (builder.root)
		directory_build_release(&builder.root->directory);
	return status;
}

void directory_build_release(const void *directory)
{
	if (!directory)
		return;
	struct directory_root *root = (struct directory_root *)directory;
	for (uint32_t i = 0; root->block && i < root->directory.company_count; i++)
		company_build_release(root->block[i]);
	pattern_set_build_release(root->carriers);
	arena_free(&root->arena);
	free(root);
}
