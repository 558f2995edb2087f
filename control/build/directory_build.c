#include "directory_build.h"

#include <stdlib.h>

#include "directory_builder.h"
#include "model_compare.h"
#include "name_table_build.h"

#define PROGRESS_EVERY 64 /* companies */

enum status directory_build_report(struct directory_builder *builder, const char *what, const struct model_text *name,
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
static enum status learn_previous(struct directory_builder *builder)
{
	const struct directory_build_input *input = builder->input;
	if (!input->previous)
		return STATUS_OK;
	const struct directory_root *root = directory_root_of(input->previous);
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
static struct company_block *find_unchanged(const struct directory_builder *builder,
					    const struct model_company *company)
{
	uint32_t index;
	if (!name_table_find(&index, &builder->previous, model_span(&company->name), false))
		return NULL;
	const struct model_company *before = &model_companies(builder->input->previous_model)[index];
	bool same = model_compare_objects(&model_schema_company, before, company);
	return same ? directory_root_of(builder->input->previous)->block[index] : NULL;
}

static enum status build_company(struct directory_builder *builder, uint32_t index)
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
			return directory_build_report(builder, "company", &model->name, &error, status);
		builder->count->companies_built++;
	}
	builder->root->company[index] = company_build_view(*slot);
	return STATUS_OK;
}

static enum status build_companies(struct directory_builder *builder)
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
	enum status status = STATUS_OK;
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
		status = build_company(builder, i);
		if (input->progress && ((i + 1) % PROGRESS_EVERY == 0 || i + 1 == count))
			input->progress(input->argument, i + 1, count);
	}
	return status;
}

/* ---- one company of them ---- */

/* Between companies too: a set that another one has is not compiled. */
static enum status learn_patterns(struct directory_builder *builder)
{
	const struct directory_root *root = directory_root_of(builder->input->previous);
	enum status status = root->carriers ? pattern_pool_add(builder->pool, root->carriers) : STATUS_OK;
	for (uint32_t i = 0; i < root->directory.company_count && status == STATUS_OK; i++)
		status = company_build_share_patterns(root->block[i], builder->pool);
	return status;
}

/* All but that at `index`, which is left open unless it goes. */
static enum status share_others(struct directory_builder *builder, const struct directory_change *change)
{
	const struct directory_root *previous = directory_root_of(builder->input->previous);
	struct directory_root *root = builder->root;
	uint32_t before = previous->directory.company_count, i = 0;
	uint32_t count = !change->company ? before - 1 : change->index == before ? before + 1 : before;
	root->block = arena_take_array(&root->arena, count, sizeof(*root->block));
	root->company = arena_take_array(&root->arena, count, sizeof(*root->company));
	if (!root->block || !root->company)
		return STATUS_NO_MEMORY;
	root->directory.company = root->company;
	root->directory.company_count = count;
	for (uint32_t from = 0; from < before; from++) {
		if (from == change->index) {
			i += change->company != NULL;
			continue;
		}
		root->block[i] = company_build_take(previous->block[from]);
		root->company[i++] = previous->company[from];
	}
	builder->count->companies_shared = count - (change->company != NULL);
	return STATUS_OK;
}

static enum status build_tables(struct directory_builder *builder)
{
	enum status status = directory_tables_build_domains(builder);
	if (status == STATUS_OK)
		status = directory_tables_build_ddis(builder);
	return status == STATUS_OK ? directory_tables_build_direct(builder) : status;
}

static enum status remove_from_tables(struct directory_builder *builder, uint32_t index, const struct company *before)
{
	enum status status = directory_tables_remove_domain(builder, index, before);
	if (status == STATUS_OK)
		status = directory_tables_remove_ddis(builder, index, before);
	return status == STATUS_OK ? directory_tables_remove_direct(builder, index, before) : status;
}

static enum status change_tables(struct directory_builder *builder, const struct directory_change *change)
{
	const struct directory *previous = builder->input->previous;
	const struct company *before =
		change->index < previous->company_count ? previous->company[change->index] : NULL;
	if (!change->company)
		return remove_from_tables(builder, change->index, before);
	enum status status = directory_tables_change_domains(builder, change->index, before);
	if (status == STATUS_OK)
		status = directory_tables_change_ddis(builder, change->index, before);
	return status == STATUS_OK ? directory_tables_change_direct(builder, change->index, before) : status;
}

static enum status build_changed(struct directory_builder *builder, const struct directory_change *change)
{
	struct pattern_error error;
	if (!change->company)
		return STATUS_OK;
	struct company_block **slot = &builder->root->block[change->index];
	enum status status = company_build(slot, change->company, builder->input->keys, builder->pool, &error);
	if (status != STATUS_OK)
		return directory_build_report(builder, "company", &change->company->name, &error, status);
	builder->root->company[change->index] = company_build_view(*slot);
	builder->count->companies_built = 1;
	return STATUS_OK;
}

static enum status run_change(struct directory_builder *builder)
{
	const struct directory_change *change = builder->input->change;
	enum status status = learn_patterns(builder);
	if (status == STATUS_OK)
		status = share_others(builder, change);
	if (status == STATUS_OK)
		status = build_changed(builder, change);
	if (status == STATUS_OK)
		status = change_tables(builder, change);
	return status == STATUS_OK ? directory_carriers_build(builder) : status;
}

/* ---- the root ---- */

static enum status run_whole(struct directory_builder *builder)
{
	enum status status = learn_previous(builder);
	if (status == STATUS_OK)
		status = build_companies(builder);
	if (status == STATUS_OK)
		status = build_tables(builder);
	return status == STATUS_OK ? directory_carriers_build(builder) : status;
}

enum status directory_build(const struct directory **directory, const struct directory_build_input *input,
			    struct directory_build_count *count, struct problem_list *problems)
{
	struct directory_build_count unwanted;
	struct directory_builder builder = {.input = input, .count = count ? count : &unwanted, .problems = problems};
	*builder.count = (struct directory_build_count){0};
	enum status status = pattern_pool_create(&builder.pool);
	builder.root = calloc(1, sizeof(*builder.root));
	if (status == STATUS_OK && builder.root) {
		builder.root->directory.revision = input->revision;
		if (input->patterns)
			pattern_pool_set_source(builder.pool, input->patterns);
		status = input->change ? run_change(&builder) : run_whole(&builder);
		pattern_pool_finish(builder.pool, !input->change);
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
