#include "provision_job.h"

#include <stdlib.h>
#include <time.h>

#include "directory_build.h"
#include "model_compare.h"
#include "model_export.h"
#include "model_read.h"
#include "model_validate.h"

#define SUMMARY_BYTES 200

enum status provision_job_create(struct provision_job **job, struct span text, const char *file_name)
{
	struct provision_job *created = calloc(1, sizeof(*created));
	if (!created)
		return STATUS_NO_MEMORY;
	created->text = malloc((size_t)text.length + 1);
	created->file_name = strdup(file_name ? file_name : "provisioning");
	if (!created->text || !created->file_name) {
		provision_job_free(created);
		return STATUS_NO_MEMORY;
	}
	memcpy(created->text, text.at, text.length);
	created->text[text.length] = '\0';
	created->text_length = text.length;
	*job = created;
	return STATUS_OK;
}

void provision_job_free(struct provision_job *job)
{
	if (!job)
		return;
	directory_build_release(job->directory);
	model_free(job->model);
	problem_list_free(&job->problems);
	free(job->text);
	free(job->file_name);
	free(job);
}

static enum status build_directory(struct provision_job *job)
{
	const struct directory_build_input input = {
		.model = job->model,
		.keys = job->keys,
		.revision = job->live_revision + 1,
		.previous = job->live_directory,
		.previous_model = job->live_model,
		.patterns = job->patterns,
		.file_name = job->file_name,
		.text = span_make(job->text, job->text_length),
	};
	struct directory_build_count count;
	enum status status = directory_build(&job->directory, &input, &count, &job->problems);
	job->result.patterns_compiled = count.patterns_compiled;
	job->result.patterns_loaded = count.patterns_loaded;
	return status;
}

static void summarise(char summary[SUMMARY_BYTES], const struct apply_result *result)
{
	snprintf(summary, SUMMARY_BYTES,
		 "companies +%u ~%u -%u, carriers +%u ~%u -%u, users +%u ~%u -%u, friends +%u ~%u -%u",
		 result->companies.added, result->companies.changed, result->companies.removed, result->carriers.added,
		 result->carriers.changed, result->carriers.removed, result->users.added, result->users.changed,
		 result->users.removed, result->friends.added, result->friends.changed, result->friends.removed);
}

static enum status commit(struct provision_job *job)
{
	char *text, summary[SUMMARY_BYTES];
	enum status status = model_export(&text, job->model, NULL);
	if (status != STATUS_OK)
		return status;
	summarise(summary, &job->result);
	const struct provision_history_row row = {
		.revision = job->live_revision + 1,
		.applied_s = (uint64_t)time(NULL),
		.company_count = job->model->companies.count,
		.carrier_count = job->model->carriers.count,
		.has_document = true,
		.summary = summary,
	};
	status = provision_store_commit(job->store, &row, span_of_text(text), &job->problems);
	free(text);
	return status;
}

/* Result: STATUS_OK with model and directory to be taken over, or without both when nothing changed. */
static enum status run(struct provision_job *job)
{
	struct span text = span_make(job->text, job->text_length);
	enum status status = model_read(&job->model, text, job->file_name, &job->problems);
	if (status == STATUS_OK)
		status = model_validate(job->model, text, job->file_name, &job->problems);
	if (status == STATUS_OK)
		status = model_compare_count(&job->result, job->live_model, job->model);
	if (status != STATUS_OK)
		return status;
	bool is_same = model_compare_objects(&model_schema_document, job->live_model, job->model);
	if (is_same) {
		model_free(job->model);
		job->model = NULL;
		return STATUS_OK;
	}
	status = build_directory(job);
	return status == STATUS_OK && !job->dry_run ? commit(job) : status;
}

void provision_job_run(struct provision_job *job)
{
	job->result.dry_run = job->dry_run;
	job->result.problems = &job->problems;
	job->result.revision = job->live_revision;
	job->status = run(job);
	if (job->status != STATUS_OK && !problem_list_has_any(&job->problems))
		problem_add(&job->problems, "the document cannot be applied: %s", status_text(job->status));
	job->result.accepted = job->status == STATUS_OK;
}
