/*
 * registrar_bindings.h - the bindings of all addresses of record, in two places that are kept alike: the store, and the
 * location table, whose blocks hold for the control thread what lcores do not need (aor_block.h).
 *
 * A change is proposed (pending), stored in one transaction with others, and only then done. What takes memory happens
 * when it is proposed: what was stored is what lcores see.
 */
#ifndef AMITY_REGISTRAR_BINDINGS_H
#define AMITY_REGISTRAR_BINDINGS_H

#include "aor_block.h"
#include "aor_wheel.h"
#include "binding_store.h"
#include "location_table.h"
#include "registrar.h"
#include "registrar_ping.h"
#include "text_table.h"

#define PENDING_BUCKETS 512 /* as many as answers wait for a transaction */

struct registrar_bindings {
	struct binding_store *store;
	struct location_table *location;
	struct registrar_pinger *pinger;
	struct text_table *texts;
	struct aor_wheel wheel;
	uint32_t bindings_max;
	uint32_t bindings; /* done and pending ones */
	/* Blocks that are not in the location table yet, by `next`; one without bindings: all are to go. */
	struct binding_set *pending[PENDING_BUCKETS];
	uint32_t pending_count;
	uint32_t dropped_at_load;
	bool is_drop_due; /* something of a removed endpoint could not be dropped */

	/* As in struct registrar_settings. */
	bool (*find_endpoint)(const void *directory, struct registrar_endpoint *endpoint, struct span name,
			      struct span domain);
	const void *directory;
};

/* What a request has to be held against: what is pending if there is something, else what is done. NULL: nothing. */
struct binding_set *registrar_bindings_latest(const struct registrar_bindings *bindings,
					      const uint8_t key[AOR_KEY_BYTES]);

/*
 * Proposes `next`, at most BINDINGS_PER_AOR_MAX. Result: STATUS_LIMIT when bindings_max forbids it, STATUS_NO_MEMORY;
 * nothing has changed then. What registrar_bindings_latest() gave before is void with STATUS_OK.
 */
AMITY_CHECKED enum status registrar_bindings_propose(struct registrar_bindings *bindings, const struct aor_name *aor,
						     const struct binding_list *next, int64_t now_unix_s);

/* Stores all that is pending in one transaction and does it. Result: STATUS_STORE: nothing has changed, nothing is
 * pending. */
AMITY_CHECKED enum status registrar_bindings_commit(struct registrar_bindings *bindings);

/* Drops all that is pending. */
void registrar_bindings_forget_pending(struct registrar_bindings *bindings);

/* Ends what has ended by `now_unix_s`, at most EXPIRE_ENDPOINTS_MAX endpoints in one call. Result: bindings. */
#define EXPIRE_ENDPOINTS_MAX 4096 /* some 20 ms of the control thread */
uint32_t registrar_bindings_expire(struct registrar_bindings *bindings, int64_t now_unix_s);

/* Drops the bindings of `count` endpoints, AOR_KEY_BYTES each. Nothing is pending. Result: how many. */
uint32_t registrar_bindings_drop(struct registrar_bindings *bindings, const uint8_t *keys, uint32_t count,
				 int64_t now_unix_s);

/* What registrar_bindings_drop() could not do: a walk through all endpoints, which asks the directory for each. */
uint32_t registrar_bindings_drop_removed(struct registrar_bindings *bindings, int64_t now_unix_s);

/* Makes `set` what lcores see in place of what its address of record had. Owner: the location table. */
void registrar_bindings_show(struct registrar_bindings *bindings, struct binding_set *set);

/* Takes what is shown out again. */
void registrar_bindings_hide(struct registrar_bindings *bindings, struct binding_set *set);

/* The endpoint of `aor` in the live directory. Result: false when there is none. */
bool registrar_bindings_find_endpoint(struct registrar_endpoint *endpoint, const struct registrar_bindings *bindings,
				      struct span aor);

/* name@domain taken apart. */
void registrar_bindings_split_aor(struct span *name, struct span *domain, struct span aor);

#endif
