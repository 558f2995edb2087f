/*
 * failure_guard.h - counts failed logins per (endpoint, source address) and bans pairs that fail too often (R2).
 *
 * Over FAILURES_PER_WINDOW_MAX failures in FAILURE_WINDOW_S: banned for BAN_SECONDS_FIRST, twice as long each further
 * time, up to BAN_SECONDS_MAX. A pair that stays quiet for BAN_SECONDS_MAX after its last ban starts afresh. Attackers
 * choose names and addresses, so memory is fixed: when it is full the pair that failed longest ago gives way, unbanned
 * pairs first.
 */
#ifndef AMITY_FAILURE_GUARD_H
#define AMITY_FAILURE_GUARD_H

#include "ban_table.h"
#include "status.h"

#define FAILURES_PER_WINDOW_MAX 20
#define FAILURE_WINDOW_S	60
#define BAN_SECONDS_FIRST	60
#define BAN_SECONDS_MAX		3600
#define GUARD_PAIRS_MAX		65536 /* 10 MB */
#define GUARD_BANS_MAX		16384

struct event_base;
struct ban_table_write;
struct failure_guard;

/* `write` holds at least GUARD_BANS_MAX bans. `base` NULL: no timer, call failure_guard_expire() yourself. Thread:
 * control. */
AMITY_CHECKED enum status failure_guard_create(struct failure_guard **guard, struct ban_table_write *write,
					       struct event_base *base);
void failure_guard_free(struct failure_guard *guard);

/* One failed login at `now_s` (any clock that does not go back). Result: true when the pair is banned by it. */
bool failure_guard_count(struct failure_guard *guard, const struct ban_key *key, uint32_t now_s);

/* As failure_guard_count() now: the handler of punt_reader.h. */
void failure_guard_take(void *guard, const struct ban_key *key);

/* Ends bans whose time is over. */
void failure_guard_expire(struct failure_guard *guard, uint32_t now_s);

struct guard_ban {
	struct ban_key key;
	uint32_t remaining_s;
	uint32_t times; /* how often in a row */
};

/* All bans, the one that was imposed first first. Stops when `visit` returns false. `now_s`: failure_guard_now(). */
void failure_guard_list(const struct failure_guard *guard, uint32_t now_s,
			bool (*visit)(void *argument, const struct guard_ban *ban), void *argument);

/* Ends the bans of `key`'s endpoint and address and forgets their failures; either part NULL: any. Result: bans ended.
 */
uint32_t failure_guard_clear(struct failure_guard *guard, const uint8_t aor_key[AOR_KEY_BYTES], const uint8_t ip[16]);

/* The clock of failure_guard_take(): seconds since boot. */
uint32_t failure_guard_now(void);

struct failure_guard_counts {
	uint64_t failures;
	uint64_t bans;	   /* imposed since start */
	uint64_t gave_way; /* pairs forgotten because the table was full */
	uint32_t pairs;	   /* known now */
	uint32_t banned;   /* now */
};

struct failure_guard_counts failure_guard_counts(const struct failure_guard *guard);

#endif
