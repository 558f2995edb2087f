/*
 * provision_store.h - provisioning on disk: state_dir/provision.db, SQLite in WAL mode.
 *
 *   revision    number, applied_s, counts, summary, document   a row each; documents of the newest
 * PROVISION_STORE_DOCUMENTS_KEPT secret_key  name, value                                    made at first start
 *
 * A revision is one transaction: after a crash it is there in full or not at all. The second store of the design
 * (PostgreSQL) has to offer these functions and no more.
 *
 * Thread: one at a time: the control thread, or the worker of an apply while it runs.
 */
#ifndef AMITY_PROVISION_STORE_H
#define AMITY_PROVISION_STORE_H

#include "problem.h"
#include "provision.h"
#include "secret_keys.h"
#include "span.h"
#include "status.h"

#define PROVISION_STORE_DOCUMENTS_KEPT 20

struct provision_store;

/* Opens or creates. Result: STATUS_STORE with a problem that names the file and the way out. */
AMITY_CHECKED enum status provision_store_open(struct provision_store **store, const char *state_dir,
					       struct problem_list *problems);
void provision_store_close(struct provision_store *store); /* NULL is allowed */

/* Keys of the store; made and stored when there are none. node_id is not the store's: the caller sets it. */
AMITY_CHECKED enum status provision_store_load_keys(struct provision_store *store, struct secret_keys *keys,
						    struct problem_list *problems);

/* The newest revision. Result: STATUS_NOT_FOUND in a new store; *text is the caller's to free(). */
AMITY_CHECKED enum status provision_store_load(struct provision_store *store, uint64_t *revision, char **text,
					       struct problem_list *problems);

/* The document of a revision. Result: STATUS_NOT_FOUND: unknown, or its document is no longer kept. */
AMITY_CHECKED enum status provision_store_load_revision(struct provision_store *store, uint64_t revision, char **text,
							struct problem_list *problems);

/* `row->revision` must be one more than the newest. One transaction, on disk when this returns. */
AMITY_CHECKED enum status provision_store_commit(struct provision_store *store, const struct provision_history_row *row,
						 struct span text, struct problem_list *problems);

AMITY_CHECKED enum status provision_store_history(struct provision_store *store, provision_history_fn row,
						  void *argument, struct problem_list *problems);

/* The path of the database, for messages. */
const char *provision_store_path(const struct provision_store *store);

#endif
