/*
 * binding_store.h - bindings on disk: what is needed to have them back after a crash (R36).
 *
 * A log in a table: each change is a row at its end, and of several rows about one contact of an address of record the
 * last one counts. So a batch of REGISTERs, which come in any order, fills a few pages and not one page each. What the
 * rows at the beginning say is usually long said anew; binding_store_clean() takes them away and writes those that
 * still count once more.
 *
 * SQLite in WAL mode with synchronous=NORMAL: a commit survives the death of the process, not always that of the
 * machine. Another store (several nodes) would have this interface too. One thread.
 */
#ifndef AMITY_BINDING_STORE_H
#define AMITY_BINDING_STORE_H

#include "binding_record.h"
#include "status.h"

#define BINDING_STORE_FILE    "bindings.db"
#define BINDING_STORE_VERSION 3 /* format of the file */

struct binding_store;

/*
 * Opens or makes the database in `state_dir` and checks it. Result: STATUS_STORE (damaged, or of another version),
 * STATUS_IO; `problem` then says which file, what is wrong and what to do.
 */
AMITY_CHECKED enum status binding_store_open(struct binding_store **store, const char *state_dir, char *problem,
					     size_t problem_size);
void binding_store_close(struct binding_store *store); /* NULL is fine */

/* A transaction. After a failure nothing of it is stored: call binding_store_rollback(). Result: STATUS_STORE. */
AMITY_CHECKED enum status binding_store_begin(struct binding_store *store);
/* Sets binding->store_row, also when the transaction does not come to its end. */
AMITY_CHECKED enum status binding_store_put(struct binding_store *store, struct span aor,
					    struct binding_record *binding);
AMITY_CHECKED enum status binding_store_remove(struct binding_store *store, struct span aor, struct span contact);
AMITY_CHECKED enum status binding_store_commit(struct binding_store *store);
void binding_store_rollback(struct binding_store *store);

/* Its texts live as long as the visit. */
struct binding_row {
	struct span aor;
	struct binding_record draft; /* expires_unix_s 0: it says that the contact was removed */
};

/* Who takes so many at a time can ask memory for what all of them need before it looks at the first. */
#define BINDING_STORE_ROWS_MAX 32

/*
 * Calls `visit` with all rows, up to BINDING_STORE_ROWS_MAX at a time, oldest first, so for a contact several times.
 * Stops at the first status that is not STATUS_OK and returns it; STATUS_STORE from `visit`: a row cannot be ours.
 */
AMITY_CHECKED enum status binding_store_load(struct binding_store *store,
					     enum status (*visit)(void *argument, const struct binding_row *rows,
								  uint32_t count),
					     void *argument);

/* How many rows there are, those included that no longer count. */
uint64_t binding_store_rows(const struct binding_store *store);

/*
 * Takes the BINDING_STORE_CLEAN_ROWS oldest rows away, in a transaction of its own. `find` gives the row of the binding
 * that now stands for a contact, or NULL; when it is this row, it is written again at the end and its number set.
 * Result: STATUS_STORE: nothing has changed.
 */
#define BINDING_STORE_CLEAN_ROWS 1024 /* some 2 ms of the control thread */
AMITY_CHECKED enum status binding_store_clean(struct binding_store *store,
					      int64_t *(*find)(void *argument, struct span aor, struct span contact),
					      void *argument);

/* What SQLite says about the last failure. */
const char *binding_store_error(const struct binding_store *store);

#endif
