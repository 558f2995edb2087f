/*
 * binding_store.h - bindings on disk: what is needed to have them back after a crash (R36).
 *
 * SQLite in WAL mode with synchronous=NORMAL: a commit survives the death of the process, not always that of the
 * machine. Another store (several nodes) would have this interface too. One thread.
 */
#ifndef AMITY_BINDING_STORE_H
#define AMITY_BINDING_STORE_H

#include "binding_record.h"
#include "status.h"

#define BINDING_STORE_FILE    "bindings.db"
#define BINDING_STORE_VERSION 2 /* format of the file */

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
AMITY_CHECKED enum status binding_store_put(struct binding_store *store, struct span aor,
					    const struct binding_record *binding);
AMITY_CHECKED enum status binding_store_remove(struct binding_store *store, struct span aor, struct span contact);
AMITY_CHECKED enum status binding_store_commit(struct binding_store *store);
void binding_store_rollback(struct binding_store *store);

/* Removes all that ended by `unix_s`, outside a transaction. */
AMITY_CHECKED enum status binding_store_expire(struct binding_store *store, int64_t unix_s);

/* Calls `visit` for each binding, those of an AoR one after another; stops at the first status that is not STATUS_OK
 * and returns it. */
AMITY_CHECKED enum status binding_store_load(struct binding_store *store,
					     enum status (*visit)(void *argument, struct span aor,
								  const struct binding_record *draft),
					     void *argument);

/* What SQLite says about the last failure. */
const char *binding_store_error(const struct binding_store *store);

#endif
