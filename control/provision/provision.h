/*
 * provision.h - everything that people configure for calls: document -> model -> store -> tables -> publish, and back.
 *
 *   apply: text -> [worker thread: read, validate, compile patterns, build, SQLite commit] -> [control thread: publish]
 * -> done
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
#include "model.h"
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

/* What an apply did to one kind of thing. */
struct apply_count {
	uint32_t added;
	uint32_t changed;
	uint32_t removed;
};

struct apply_result {
	bool accepted;
	bool dry_run;
	uint64_t revision; /* the new one; the current one when refused, dry, or nothing changed */
	struct apply_count carriers, companies, users, friends, extensions, ddis, call_acls;
	uint32_t patterns_compiled;	     /* databases that neither a company nor the cache had */
	uint32_t patterns_loaded;	     /* databases that no company had, but the cache */
	uint64_t wall_us;		     /* from the start of its work to its publication */
	const struct problem_list *problems; /* why it was refused; empty when accepted */
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
 * Takes a document (copied) to be applied after those already waiting. `file_name` is for messages. `done` is called
 * once, from the event loop, or before the return when there is none. Result: STATUS_OK: `done` will be or was called;
 * STATUS_LIMIT: too long; STATUS_BUSY: too many wait; STATUS_NO_MEMORY.
 */
AMITY_CHECKED enum status provision_apply(struct provision *provision, struct span text, const char *file_name,
					  provision_done_fn done, void *argument);

/* The same with nothing stored and nothing published: what would change. */
AMITY_CHECKED enum status provision_apply_dry(struct provision *provision, struct span text, const char *file_name,
					      provision_done_fn done, void *argument);

/* Reads and validates at once, on this thread. Needs no provision. Result: STATUS_OK, else *problems says why. */
AMITY_CHECKED enum status provision_check(struct span text, const char *file_name, struct problem_list *problems);

/*
 * The current document in its normal form: complete, re-applicable, the same bytes for the same content. `company`
 * NULL: all, with carriers. Result: *text is the caller's to free(); STATUS_NOT_FOUND: no such company.
 */
AMITY_CHECKED enum status provision_export(const struct provision *provision, const char *company, char **text);

/* One row a revision, newest first; `applied_s` is unix time. */
struct provision_history_row {
	uint64_t revision;
	uint64_t applied_s;
	uint32_t company_count;
	uint32_t carrier_count;
	bool has_document; /* may be rolled back to */
	const char *summary;
};

typedef void (*provision_history_fn)(void *argument, const struct provision_history_row *row);

AMITY_CHECKED enum status provision_history(const struct provision *provision, provision_history_fn row,
					    void *argument);

/* The document of an older revision. Result: *text is the caller's to free(); STATUS_NOT_FOUND: unknown or no longer
 * kept. */
AMITY_CHECKED enum status provision_history_text(const struct provision *provision, uint64_t revision, char **text);

/* Valid until the next `done` that accepts, never NULL. */
const struct model *provision_model(const struct provision *provision);

uint64_t provision_revision(const struct provision *provision);

/* The live one; NULL before provision_publish_initial(). Valid until the next `done` that accepts. */
const struct directory *provision_directory(const struct provision *provision);

/* Live as long as the provision. */
const struct secret_keys *provision_keys(const struct provision *provision);

/*
 * Waits for the apply that is under way (its `done` is called), drops those that wait. Close before the publisher: what
 * is live stays the publisher's. NULL is allowed.
 */
void provision_close(struct provision *provision);

#endif
