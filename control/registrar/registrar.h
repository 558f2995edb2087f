/*
 * registrar.h - REGISTER (R34, R35, R36; RFC 3261 10.3, RFC 3327, RFC 3581): takes verified requests, keeps bindings,
 * answers.
 *
 *   registrar_take -> batch -> (what came together, or BATCH_MAX) -> one SQLite transaction -> location table -> the
 * answers leave
 *
 * An answer never leaves before its bindings are in the store. Everything runs on the control thread.
 */
#ifndef AMITY_REGISTRAR_H
#define AMITY_REGISTRAR_H

#include "location.h"
#include "punt.h"
#include "reason.h"
#include "span.h"
#include "status.h"

struct event_base;
struct location_table;
struct registrar;
struct reinject;

/* What the live directory says about an endpoint. */
struct registrar_endpoint {
	uint8_t aor_key[AOR_KEY_BYTES];
	uint64_t company_id;
	bool multi_contact; /* false: a new contact replaces the old ones */
};

struct registrar_settings {
	const char *state_dir;	 /* bindings.db is in it */
	struct event_base *base; /* NULL: no timers; tests call registrar_flush() and the like themselves */
	struct reinject *reinject;
	struct location_table *location;
	uint32_t max_bindings;	/* limits.max_bindings */
	uint32_t min_expires_s; /* 0: 60 */
	uint32_t max_expires_s; /* 0: 7200 */

	/* The endpoint `name` of the company with `domain`, in the live directory. Result: false when there is none. */
	bool (*find_endpoint)(const void *directory, struct registrar_endpoint *endpoint, struct span name,
			      struct span domain);
	const void *directory;

	int64_t (*unix_now_s)(void); /* NULL: the system's clock */
};

/*
 * Opens the store. Result: STATUS_STORE when the database is damaged or of another version, STATUS_IO when it cannot be
 * made; `problem` (of `problem_size` bytes) then says which file, what is wrong and what to do. Thread: control.
 */
AMITY_CHECKED enum status registrar_open(struct registrar **registrar, const struct registrar_settings *settings,
					 char *problem, size_t problem_size);

/* Flushes what waits, then closes. NULL is fine. */
void registrar_close(struct registrar *registrar);

/*
 * Brings all unexpired bindings back into the location table; to be called before lcores start (R36). Bindings of
 * endpoints that the directory does not have are dropped from the store. Result: as registrar_open(), STATUS_LIMIT when
 * they are more than max_bindings.
 */
AMITY_CHECKED enum status registrar_restore(struct registrar *registrar, char *problem, size_t problem_size);

/* A verified REGISTER (PUNT_REGISTER). Copies what it needs. `registrar`: struct registrar *; see punt_reader.h. */
void registrar_take(void *registrar, const struct punt *punt, struct span payload);

/* A response to one of our pings (PUNT_PING_ANSWER). */
void registrar_take_ping_answer(void *registrar, const struct punt *punt, struct span payload);

/* Stores and answers all that was taken. The timer calls it. */
void registrar_flush(struct registrar *registrar);

/* Drops bindings whose time is over from table and store, and what registrar_drop() has left. The timer calls it every
 * second. */
void registrar_expire(struct registrar *registrar);

/* Sends the pings of one tick of PING_TICK_MS (R35). The timer calls it. */
void registrar_ping(struct registrar *registrar);

/*
 * After an apply: drops the bindings of endpoints that are no longer in the directory. `aor_keys`: `count` times
 * AOR_KEY_BYTES. What cannot be dropped is tried again with the next expiry. Result: bindings dropped.
 */
uint32_t registrar_drop(struct registrar *registrar, const uint8_t *aor_keys, uint32_t count);

/* One binding for people. Spans end with the call. */
struct registrar_listed {
	struct span aor; /* name@domain */
	uint64_t company_id;
	struct span contact, path, call_id, instance, user_agent; /* length 0: none */
	uint32_t cseq;
	uint16_t q; /* 0-1000 */
	bool behind_nat;
	struct net_address received; /* source of the REGISTER */
	struct net_address local;    /* our address that it came to */
	int64_t registered_unix_s;   /* last REGISTER */
	int64_t expires_unix_s;
	int64_t seen_unix_s;	   /* last answer to a ping, or the last REGISTER */
	uint32_t pings_unanswered; /* in a row */
};

/* All bindings, in no particular order. Stops when `visit` returns false. Cost: a walk through all endpoints. */
void registrar_list(const struct registrar *registrar,
		    bool (*visit)(void *argument, const struct registrar_listed *listed), void *argument);

/* The bindings of one endpoint, as registrar_list(). Cost: one look-up, however many others there are. */
void registrar_list_of(const struct registrar *registrar, const uint8_t aor_key[AOR_KEY_BYTES],
		       bool (*visit)(void *argument, const struct registrar_listed *listed), void *argument);

struct registrar_counts {
	uint32_t bindings, bindings_max, endpoints;
	uint32_t behind_nat;
	uint64_t requests, retransmissions;
	uint64_t answered_200;
	uint64_t refused[REASON_COUNT];
	uint64_t unanswerable; /* no Via, From, To, Call-ID or CSeq to answer with */
	uint64_t answers_lost; /* no room towards the lcores: the client sends its request again */
	uint64_t batches;
	uint64_t store_failures;   /* transactions that failed: their requests got 503 */
	uint64_t expired, dropped; /* bindings; dropped: their endpoint is gone */
	uint64_t pings_sent, pings_answered, ping_answers_unknown;
};

struct registrar_counts registrar_counts(const struct registrar *registrar);

#endif
