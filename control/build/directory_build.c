#include "directory_build.h"

#include <stdlib.h>
#include <string.h>

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
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
		name_table_build_add(&builder->previous, model_span(&model_companies(input->previous_model)[i].name), i,
				     false);
	if (status == STATUS_OK)
		status = company_shelves_share_patterns(&root->companies, builder->pool);
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
	return same ? company_shelves_at(&directory_root_of(builder->input->previous)->companies, index) : NULL;
}

static enum status build_company(struct directory_builder *builder, uint32_t index)
{
	const struct model_company *model = &model_companies(builder->input->model)[index];
	struct company_block *block, *unchanged = find_unchanged(builder, model);
	if (unchanged) {
		block = company_build_take(unchanged);
		builder->count->companies_shared++;
	} else {
		struct pattern_error error;
		enum status status = company_build(&block, model, builder->input->keys, builder->pool, &error);
		if (status != STATUS_OK)
			return directory_build_report(builder, "company", &model->name, &error, status);
		builder->count->companies_built++;
	}
	builder->root->company[index] = company_build_view(block);
	return company_shelves_append(&builder->root->companies, block);
}

static enum status build_companies(struct directory_builder *builder)
{
	const struct directory_build_input *input = builder->input;
	struct directory *directory = &builder->root->directory;
	uint32_t count = input->model->companies.count;
	builder->root->company = arena_take_array(&builder->root->arena, count, sizeof(*builder->root->company));
	enum status status = company_shelves_begin(&builder->root->companies, &builder->root->arena, count);
	if (!builder->root->company || status != STATUS_OK)
		return STATUS_NO_MEMORY;
	directory->company = builder->root->company;
	directory->company_count = count;
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
		status = build_company(builder, i);
		if (input->progress && ((i + 1) % PROGRESS_EVERY == 0 || i + 1 == count))
			input->progress(input->argument, i + 1, count);
	}
	return status;
}

/* ---- one company of them ---- */

/* Between companies too: a set that another one has is not compiled. Asked for when one would be. */
static enum status learn_all_patterns(void *argument)
{
	struct directory_builder *builder = argument;
	return company_shelves_share_patterns(&directory_root_of(builder->input->previous)->companies, builder->pool);
}

/* Those of the carriers and what the company had. */
static enum status learn_patterns(struct directory_builder *builder, uint32_t index)
{
	const struct directory_root *root = directory_root_of(builder->input->previous);
	enum status status = root->carriers ? pattern_pool_add(builder->pool, root->carriers) : STATUS_OK;
	if (status == STATUS_OK && index < root->directory.company_count)
		status = company_build_share_patterns(company_shelves_at(&root->companies, index), builder->pool);
	pattern_pool_set_others(builder->pool, learn_all_patterns, builder);
	return status;
}

/* `block` at `index`, NULL: nobody; all others as they are. */
static enum status share_others(struct directory_builder *builder, uint32_t index, struct company_block *block)
{
	const struct directory_root *previous = directory_root_of(builder->input->previous);
	struct directory_root *root = builder->root;
	uint32_t before = previous->directory.company_count, behind = before - index - (index < before);
	uint32_t count = index + (block != NULL) + behind;
	enum status status = company_shelves_change(&root->companies, &root->arena, &previous->companies, index, block);
	if (status == STATUS_OK)
		root->company = arena_take_array(&root->arena, count, sizeof(*root->company));
	if (!root->company)
		return STATUS_NO_MEMORY;
	if (index > 0)
		memcpy(root->company, previous->company, index * sizeof(*root->company));
	if (block)
		root->company[index] = company_build_view(block);
	if (behind > 0)
		memcpy(&root->company[count - behind], &previous->company[before - behind],
		       behind * sizeof(*root->company));
	root->directory.company = root->company;
	root->directory.company_count = count;
	builder->count->companies_built = block != NULL;
	builder->count->companies_shared = index + behind;
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

static enum status change_company(struct directory_builder *builder, const struct directory_change *change)
{
	struct pattern_error error;
	struct company_block *block = NULL;
	enum status status =
		change->company ? company_build(&block, change->company, builder->input->keys, builder->pool, &error)
				: STATUS_OK;
	if (status != STATUS_OK)
		return directory_build_report(builder, "company", &change->company->name, &error, status);
	return share_others(builder, change->index, block);
}

static enum status run_change(struct directory_builder *builder)
{
	const struct directory_change *change = builder->input->change;
	enum status status = learn_patterns(builder, change->index);
	if (status == STATUS_OK)
		status = change_company(builder, change);
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
		builder.root->arena.is_of_blocks = true;
		if (input->patterns)
			pattern_pool_set_source(builder.pool, input->patterns);
		status = input->change ? run_change(&builder) : run_whole(&builder);
		pattern_pool_finish(builder.pool, !input->change);
		builder.count->patterns_compiled = pattern_pool_compiled_count(builder.pool);
		builder.count->patterns_loaded = pattern_pool_loaded_count(builder.pool);
		builder.count->compile_us = pattern_pool_compile_us(builder.pool);
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
	company_shelves_release(&root->companies);
	pattern_set_build_release(root->carriers);
	arena_free(&root->arena);
	free(root);
}
