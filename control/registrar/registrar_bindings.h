/*
 * registrar_bindings.h - the bindings of all addresses of record, in three places that are kept alike: the store, the
 * control thread's table, and the location table that lcores read.
 *
 * A change is proposed (pending), stored in one transaction with others, and only then done.
 */
#ifndef AMITY_REGISTRAR_BINDINGS_H
#define AMITY_REGISTRAR_BINDINGS_H

#include "aor_table.h"
#include "binding_store.h"
#include "location_table.h"
#include "registrar.h"
#include "registrar_ping.h"

struct registrar_bindings {
	struct binding_store *store;
	struct aor_table *aors;
	struct location_table *location;
	struct registrar_pinger *pinger;
	uint32_t bindings_max;
	uint32_t bindings;	    /* done and pending ones */
	struct aor_record *pending; /* list by next_pending */
	uint64_t table_failures;
	uint32_t dropped_at_load;

	/* As in struct registrar_settings. */
	bool (*find_endpoint)(const void *directory, struct registrar_endpoint *endpoint, struct span name,
			      struct span domain);
	const void *directory;
};

/* What a request has to be held against: pending bindings if there are any, else the present ones. NULL: none. */
const struct binding_list *registrar_bindings_latest(const struct aor_record *record);

/* Proposes `next` (owner from now on) for `record`. Result: false when bindings_max forbids it; `next` is freed then.
 */
bool registrar_bindings_propose(struct registrar_bindings *bindings, struct aor_record *record,
				struct binding_list *next);

/* Stores all that is pending in one transaction and does it. Result: STATUS_STORE: nothing has changed, nothing is
 * pending. */
AMITY_CHECKED enum status registrar_bindings_commit(struct registrar_bindings *bindings, int64_t now_unix_s);

/* Forgets a record that has neither bindings nor anything pending. */
void registrar_bindings_tidy(struct registrar_bindings *bindings, struct aor_record *record);

/* Ends what has ended by `now_unix_s`, at most EXPIRE_ENDPOINTS_MAX endpoints in one call. Result: bindings. */
#define EXPIRE_ENDPOINTS_MAX 4096 /* some 20 ms of the control thread */
uint32_t registrar_bindings_expire(struct registrar_bindings *bindings, int64_t now_unix_s);

/* Drops the bindings of endpoints that no longer exist. Nothing is pending. Result: how many. */
uint32_t registrar_bindings_drop_removed(struct registrar_bindings *bindings, int64_t now_unix_s);

/* Makes record->present what lcores see, and pings those behind NAT. `record` was not shown before. */
AMITY_CHECKED enum status registrar_bindings_show(struct registrar_bindings *bindings, struct aor_record *record,
						  int64_t now_unix_s);

/* The endpoint of `aor` in the live directory. Result: false when there is none. */
bool registrar_bindings_find_endpoint(struct registrar_endpoint *endpoint, const struct registrar_bindings *bindings,
				      struct span aor);

#endif
