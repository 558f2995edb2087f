/*
 * provision_job.h - one apply: everything between the text and the publication, on a worker thread.
 *
 * Thread: a job belongs to the control thread before provision_job_run() and after it, to the worker during it. The
 * worker alone uses the store then; what is live it only reads.
 */
#ifndef AMITY_PROVISION_JOB_H
#define AMITY_PROVISION_JOB_H

#include "provision.h"
#include "provision_store.h"

struct provision_job {
	/* The request. */
	struct provision_job *next;
	char *text;
	uint32_t text_length;
	char *file_name;
	bool dry_run;
	provision_done_fn done;
	void *argument;

	/* What is live while it runs, set by the control thread. */
	struct provision_store *store;
	const struct secret_keys *keys;
	const struct pattern_source *patterns;
	const struct model *live_model;
	const struct directory *live_directory; /* NULL: nothing is built yet, nothing to share */
	uint64_t live_revision;

	/* What came of it. model and directory are NULL unless there is something new to take over. */
	enum status status;
	struct apply_result result;
	struct problem_list problems;
	struct model *model;
	const struct directory *directory;
};

/* Texts are copied. Result: STATUS_NO_MEMORY. */
AMITY_CHECKED enum status provision_job_create(struct provision_job **job, struct span text, const char *file_name);

/* Reads, validates, builds and, unless it is dry or nothing changed, commits to the store. */
void provision_job_run(struct provision_job *job);

/* Frees with it whatever result was not taken over. NULL is allowed. */
void provision_job_free(struct provision_job *job);

#endif
