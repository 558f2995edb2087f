/*
 * provision_store.h - provisioning on disk: state_dir/provision.db, SQLite in WAL mode.
 *
 *   revision    number, applied_s, action, origin, file_name, counts, summary, document_bytes   a row each
 *   document    number, text                                  of the newest revisions, as far as the bounds below allow
 *   company_document  number, removed, text                   of a revision that changed one company: that alone; the
 *                                                             document is the one before it with that company exchanged
 *   secret_key  name, value                                   made at first start
 *
 * A revision is one transaction: after a crash it is there in full or not at all. Beside the database stands a copy of
 * the newest document as a file that people can read, for the day when the database is damaged. The second store of the
 * design (PostgreSQL) has to offer these functions and no more.
 *
 * Thread: one at a time: the control thread, or the worker of an apply while it runs. The two functions that only look
 * at what was committed (history) are the control thread's at any time.
 */
#ifndef AMITY_PROVISION_STORE_H
#define AMITY_PROVISION_STORE_H

#include "problem.h"
#include "provision.h"
#include "secret_keys.h"
#include "span.h"
#include "status.h"

#define PROVISION_STORE_FORMAT	       3
#define PROVISION_STORE_DOCUMENTS_KEPT 100	      /* rollback reaches so far back */
#define PROVISION_STORE_BYTES_KEPT     (128ull << 20) /* of documents; the newest two are kept whatever their size */
#define PROVISION_STORE_ROWS_KEPT      1000	      /* of history */

#define PROVISION_STORE_COPY_FILE "provisioning.last.yaml"

struct provision_store;

/* Opens or creates. Result: not STATUS_OK with a problem that names the file and the way out. */
AMITY_CHECKED enum status provision_store_open(struct provision_store **store, const char *state_dir,
					       struct problem_list *problems);

/* NULL is allowed. */
void provision_store_close(struct provision_store *store);

/* Makes and stores them at the first call. node_id is not stored: the caller sets it. */
AMITY_CHECKED enum status provision_store_load_keys(struct provision_store *store, struct secret_keys *keys,
						    struct problem_list *problems);

/* The newest revision. Result: STATUS_NOT_FOUND in a new store; *text is the caller's to free(). */
AMITY_CHECKED enum status provision_store_load(struct provision_store *store, uint64_t *revision, char **text,
					       struct problem_list *problems);

/* The document of a revision. Result: STATUS_NOT_FOUND: unknown, or its document is no longer kept. */
AMITY_CHECKED enum status provision_store_load_revision(struct provision_store *store, uint64_t revision, char **text,
							struct problem_list *problems);

/* `row->revision` must be one more than the newest. One transaction, on disk when this returns; then the copy beside
 * the database is renewed (that it cannot be is logged, and no failure). */
AMITY_CHECKED enum status provision_store_commit(struct provision_store *store, const struct provision_history_row *row,
						 struct span text, struct problem_list *problems);

/*
 * The same for a revision in which one company changed, or ended (`is_removed`): `text` is a document of it alone, in
 * normal form. The copy is not renewed: provision_store_check_copy(). Cost: of that company; once the companies that
 * changed outweigh the last whole document, of a whole one.
 */
AMITY_CHECKED enum status provision_store_commit_company(struct provision_store *store,
							 const struct provision_history_row *row, struct span text,
							 bool is_removed, struct problem_list *problems);

/* Makes the copy when it is missing or older, and logs when it does not fit what the store holds (`revision`, 0:
 * nothing). */
void provision_store_check_copy(const struct provision_store *store, uint64_t revision, struct span text);

/* Newest first, at most `most` rows. Thread: control, also while an apply runs. */
AMITY_CHECKED enum status provision_store_history(struct provision_store *store, uint32_t most,
						  provision_history_fn row, void *argument,
						  struct problem_list *problems);

/* As provision_store_load_revision(). Thread: control, also while an apply runs. */
AMITY_CHECKED enum status provision_store_history_text(struct provision_store *store, uint64_t revision, char **text,
						       struct problem_list *problems);

/* The path of the database, for messages. */
const char *provision_store_path(const struct provision_store *store);

#endif
