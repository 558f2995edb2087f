/*
 * provision_job.h - one request: everything between the text and the publication, on a worker thread.
 *
 * Thread: a job belongs to the control thread before provision_job_run() and after it, to the worker during it. The
 * worker alone uses the store then; what is live it only reads.
 */
#ifndef AMITY_PROVISION_JOB_H
#define AMITY_PROVISION_JOB_H

#include <stdatomic.h>

#include "provision.h"
#include "provision_store.h"

struct provision_job {
	/* The request. */
	struct provision_job *next;
	enum provision_action action;
	char *text; /* NULL: that of `revision`, loaded when it runs */
	uint32_t text_length;
	uint64_t revision;
	char *company; /* NULL: the document is the whole */
	char *file_name;
	char *origin;
	provision_examine_fn examine;
	provision_done_fn done;
	void *argument;
	atomic_bool is_abandoned; /* written by the control thread while it runs: a check ends soon */

	/* What is live while it runs, set by the control thread. */
	struct provision_store *store;
	const struct secret_keys *keys;
	const struct pattern_source *patterns;
	const struct model *live_model;
	const struct directory *live_directory; /* NULL: nothing is built yet, nothing to share */
	uint64_t live_revision;
	bool live_is_behind; /* the store has a later document: to store what is live again is a change */

	/* What came of it. model and directory are NULL unless there is something new to take over. */
	enum status status;
	struct apply_result result;
	struct problem_list problems;
	struct lint_report lints;
	struct model *model;	/* of a company: it alone, or none when it ends */
	uint32_t company_index; /* its place among those that are live */
	const struct directory *directory;
};

/* Texts are copied. Result: STATUS_NO_MEMORY. */
AMITY_CHECKED enum status provision_job_create(struct provision_job **job, const struct provision_request *request);

/* What its action asks for; an apply that changes something ends with the commit to the store. */
void provision_job_run(struct provision_job *job);

/* Instead of running: an answer that says why not. */
void provision_job_refuse(struct provision_job *job, const char *why);

/* A revision whose document cannot be had: said in the same words wherever it is asked for. */
void provision_job_report_revision(struct problem_list *problems, uint64_t revision, uint64_t newest);

/* What came of an apply, as an event; what is in force by then. */
void provision_job_log(const struct provision_job *job, uint64_t revision, uint32_t company_count);

/* Frees with it whatever result was not taken over. NULL is allowed. */
void provision_job_free(struct provision_job *job);

#endif
