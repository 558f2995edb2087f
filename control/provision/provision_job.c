#include "provision_job.h"

#include <stdlib.h>
#include <time.h>

#include "clock_us.h"
#include "directory_build.h"
#include "lint.h"
#include "log.h"
#include "model_compare.h"
#include "model_export.h"
#include "model_part.h"
#include "model_read.h"
#include "model_validate.h"

#define SUMMARY_BYTES 200
#define ACTION_BYTES  100

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
	if (request->company)
		created->company = strdup(request->company);
	if (!created->origin || !created->file_name || (request->company && !created->company) ||
	    (request->text.at && !created->text)) {
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
	free(job->result.removed.aor_keys);
	problem_list_free(&job->problems);
	lint_report_free(&job->lints);
	free(job->text);
	free(job->company);
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

/* ---- of one company ---- */

static enum status refuse_place(struct provision_job *job, struct span text, struct model_place at, const char *key,
				const char *why)
{
	const struct problem_place place = {job->file_name, text.at, text.length, at.line, at.column};
	problem_add_at(&job->problems, &place, key, "%s", why);
	return STATUS_INVALID;
}

/* Nothing but the company that was named, so that nobody changes others by a mistake in a file. */
static enum status check_only_company(struct provision_job *job, struct span text)
{
	const struct model *model = job->model;
	char why[300];
	if (model->carriers.given)
		return refuse_place(job, text, model->carriers.place, "carriers",
				    "is not of one company: apply the whole document to change carriers, or leave the "
				    "key out");
	if (model->companies.count > 1)
		return refuse_place(job, text, model_companies(model)[1].place, "companies",
				    "has a second company, but one alone is applied: leave it out, or apply the whole "
				    "document");
	if (model->companies.count == 1) {
		const struct model_text *name = &model_companies(model)->name;
		snprintf(why, sizeof(why), "is '%.100s', but company '%.100s' is applied",
			 name->text ? name->text : "?", job->company);
		return !name->text || span_equals(model_span(name), span_of_text(job->company))
			       ? STATUS_OK
			       : refuse_place(job, text, name->place, "name", why);
	}
	if (job->company_index < job->live_model->companies.count)
		return STATUS_OK;
	snprintf(why, sizeof(why), "is empty, to remove company '%.100s', which is not there", job->company);
	return refuse_place(job, text, model->companies.place, "companies", why);
}

/* It most likely stands where its domain leads: the names of the others, each in memory that nobody looked at for long,
 * are then left alone. */
static uint32_t find_company(const struct provision_job *job)
{
	struct span name = span_of_text(job->company);
	uint32_t index;
	if (job->model->companies.count > 0 &&
	    name_table_find(&index, &job->live_directory->company_by_domain,
			    model_span(&model_companies(job->model)->domain), true) &&
	    span_equals(model_span(&model_companies(job->live_model)[index].name), name))
		return index;
	return model_find_company_index(job->live_model, name);
}

static enum status validate_company(struct provision_job *job, struct span text)
{
	if (!job->live_directory || job->live_is_behind) {
		problem_add(&job->problems, "a company alone can be applied once all that is stored is in service: "
					    "restart amityd, or apply the whole document");
		return STATUS_INVALID;
	}
	job->company_index = find_company(job);
	enum status status = check_only_company(job, text);
	return status == STATUS_OK ? model_validate_part(job->model, job->live_directory, job->company_index, text,
							 job->file_name, &job->problems)
				   : status;
}

/* The company as it is; no company when it is new. */
static struct model company_before(const struct provision_job *job)
{
	struct model before = {0};
	if (job->company_index < job->live_model->companies.count) {
		before.companies = job->live_model->companies;
		before.companies.item = (void *)(uintptr_t)&model_companies(job->live_model)[job->company_index];
		before.companies.count = 1;
	}
	return before;
}

/* ---- either ---- */

static enum status read_document(struct provision_job *job)
{
	enum status status = job->text ? STATUS_OK : load_revision(job);
	if (status != STATUS_OK)
		return status;
	struct span text = span_make(job->text, job->text_length);
	status = model_read(&job->model, text, job->file_name, &job->problems);
	if (status == STATUS_OK)
		status = job->company ? validate_company(job, text)
				      : model_validate(job->model, text, job->file_name, &job->problems);
	problem_list_sort(&job->problems);
	return status;
}

/* ---- what comes of it ---- */

static enum status build_directory(struct provision_job *job)
{
	const struct directory_change change = {
		.index = job->company_index,
		.company = job->model->companies.count ? model_companies(job->model) : NULL,
	};
	const struct directory_build_input input = {
		.model = job->company ? job->live_model : job->model,
		.change = job->company ? &change : NULL,
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
	job->result.compile_us = count.compile_us;
	return status;
}

/* In normal form: all that was applied, or the company alone; of one that ends what it was. */
static enum status export(struct provision_job *job, char **text) {
	const struct model before = job->company ? company_before(job) : (struct model){0};
	if (!job->company) return model_export(text, job->model, NULL);
	const struct model *model = job->model->companies.count ? job->model : &before;
	return model_export(text, model, model_companies(model));
}

static void describe_action(char action[ACTION_BYTES], const struct provision_job *job)
{
	snprintf(action, ACTION_BYTES, "apply");
	if (job->company)
		snprintf(action, ACTION_BYTES, "apply --company %.70s", job->company);
	if (job->result.restored)
		snprintf(action, ACTION_BYTES, "rollback to %llu", (unsigned long long)job->result.restored);
}

static struct provision_history_row make_row(const struct provision_job *job, const char *action, const char *summary)
{
	const struct model *model = job->company ? job->live_model : job->model;
	uint32_t companies = model->companies.count;
	if (job->company && job->company_index == companies)
		companies++;
	else if (job->company && job->model->companies.count == 0)
		companies--;
	return (struct provision_history_row){
		.revision = job->live_revision + 1,
		.applied_s = (uint64_t)time(NULL),
		.action = action,
		.origin = job->origin,
		.file_name = job->result.restored ? "" : job->file_name,
		.company_count = companies,
		.carrier_count = model->carriers.count,
		.has_document = true,
		.summary = summary,
	};
}

static enum status commit(struct provision_job *job)
{
	char *text, summary[SUMMARY_BYTES], action[ACTION_BYTES];
	enum status status = export(job, &text);
	if (status != STATUS_OK)
		return status;
	model_changes_summarise(summary, sizeof(summary), &job->result.changes);
	describe_action(action, job);
	const struct provision_history_row row = make_row(job, action, summary);
	uint64_t started_us = clock_us();
	status = job->company ? provision_store_commit_company(job->store, &row, span_of_text(text),
							       job->model->companies.count == 0, &job->problems)
			      : provision_store_commit(job->store, &row, span_of_text(text), &job->problems);
	job->result.store_us = clock_us() - started_us;
	free(text);
	return status;
}

static enum status compare(struct provision_job *job)
{
	const struct model_changes_limit limit = job->action == PROVISION_DIFF
							 ? (struct model_changes_limit){PROVISION_LISTED_MAX_DIFF, true}
							 : (struct model_changes_limit){PROVISION_LISTED_MAX, false};
	const struct model part = job->company ? company_before(job) : (struct model){0};
	const struct model *before = job->company ? &part : job->live_model;
	job->result.is_same = !job->live_is_behind && model_compare_objects(&model_schema_document, before, job->model);
	return model_changes_find(&job->result.changes, before, job->model, limit);
}

/* What builds to nothing new is looked at all the same: what changed is not asked. */
static enum status examine(struct provision_job *job)
{
	enum status status = build_directory(job);
	return status == STATUS_OK ? job->examine(job->argument, job->live_directory, job->directory) : status;
}

/* A copy that cannot be written is logged, and no failure. */
static enum status renew_copy(struct provision_job *job)
{
	uint64_t revision;
	enum status status = provision_store_load(job->store, &revision, &job->text, &job->problems);
	if (status == STATUS_OK)
		provision_store_check_copy(job->store, revision, span_of_text(job->text));
	return status;
}

/* Result: STATUS_OK with model and directory to be taken over, or without both when nothing changes. */
static enum status run(struct provision_job *job)
{
	if (job->action == PROVISION_COPY)
		return renew_copy(job);
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
	if (status != STATUS_OK || job->action != PROVISION_APPLY)
		return status;
	if (job->live_directory)
		status = endpoints_removed_find(&job->result.removed, job->live_directory, job->directory);
	/* Here nobody waits for it; before the first change of one company the control thread would. */
	if (status == STATUS_OK && !job->company)
		status = model_part_prepare(job->model);
	return status == STATUS_OK ? commit(job) : status;
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

void provision_job_log(const struct provision_job *job, uint64_t revision, uint32_t company_count)
{
	struct log_quoted origin = log_quote(job->origin, strlen(job->origin));
	const char *why = status_text(job->status);
	if (job->action != PROVISION_APPLY)
		return;
	if (job->result.accepted)
		log_event(LOG_LEVEL_INFO, "apply_done",
			  "revision=%llu changed=%d restored=%llu companies=%u patterns_compiled=%u patterns_loaded=%u "
			  "wall_us=%llu compile_us=%llu store_us=%llu by=%s",
			  (unsigned long long)job->result.revision, !job->result.is_same,
			  (unsigned long long)job->result.restored, company_count, job->result.patterns_compiled,
			  job->result.patterns_loaded, (unsigned long long)job->result.wall_us,
			  (unsigned long long)job->result.compile_us, (unsigned long long)job->result.store_us,
			  origin.text);
	else
		log_event(LOG_LEVEL_WARNING, "apply_refused", "revision=%llu problems=%u reason=%s by=%s",
			  (unsigned long long)revision, job->problems.count + job->problems.omitted,
			  job->status == STATUS_INVALID ? "document" : log_quote(why, strlen(why)).text, origin.text);
}
