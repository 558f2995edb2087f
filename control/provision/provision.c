#include "provision.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>
#include <sodium.h>

#include "clock_us.h"
#include "directory_build.h"
#include "log.h"
#include "model_export.h"
#include "model_part.h"
#include "model_read.h"
#include "model_validate.h"
#include "provision_job.h"
#include "provision_live.h"

/* Each keeps its document in memory until its turn. */
#define REQUESTS_WAITING_MAX	   64
#define REQUESTS_WAITING_BYTES_MAX ((uint64_t)PROVISION_DOCUMENT_BYTES_MAX)

/* Behind the last company that was applied alone. */
#define COPY_DELAY_S 5

struct provision {
	struct provision_store *store;
	struct event_base *event_base;
	struct provision_live live;
	uint64_t revision;
	bool is_behind; /* the store has a document that could not be put into service */
	struct secret_keys keys;
	struct provision_counts counts;
	struct pattern_source patterns;

	struct provision_job *running, *waiting; /* oldest first */
	uint32_t waiting_count;
	uint64_t waiting_bytes;
	bool is_closing; /* what comes is refused */
	uint64_t started_us;
	pthread_t worker;
	struct event *copy_timer; /* NULL without event loop */
	bool is_copy_behind;	  /* of the documents that are stored */
	int finished_fd;	  /* the worker writes, the event loop reads; -1 without event loop */
	struct event *finished_event;
};

/* ---- the copy for people ---- */

/* Who applies company after company does not wait for a copy of all of them each time. */
static void delay_copy(struct provision *provision)
{
	static const struct timeval delay = {.tv_sec = COPY_DELAY_S};
	provision->is_copy_behind = true;
	if (provision->copy_timer)
		event_add(provision->copy_timer, &delay);
}

static void ignore_result(void *argument, const struct apply_result *result)
{
	(void)argument, (void)result;
}

static void renew_copy(evutil_socket_t fd, short events, void *argument)
{
	static const struct provision_request request = {.action = PROVISION_COPY};
	struct provision *provision = argument;
	(void)fd, (void)events;
	if (provision_submit(provision, &request, ignore_result, NULL) != STATUS_OK)
		delay_copy(provision);
}

/* ---- what a request made ---- */

/* The store has the new revision already: what is left can fail only for want of memory, and a restart then completes
 * it. */
static void take_over(struct provision *provision, struct provision_job *job)
{
	if (!job->directory || job->action != PROVISION_APPLY || job->status != STATUS_OK)
		return;
	enum status status = job->company ? provision_live_put_company(&provision->live, job->directory,
								       job->company_index, job->model)
					  : provision_live_put(&provision->live, job->directory, job->model);
	if (status != STATUS_OK) {
		problem_add(&job->problems,
			    "revision %llu is stored but could not be put into service (%s): restart amityd to put it "
			    "into service",
			    (unsigned long long)(provision->revision + 1), status_text(status));
		job->result.accepted = false;
		/* What is live stays; the next apply compares with it, and counts on from what is stored. */
		provision->revision++;
		provision->is_behind = true;
		return;
	}
	job->model = NULL;
	job->directory = NULL;
	job->result.revision = ++provision->revision;
	provision->is_behind = false;
	if (job->company)
		delay_copy(provision);
	else
		provision->is_copy_behind = false;
}

static void count(struct provision *provision, const struct provision_job *job)
{
	if (job->action != PROVISION_APPLY)
		return;
	provision->counts.applied += job->result.accepted;
	provision->counts.refused += !job->result.accepted;
	provision->counts.store_failures += job->status == STATUS_STORE;
}

static void finish(struct provision *provision, struct provision_job *job)
{
	take_over(provision, job);
	if (job->action == PROVISION_COPY && job->status == STATUS_OK)
		provision->is_copy_behind = false;
	count(provision, job);
	job->result.wall_us = clock_us() - provision->started_us;
	provision_job_log(job, provision->revision, provision->live.model->companies.count);
	job->done(job->argument, &job->result);
	provision_job_free(job);
}

/* Result: false when there is no memory to take the result over; the job is refused. */
static bool prepare(struct provision *provision, struct provision_job *job)
{
	provision->started_us = clock_us();
	job->store = provision->store;
	job->keys = &provision->keys;
	job->patterns = &provision->patterns;
	job->live_model = provision->live.model;
	job->live_directory = provision->live.directory;
	job->live_revision = provision->revision;
	job->live_is_behind = provision->is_behind;
	if (!job->company || model_part_prepare(provision->live.model) == STATUS_OK)
		return true;
	provision_job_refuse(job, "out of memory: nothing was changed");
	return false;
}

static void *run_worker(void *argument)
{
	struct provision *provision = argument;
	provision_job_run(provision->running);
	const uint64_t one = 1;
	while (write(provision->finished_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
	return NULL;
}

/* Signals stay the control thread's. */
static bool start_worker(struct provision *provision)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&provision->worker, NULL, run_worker, provision);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed == 0;
}

static void start_next(struct provision *provision)
{
	while (!provision->running && provision->waiting) {
		struct provision_job *job = provision->waiting;
		provision->waiting = job->next;
		provision->waiting_count--;
		provision->waiting_bytes -= job->text_length;
		if (!prepare(provision, job)) {
			finish(provision, job);
			continue;
		}
		provision->running = job;
		if (!provision->is_closing && start_worker(provision))
			return;
		provision->running = NULL;
		provision_job_refuse(job,
				     provision->is_closing
					     ? "the router is stopping: nothing was changed, apply again when it runs"
					     : "no thread could be started to build the tables: out of memory");
		finish(provision, job);
	}
}

static struct provision_job *join_worker(struct provision *provision)
{
	struct provision_job *job = provision->running;
	pthread_join(provision->worker, NULL);
	provision->running = NULL;
	return job;
}

static void worker_finished(evutil_socket_t fd, short events, void *argument)
{
	struct provision *provision = argument;
	uint64_t count;
	(void)events;
	if (read(fd, &count, sizeof(count)) != sizeof(count) || !provision->running)
		return;
	finish(provision, join_worker(provision));
	start_next(provision);
}

static void enqueue(struct provision *provision, struct provision_job *job)
{
	struct provision_job **end = &provision->waiting;
	while (*end)
		end = &(*end)->next;
	*end = job;
	provision->waiting_count++;
	provision->waiting_bytes += job->text_length;
	start_next(provision);
}

enum status provision_submit(struct provision *provision, const struct provision_request *request,
			     provision_done_fn done, void *argument)
{
	struct provision_job *job;
	if (request->text.length > PROVISION_DOCUMENT_BYTES_MAX)
		return STATUS_LIMIT;
	if (provision->waiting_count >= REQUESTS_WAITING_MAX ||
	    provision->waiting_bytes + request->text.length > REQUESTS_WAITING_BYTES_MAX)
		return STATUS_BUSY;
	enum status status = provision_job_create(&job, request);
	if (status != STATUS_OK)
		return status;
	job->done = done;
	job->argument = argument;
	if (provision->event_base) {
		enqueue(provision, job);
	} else {
		if (prepare(provision, job))
			provision_job_run(job);
		finish(provision, job);
	}
	return STATUS_OK;
}

enum status provision_apply(struct provision *provision, struct span text, const char *file_name,
			    provision_done_fn done, void *argument)
{
	const struct provision_request request = {.action = PROVISION_APPLY, .text = text, .file_name = file_name};
	return provision_submit(provision, &request, done, argument);
}

enum status provision_apply_dry(struct provision *provision, struct span text, const char *file_name,
				provision_done_fn done, void *argument)
{
	const struct provision_request request = {.action = PROVISION_DRY_RUN, .text = text, .file_name = file_name};
	return provision_submit(provision, &request, done, argument);
}

void provision_finish(struct provision *provision)
{
	provision->is_closing = true;
	/* It changes nothing, so that nobody has to wait for its end. */
	if (provision->running)
		atomic_store_explicit(&provision->running->is_abandoned, true, memory_order_relaxed);
	if (provision->running)
		finish(provision, join_worker(provision));
	start_next(provision);
}

/* ---- looking ---- */

enum status provision_export(const struct provision *provision, const char *company, char **text)
{
	const struct model_company *only = NULL;
	if (company) {
		only = model_find_company(provision->live.model, span_of_text(company));
		if (!only)
			return STATUS_NOT_FOUND;
	}
	return model_export(text, provision->live.model, only);
}

enum status provision_history(const struct provision *provision, uint32_t most, provision_history_fn row,
			      void *argument, struct problem_list *problems)
{
	return provision_store_history(provision->store, most, row, argument, problems);
}

enum status provision_history_text(const struct provision *provision, uint64_t revision, char **text,
				   struct problem_list *problems)
{
	enum status status = provision_store_history_text(provision->store, revision, text, problems);
	if (status == STATUS_NOT_FOUND)
		provision_job_report_revision(problems, revision, provision->revision);
	return status;
}

const struct model *provision_model(const struct provision *provision)
{
	return provision->live.model;
}

uint64_t provision_revision(const struct provision *provision)
{
	return provision->revision;
}

struct provision_counts provision_counts(const struct provision *provision)
{
	return provision->counts;
}

const struct directory *provision_directory(const struct provision *provision)
{
	return provision->live.directory;
}

const struct secret_keys *provision_keys(const struct provision *provision)
{
	return &provision->keys;
}

/* ---- life ---- */

static void set_pattern_limits(struct provision *provision, uint32_t cpu_s)
{
	const struct pattern_limits limits = {cpu_s, PATTERN_MEMORY_MB_MAX, PATTERN_DATABASE_BYTES_MAX,
					      PATTERN_SCRATCH_BYTES_MAX};
	if (provision->patterns.compiler)
		pattern_compiler_set_limits(provision->patterns.compiler, &limits);
}

enum status provision_publish_initial(struct provision *provision, provision_progress_fn progress, void *argument,
				      struct problem_list *problems)
{
	const struct directory_build_input input = {
		.model = provision->live.model,
		.keys = &provision->keys,
		.revision = provision->revision,
		.progress = progress,
		.argument = argument,
		.patterns = &provision->patterns,
		.file_name = provision_store_path(provision->store),
	};
	const struct directory *directory;
	struct directory_build_count count;
	uint64_t started_us = clock_us();
	set_pattern_limits(provision, PATTERN_CPU_S_MAX_AT_START);
	enum status status = directory_build(&directory, &input, &count, problems);
	set_pattern_limits(provision, PATTERN_CPU_S_MAX);
	if (status != STATUS_OK)
		return status;
	log_event(LOG_LEVEL_INFO, "tables_built", "companies=%u patterns_compiled=%u patterns_loaded=%u wall_us=%llu",
		  provision->live.model->companies.count, count.patterns_compiled, count.patterns_loaded,
		  (unsigned long long)(clock_us() - started_us));
	if (provision->live.publisher)
		status = provision_live_put_keys(&provision->live, &provision->keys);
	if (status == STATUS_OK)
		status = provision_live_put(&provision->live, directory, provision->live.model);
	if (status != STATUS_OK) {
		directory_build_release(directory);
		problem_add(problems, "the tables cannot be published: %s", status_text(status));
	}
	return status;
}

/* What an older build accepted and this one does not is said with its place in the stored document. */
static enum status load_model(struct provision *provision, struct problem_list *problems)
{
	char *text = NULL;
	enum status status = provision_store_load(provision->store, &provision->revision, &text, problems);
	if (status == STATUS_NOT_FOUND) {
		provision_store_check_copy(provision->store, 0, (struct span){0});
		provision->live.model = calloc(1, sizeof(*provision->live.model));
		return provision->live.model ? STATUS_OK : STATUS_NO_MEMORY;
	}
	if (status != STATUS_OK)
		return status;
	const char *name = provision_store_path(provision->store);
	status = model_read(&provision->live.model, span_of_text(text), name, problems);
	if (status == STATUS_OK)
		status = model_validate(provision->live.model, span_of_text(text), name, problems);
	if (status == STATUS_OK)
		status = model_part_prepare(provision->live.model);
	if (status == STATUS_OK)
		provision_store_check_copy(provision->store, provision->revision, span_of_text(text));
	free(text);
	problem_list_sort(problems);
	if (problem_list_has_any(problems))
		problem_add(problems,
			    "revision %llu, which %s holds, is not valid in this build: start the build that stored "
			    "it, export, mend the "
			    "export, and apply it there",
			    (unsigned long long)provision->revision, name);
	return status;
}

/* Needs the keys. */
static enum status open_patterns(struct provision *provision, const struct provision_options *options)
{
	if (!options->pattern_compiler)
		return STATUS_OK;
	enum status status = pattern_compiler_create(&provision->patterns.compiler, options->pattern_compiler);
	if (status == STATUS_OK)
		status = pattern_cache_open(&provision->patterns.cache, options->state_dir, &provision->keys);
	return status;
}

static enum status open_events(struct provision *provision)
{
	if (!provision->event_base)
		return STATUS_OK;
	provision->finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (provision->finished_fd < 0)
		return STATUS_ENVIRONMENT;
	provision->finished_event = event_new(provision->event_base, provision->finished_fd, EV_READ | EV_PERSIST,
					      worker_finished, provision);
	provision->copy_timer = evtimer_new(provision->event_base, renew_copy, provision);
	return provision->finished_event && provision->copy_timer && event_add(provision->finished_event, NULL) == 0
		       ? STATUS_OK
		       : STATUS_NO_MEMORY;
}

enum status provision_open(struct provision **provision, const struct provision_options *options,
			   struct problem_list *problems)
{
	struct provision *opened = sodium_init() >= 0 ? calloc(1, sizeof(*opened)) : NULL;
	enum status status = STATUS_NO_MEMORY;
	if (!opened)
		goto fail;
	opened->live.publisher = options->publisher;
	opened->event_base = options->event_base;
	opened->finished_fd = -1;
	status = provision_store_open(&opened->store, options->state_dir, problems);
	if (status == STATUS_OK)
		status = provision_store_load_keys(opened->store, &opened->keys, problems);
	if (status == STATUS_OK)
		status = load_model(opened, problems);
	if (status == STATUS_OK)
		status = open_patterns(opened, options);
	if (status == STATUS_OK)
		status = open_events(opened);
	if (status != STATUS_OK)
		goto fail;
	opened->keys.node_id = options->node_id;
	*provision = opened;
	return STATUS_OK;
fail:
	if (!problem_list_has_any(problems))
		problem_add(problems, "provisioning cannot be opened: %s", status_text(status));
	provision_close(opened);
	return status;
}

/* What cannot be read now is said at the next start, which makes the copy too. */
static void write_last_copy(struct provision *provision)
{
	struct problem_list problems = {0};
	char *text = NULL;
	uint64_t revision;
	if (provision_store_load(provision->store, &revision, &text, &problems) == STATUS_OK)
		provision_store_check_copy(provision->store, revision, span_of_text(text));
	problem_list_free(&problems);
	free(text);
}

void provision_close(struct provision *provision)
{
	if (!provision)
		return;
	provision_finish(provision);
	if (provision->is_copy_behind)
		write_last_copy(provision);
	if (provision->copy_timer)
		event_free(provision->copy_timer);
	if (provision->finished_event)
		event_free(provision->finished_event);
	if (provision->finished_fd >= 0)
		close(provision->finished_fd);
	if (!provision->live.publisher)
		directory_build_release(provision->live.directory);
	model_free(provision->live.model);
	pattern_compiler_free(provision->patterns.compiler);
	pattern_cache_close(provision->patterns.cache);
	provision_store_close(provision->store);
	sodium_memzero(&provision->keys, sizeof(provision->keys));
	free(provision);
}
