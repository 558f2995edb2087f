/*
 * provision.h - everything that people configure for calls: document -> model -> store -> tables -> publish, and back.
 *
 *   apply: text -> [worker thread: read, validate, compile patterns, build, SQLite commit] -> [control thread: publish]
 * -> done
 *
 * One company can be applied alone: it then costs what that company has, however many others there are.
 *
 * All or nothing: a refused document changes neither the store nor the tables. A crash at any moment leaves the last
 * revision that was answered, or the next one if its commit had been reached.
 *
 * Thread: control, for every function here.
 */
#ifndef AMITY_PROVISION_H
#define AMITY_PROVISION_H

#include <stdint.h>

#include "directory.h"
#include "endpoints_removed.h"
#include "lint_report.h"
#include "model.h"
#include "model_changes.h"
#include "problem.h"
#include "secret_keys.h"
#include "status.h"

struct event_base;
struct provision;
struct publisher;

/* An answer as long as this is no document but a mistake; it also keeps places within 32 bits. */
#define PROVISION_DOCUMENT_BYTES_MAX (256u << 20)

struct provision_options {
	const char *state_dir;	       /* must exist; provision.db is made in it */
	uint8_t node_id;	       /* goes into the keys */
	struct publisher *publisher;   /* NULL: nothing is published (tools, tests) */
	struct event_base *event_base; /* NULL: provision_apply() does all its work before it returns */
	const char *pattern_compiler;  /* program that compiles patterns (pattern_compiler.h); NULL: done here, without
					  limits and cache */
};

enum provision_action {
	PROVISION_APPLY,   /* read, validate, build, store, publish */
	PROVISION_DRY_RUN, /* the same with nothing stored and nothing published */
	PROVISION_DIFF,	   /* read, validate, compare with what is in force */
	PROVISION_CHECK,   /* read, validate, look for what is hardly meant (lint.h) */
	PROVISION_COPY,	   /* nothing but the copy for people, which is behind after companies were applied alone */
	PROVISION_EXAMINE, /* as a dry run, and `examine` looks at the tables: those in force and those that would be */
};

/*
 * On the worker thread, where it may take its time: `live` stays in force until it returns, `candidate` ends then.
 * `argument` is that of the done function. Result: what is not STATUS_OK refuses the request.
 */
typedef enum status (*provision_examine_fn)(void *argument, const struct directory *live,
					    const struct directory *candidate);

struct provision_request {
	enum provision_action action;
	struct span text;      /* the document, copied; `at` NULL: the stored document of `revision` */
	uint64_t revision;     /* 0: the one before the current */
	const char *company;   /* NULL, or PROVISION_APPLY and PROVISION_DRY_RUN: `text` has this company alone, or
				  none, to remove it; all others and the carriers stay */
	const char *file_name; /* of `text`, for messages and the history; may be NULL */
	const char *origin;    /* who asks, for the history; may be NULL */
	provision_examine_fn examine; /* PROVISION_EXAMINE */
};

/* So many changed objects are listed in the answer, and by diff, which looks into new companies too. */
#define PROVISION_LISTED_MAX	  50
#define PROVISION_LISTED_MAX_DIFF 1000

struct apply_result {
	enum provision_action action;
	bool accepted;
	bool is_same;	   /* nothing differs from what was in force */
	uint64_t revision; /* the new one; the current one when refused, nothing was to be stored, or nothing changed */
	uint64_t restored; /* the revision whose document this is; 0: it came as text */
	struct model_changes changes;
	uint32_t patterns_compiled;	     /* databases that neither a company nor the cache had; plain patterns
						have none */
	uint32_t patterns_loaded;	     /* databases that no company had, but the cache */
	uint64_t wall_us;		     /* from the start of its work to its publication */
	uint64_t compile_us;		     /* of it: databases were compiled (pattern_pool.h) */
	uint64_t store_us;		     /* of it: the new revision was stored; 0: nothing was to be stored */
	const struct problem_list *problems; /* why it was refused; empty when accepted */
	const struct lint_report *lints;     /* of an accepted PROVISION_CHECK, else empty */
	struct endpoints_removed removed;    /* of an accepted PROVISION_APPLY: endpoints that are no more */
};

/* `result` lives until the function returns. */
typedef void (*provision_done_fn)(void *argument, const struct apply_result *result);

/* Called now and then while the first tables are built: companies done, of how many. */
typedef void (*provision_progress_fn)(void *argument, uint32_t done, uint32_t total);

/*
 * Opens or creates state_dir/provision.db, loads the keys (or makes them, first start) and reads the current document.
 * Publishes nothing yet. Result: STATUS_OK; else *problems says what, which file, and how to recover, and *provision is
 * untouched.
 */
AMITY_CHECKED enum status provision_open(struct provision **provision, const struct provision_options *options,
					 struct problem_list *problems);

/* Builds the tables of the current revision and publishes keys and directory. `progress` may be NULL. */
AMITY_CHECKED enum status provision_publish_initial(struct provision *provision, provision_progress_fn progress,
						    void *argument, struct problem_list *problems);

/*
 * Takes a request, to be worked on after those already waiting. `done` is called once, from the event loop, or before
 * the return when there is none. Result: STATUS_OK: `done` will be or was called; STATUS_LIMIT: too long; STATUS_BUSY:
 * too many wait; STATUS_NO_MEMORY.
 */
AMITY_CHECKED enum status provision_submit(struct provision *provision, const struct provision_request *request,
					   provision_done_fn done, void *argument);

/* The most common requests: PROVISION_APPLY and PROVISION_DRY_RUN of a text. */
AMITY_CHECKED enum status provision_apply(struct provision *provision, struct span text, const char *file_name,
					  provision_done_fn done, void *argument);
AMITY_CHECKED enum status provision_apply_dry(struct provision *provision, struct span text, const char *file_name,
					      provision_done_fn done, void *argument);

/*
 * Answers everybody: waits for the request that is under way (a check ends soon), refuses those that wait and those
 * that come later. To be called while those who asked can still be told.
 */
void provision_finish(struct provision *provision);

/*
 * The current document in its normal form: complete, re-applicable, the same bytes for the same content. `company`
 * NULL: all, with carriers. Result: *text is the caller's to free(); STATUS_NOT_FOUND: no such company.
 */
AMITY_CHECKED enum status provision_export(const struct provision *provision, const char *company, char **text);

/* One row a revision, newest first; `applied_s` is unix time. */
struct provision_history_row {
	uint64_t revision;
	uint64_t applied_s;
	const char *action; /* "apply", "rollback to 7" */
	const char *origin;
	const char *file_name;
	uint32_t company_count;
	uint32_t carrier_count;
	bool has_document; /* may be rolled back to */
	const char *summary;
};

typedef void (*provision_history_fn)(void *argument, const struct provision_history_row *row);

/* At most the newest `most` rows. Result: STATUS_STORE with a problem. */
AMITY_CHECKED enum status provision_history(const struct provision *provision, uint32_t most, provision_history_fn row,
					    void *argument, struct problem_list *problems);

/* The document of a revision. Result: *text is the caller's to free(); STATUS_NOT_FOUND (unknown or no longer kept) or
 * STATUS_STORE, with a problem. */
AMITY_CHECKED enum status provision_history_text(const struct provision *provision, uint64_t revision, char **text,
						 struct problem_list *problems);

/* Valid until the next `done` that accepts, never NULL. */
const struct model *provision_model(const struct provision *provision);

uint64_t provision_revision(const struct provision *provision);

/* Since the start. */
struct provision_counts {
	uint64_t applied; /* also those that changed nothing; rollbacks included */
	uint64_t refused;
	uint64_t store_failures; /* of those: because the database failed */
};

struct provision_counts provision_counts(const struct provision *provision);

/* The live one; NULL before provision_publish_initial(). Valid until the next `done` that accepts. */
const struct directory *provision_directory(const struct provision *provision);

/* Live as long as the provision. */
const struct secret_keys *provision_keys(const struct provision *provision);

/* Finishes first. Close before the publisher: what is live stays the publisher's. NULL is allowed. */
void provision_close(struct provision *provision);

#endif
