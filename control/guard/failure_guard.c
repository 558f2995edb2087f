#include "failure_guard.h"

#include <stdlib.h>
#include <time.h>

#include <event2/event.h>
#include <sodium.h>

#include "ban_table_write.h"
#include "log.h"

#define BUCKETS	      GUARD_PAIRS_MAX
#define PAIR_NONE     UINT32_MAX
#define EXPIRE_TICK_S 1

/* Pairs are in one of two lists, the oldest first: those that are banned, those that are not. */
enum pair_list {
	LIST_COUNTED, /* by last failure */
	LIST_BANNED,  /* by the start of the ban */
	LIST_COUNT
};

struct pair {
	struct ban_key key;
	uint32_t next_in_bucket; /* or next in the free list */
	uint32_t older, newer;	 /* in its list */
	uint32_t ban_end_s;	 /* of the last ban */
	uint8_t list;
	uint8_t bans_in_a_row;
	uint8_t failure_count; /* in failure_s */
	uint8_t failure_next;  /* where the next one goes */
	uint32_t failure_s[FAILURES_PER_WINDOW_MAX];
};

struct failure_guard {
	struct ban_table_write *write;
	struct event *timer;
	struct failure_guard_counts counts;
	uint8_t hash_key[crypto_shorthash_KEYBYTES]; /* addresses are the attacker's choice */
	uint32_t free_pair;
	uint32_t oldest[LIST_COUNT], newest[LIST_COUNT];
	uint32_t bucket[BUCKETS];
	struct pair pair[GUARD_PAIRS_MAX];
};

uint32_t failure_guard_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint32_t)now.tv_sec;
}

static void on_tick(evutil_socket_t descriptor, short events, void *argument)
{
	(void)descriptor, (void)events;
	failure_guard_expire(argument, failure_guard_now());
}

enum status failure_guard_create(struct failure_guard **guard, struct ban_table_write *write, struct event_base *base)
{
	struct failure_guard *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	made->write = write;
	randombytes_buf(made->hash_key, sizeof(made->hash_key));
	for (uint32_t i = 0; i < GUARD_PAIRS_MAX; i++) {
		made->bucket[i] = PAIR_NONE;
		made->pair[i].next_in_bucket = i + 1 < GUARD_PAIRS_MAX ? i + 1 : PAIR_NONE;
	}
	for (int list = 0; list < LIST_COUNT; list++)
		made->oldest[list] = made->newest[list] = PAIR_NONE;
	if (base) {
		struct timeval tick = {.tv_sec = EXPIRE_TICK_S};
		made->timer = event_new(base, -1, EV_PERSIST, on_tick, made);
		if (!made->timer || event_add(made->timer, &tick) != 0) {
			failure_guard_free(made);
			return STATUS_NO_MEMORY;
		}
	}
	*guard = made;
	return STATUS_OK;
}

void failure_guard_free(struct failure_guard *guard)
{
	if (!guard)
		return;
	if (guard->timer)
		event_free(guard->timer);
	free(guard);
}

static uint32_t *bucket_of(struct failure_guard *guard, const struct ban_key *key)
{
	uint64_t hash;
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)key, sizeof(*key), guard->hash_key);
	return &guard->bucket[hash % BUCKETS];
}

static void leave_list(struct failure_guard *guard, uint32_t index)
{
	struct pair *pair = &guard->pair[index];
	if (pair->older != PAIR_NONE)
		guard->pair[pair->older].newer = pair->newer;
	else
		guard->oldest[pair->list] = pair->newer;
	if (pair->newer != PAIR_NONE)
		guard->pair[pair->newer].older = pair->older;
	else
		guard->newest[pair->list] = pair->older;
}

static void enter_list(struct failure_guard *guard, uint32_t index, enum pair_list list)
{
	struct pair *pair = &guard->pair[index];
	pair->list = (uint8_t)list;
	pair->newer = PAIR_NONE;
	pair->older = guard->newest[list];
	if (pair->older != PAIR_NONE)
		guard->pair[pair->older].newer = index;
	else
		guard->oldest[list] = index;
	guard->newest[list] = index;
}

static void end_ban(struct failure_guard *guard, uint32_t index)
{
	leave_list(guard, index);
	enter_list(guard, index, LIST_COUNTED);
	(void)ban_table_write_remove(guard->write, &guard->pair[index].key);
	guard->counts.banned--;
}

static void forget(struct failure_guard *guard, uint32_t index)
{
	if (guard->pair[index].list == LIST_BANNED)
		end_ban(guard, index);
	leave_list(guard, index);
	uint32_t *link = bucket_of(guard, &guard->pair[index].key);
	while (*link != index)
		link = &guard->pair[*link].next_in_bucket;
	*link = guard->pair[index].next_in_bucket;
	guard->pair[index].next_in_bucket = guard->free_pair;
	guard->free_pair = index;
	guard->counts.pairs--;
}

static uint32_t find(struct failure_guard *guard, const struct ban_key *key)
{
	uint32_t index = *bucket_of(guard, key);
	while (index != PAIR_NONE && memcmp(&guard->pair[index].key, key, sizeof(*key)) != 0)
		index = guard->pair[index].next_in_bucket;
	return index;
}

static uint32_t obtain(struct failure_guard *guard, const struct ban_key *key)
{
	uint32_t index = find(guard, key);
	if (index != PAIR_NONE)
		return index;
	if (guard->free_pair == PAIR_NONE) {
		/* Bans are fewer than pairs: there is always one that only counts. */
		forget(guard, guard->oldest[LIST_COUNTED]);
		guard->counts.gave_way++;
	}
	index = guard->free_pair;
	guard->free_pair = guard->pair[index].next_in_bucket;
	uint32_t *bucket = bucket_of(guard, key);
	guard->pair[index] = (struct pair){.key = *key, .next_in_bucket = *bucket};
	*bucket = index;
	enter_list(guard, index, LIST_COUNTED);
	guard->counts.pairs++;
	return index;
}

static bool impose(struct failure_guard *guard, uint32_t index, uint32_t now_s)
{
	struct pair *pair = &guard->pair[index];
	uint32_t seconds = BAN_SECONDS_FIRST;
	for (uint8_t i = 0; i < pair->bans_in_a_row && seconds < BAN_SECONDS_MAX; i++)
		seconds *= 2;
	if (seconds > BAN_SECONDS_MAX)
		seconds = BAN_SECONDS_MAX;
	if (guard->counts.banned == GUARD_BANS_MAX) {
		end_ban(guard, guard->oldest[LIST_BANNED]);
		guard->counts.gave_way++;
	}
	if (ban_table_write_put(guard->write, &pair->key, seconds) != STATUS_OK) {
		log_event(LOG_LEVEL_ERROR, "ban_failed", "bans=%u", guard->counts.banned);
		return false;
	}
	if (pair->bans_in_a_row < UINT8_MAX)
		pair->bans_in_a_row++;
	pair->ban_end_s = now_s + seconds;
	pair->failure_count = 0;
	leave_list(guard, index);
	enter_list(guard, index, LIST_BANNED);
	guard->counts.banned++;
	guard->counts.bans++;
	log_event(LOG_LEVEL_WARNING, "banned", "seconds=%u times=%u", seconds, pair->bans_in_a_row);
	return true;
}

bool failure_guard_count(struct failure_guard *guard, const struct ban_key *key, uint32_t now_s)
{
	guard->counts.failures++;
	uint32_t index = obtain(guard, key);
	struct pair *pair = &guard->pair[index];
	/* Was on its way through the ring when the ban began. */
	if (pair->list == LIST_BANNED)
		return false;
	leave_list(guard, index);
	enter_list(guard, index, LIST_COUNTED);
	if (pair->bans_in_a_row && now_s - pair->ban_end_s > BAN_SECONDS_MAX)
		pair->bans_in_a_row = 0;
	/* The ring holds the last FAILURES_PER_WINDOW_MAX times; the one about to be overwritten is that many failures
	 * ago. */
	uint32_t oldest_s = pair->failure_s[pair->failure_next];
	bool is_full = pair->failure_count == FAILURES_PER_WINDOW_MAX;
	pair->failure_s[pair->failure_next] = now_s;
	pair->failure_next = (uint8_t)((pair->failure_next + 1) % FAILURES_PER_WINDOW_MAX);
	if (!is_full) {
		pair->failure_count++;
		return false;
	}
	return now_s - oldest_s <= FAILURE_WINDOW_S && impose(guard, index, now_s);
}

void failure_guard_take(void *guard, const struct ban_key *key)
{
	(void)failure_guard_count(guard, key, failure_guard_now());
}

void failure_guard_expire(struct failure_guard *guard, uint32_t now_s)
{
	/* Bans last unequally long, so all are looked at; there are GUARD_BANS_MAX at most. */
	for (uint32_t index = guard->oldest[LIST_BANNED], newer; index != PAIR_NONE; index = newer) {
		newer = guard->pair[index].newer;
		if ((int32_t)(now_s - guard->pair[index].ban_end_s) >= 0)
			end_ban(guard, index);
	}
}

void failure_guard_list(const struct failure_guard *guard, uint32_t now_s,
			bool (*visit)(void *argument, const struct guard_ban *ban), void *argument)
{
	for (uint32_t index = guard->oldest[LIST_BANNED]; index != PAIR_NONE; index = guard->pair[index].newer) {
		const struct pair *pair = &guard->pair[index];
		int32_t remaining_s = (int32_t)(pair->ban_end_s - now_s);
		struct guard_ban ban = {pair->key, remaining_s > 0 ? (uint32_t)remaining_s : 0, pair->bans_in_a_row};
		if (remaining_s > 0 && !visit(argument, &ban))
			return;
	}
}

uint32_t failure_guard_clear(struct failure_guard *guard, const uint8_t aor_key[AOR_KEY_BYTES], const uint8_t ip[16])
{
	uint32_t banned = guard->counts.banned;
	for (int list = 0; list < LIST_COUNT; list++)
		for (uint32_t index = guard->oldest[list], newer; index != PAIR_NONE; index = newer) {
			const struct ban_key *key = &guard->pair[index].key;
			newer = guard->pair[index].newer;
			if ((!aor_key || memcmp(key->aor_key, aor_key, AOR_KEY_BYTES) == 0) &&
			    (!ip || memcmp(key->ip, ip, sizeof(key->ip)) == 0))
				forget(guard, index);
		}
	return banned - guard->counts.banned;
}

struct failure_guard_counts failure_guard_counts(const struct failure_guard *guard)
{
	return guard->counts;
}
