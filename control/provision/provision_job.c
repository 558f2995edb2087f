#include "provision_job.h"

#include <stdlib.h>
#include <time.h>

#include "directory_build.h"
#include "lint.h"
#include "model_compare.h"
#include "model_export.h"
#include "model_read.h"
#include "model_validate.h"

#define SUMMARY_BYTES 200
#define ACTION_BYTES  40

enum status provision_job_create(struct provision_job **job, const struct provision_request *request)
{
	struct provision_job *created = calloc(1, sizeof(*created));
	if (!created)
		return STATUS_NO_MEMORY;
	created->action = request->action;
	created->revision = request->revision;
	created->examine = request->examine;
	created->origin = strdup(request->origin ? request->origin : "");
	created->file_name = strdup(request->file_name ? request->file_name : request->text.at ? "provisioning" : "");
	if (request->text.at) {
		created->text = malloc((size_t)request->text.length + 1);
		created->text_length = request->text.length;
	}
	if (!created->origin || !created->file_name || (request->text.at && !created->text)) {
		provision_job_free(created);
		return STATUS_NO_MEMORY;
	}
	if (created->text) {
		memcpy(created->text, request->text.at, request->text.length);
		created->text[request->text.length] = '\0';
	}
	*job = created;
	return STATUS_OK;
}

void provision_job_free(struct provision_job *job)
{
	if (!job)
		return;
	directory_build_release(job->directory);
	model_free(job->model);
	model_changes_free(&job->result.changes);
	problem_list_free(&job->problems);
	lint_report_free(&job->lints);
	free(job->text);
	free(job->file_name);
	free(job->origin);
	free(job);
}

/* ---- its document ---- */

void provision_job_report_revision(struct problem_list *problems, uint64_t revision, uint64_t newest)
{
	if (revision == 0)
		problem_add(problems, "there is no earlier revision: nothing, or only one thing, was ever applied");
	else if (revision > newest)
		problem_add(problems, "there is no revision %llu: the newest is %llu, `amityctl history` lists them",
			    (unsigned long long)revision, (unsigned long long)newest);
	else
		problem_add(problems,
			    "the document of revision %llu is no longer kept: `amityctl history` says which are",
			    (unsigned long long)revision);
}

static enum status load_revision(struct provision_job *job)
{
	uint64_t revision = job->revision ? job->revision : job->live_revision - (job->live_revision > 0);
	enum status status = revision ? provision_store_load_revision(job->store, revision, &job->text, &job->problems)
				      : STATUS_NOT_FOUND;
	if (status == STATUS_NOT_FOUND)
		provision_job_report_revision(&job->problems, revision, job->live_revision);
	if (status != STATUS_OK)
		return status;
	job->text_length = (uint32_t)strlen(job->text);
	job->result.restored = revision;
	/* Places in it are places in its export. */
	char *name;
	if (asprintf(&name, "revision %llu", (unsigned long long)revision) < 0)
		return STATUS_NO_MEMORY;
	free(job->file_name);
	job->file_name = name;
	return STATUS_OK;
}

static enum status read_document(struct provision_job *job)
{
	enum status status = job->text ? STATUS_OK : load_revision(job);
	if (status != STATUS_OK)
		return status;
	struct span text = span_make(job->text, job->text_length);
	status = model_read(&job->model, text, job->file_name, &job->problems);
	if (status == STATUS_OK)
		status = model_validate(job->model, text, job->file_name, &job->problems);
	problem_list_sort(&job->problems);
	return status;
}

/* ---- what comes of it ---- */

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

static enum status commit(struct provision_job *job)
{
	char *text, summary[SUMMARY_BYTES], action[ACTION_BYTES] = "apply";
	enum status status = model_export(&text, job->model, NULL);
	if (status != STATUS_OK)
		return status;
	model_changes_summarise(summary, sizeof(summary), &job->result.changes);
	if (job->result.restored)
		snprintf(action, sizeof(action), "rollback to %llu", (unsigned long long)job->result.restored);
	const struct provision_history_row row = {
		.revision = job->live_revision + 1,
		.applied_s = (uint64_t)time(NULL),
		.action = action,
		.origin = job->origin,
		.file_name = job->result.restored ? "" : job->file_name,
		.company_count = job->model->companies.count,
		.carrier_count = job->model->carriers.count,
		.has_document = true,
		.summary = summary,
	};
	status = provision_store_commit(job->store, &row, span_of_text(text), &job->problems);
	free(text);
	return status;
}

static enum status compare(struct provision_job *job)
{
	const struct model_changes_limit limit = job->action == PROVISION_DIFF
							 ? (struct model_changes_limit){PROVISION_LISTED_MAX_DIFF, true}
							 : (struct model_changes_limit){PROVISION_LISTED_MAX, false};
	job->result.is_same =
		!job->live_is_behind && model_compare_objects(&model_schema_document, job->live_model, job->model);
	return model_changes_find(&job->result.changes, job->live_model, job->model, limit);
}

/* What builds to nothing new is looked at all the same: what changed is not asked. */
static enum status examine(struct provision_job *job)
{
	enum status status = build_directory(job);
	return status == STATUS_OK ? job->examine(job->argument, job->live_directory, job->directory) : status;
}

/* Result: STATUS_OK with model and directory to be taken over, or without both when nothing changes. */
static enum status run(struct provision_job *job)
{
	enum status status = read_document(job);
	if (status == STATUS_OK && job->action == PROVISION_CHECK)
		return lint_check(&job->lints, job->model, span_make(job->text, job->text_length), &job->is_abandoned);
	if (status == STATUS_OK && job->action == PROVISION_EXAMINE)
		return examine(job);
	if (status != STATUS_OK)
		return status;
	status = compare(job);
	if (status != STATUS_OK || job->result.is_same || job->action == PROVISION_DIFF)
		return status;
	status = build_directory(job);
	return status == STATUS_OK && job->action == PROVISION_APPLY ? commit(job) : status;
}

static void begin_result(struct provision_job *job)
{
	job->result.action = job->action;
	job->result.problems = &job->problems;
	job->result.lints = &job->lints;
	job->result.revision = job->live_revision;
}

void provision_job_run(struct provision_job *job)
{
	begin_result(job);
	job->status = run(job);
	if (job->status == STATUS_BUSY && atomic_load_explicit(&job->is_abandoned, memory_order_relaxed))
		problem_add(&job->problems, "the router is stopping: check again when it runs");
	if (job->status != STATUS_OK && !problem_list_has_any(&job->problems))
		problem_add(&job->problems, "the document cannot be applied: %s", status_text(job->status));
	job->result.accepted = job->status == STATUS_OK;
}

void provision_job_refuse(struct provision_job *job, const char *why)
{
	begin_result(job);
	job->status = STATUS_BUSY;
	problem_add(&job->problems, "%s", why);
}
