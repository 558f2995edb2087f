#include "nonce_window.h"
#include "nonce.h"
#include "prefetch.h"
#include "short_text.h"

#define WINDOW_COUNTS 64
#define HASH_FACTOR   0x9e3779b97f4a7c15u /* 2^64 / golden ratio */

/*
 * No key: the nonce was verified, and the MAC in it, which nobody chooses, is what gets hashed: it is in the last bytes
 * of its text. Never 0, which marks a free entry.
 */
uint64_t nonce_window_name(struct span nonce)
{
	struct short_text last;

	if (nonce.length < sizeof(last))
		last = short_text_read(nonce.at, nonce.length);
	else
		memcpy(&last, nonce.at + nonce.length - sizeof(last), sizeof(last));
	uint64_t hash = last.low * HASH_FACTOR ^ last.high;
	hash = (hash ^ hash >> 32) * HASH_FACTOR;
	hash ^= hash >> 32;
	return hash ? hash : 1;
}

static struct nonce_window_entry *set_of(const struct nonce_window *window, uint64_t hash)
{
	return &window->entry[(hash & (window->set_count - 1)) * NONCE_WINDOW_WAYS];
}

static bool entry_is_live(const struct nonce_window_entry *entry, uint32_t now_s)
{
	return entry->nonce_hash != 0 && (int64_t)now_s - entry->issued_s <= NONCE_LIFE_S;
}

/* The entry of the nonce, or the one that gives way to it: a free or expired one, else the oldest. */
static struct nonce_window_entry *find_entry(struct nonce_window *window, uint64_t hash, uint32_t now_s)
{
	struct nonce_window_entry *set = set_of(window, hash);
	struct nonce_window_entry *oldest = &set[0];

	for (uint32_t way = 0; way < NONCE_WINDOW_WAYS; way++) {
		if (set[way].nonce_hash == hash)
			return &set[way];
		if (set[way].issued_s < oldest->issued_s)
			oldest = &set[way];
	}
	if (entry_is_live(oldest, now_s))
		window->evicted++;
	return oldest;
}

static void begin_entry(struct nonce_window_entry *entry, uint64_t hash, uint32_t nc, uint32_t issued_s,
			uint64_t transaction_hash)
{
	*entry = (struct nonce_window_entry){.nonce_hash = hash,
					     .used = 1,
					     .transaction_hash = transaction_hash,
					     .highest = nc,
					     .issued_s = issued_s};
	/* Without qop there is no count to tell the next use from a replay: all counts are used up. */
	if (nc == 0) {
		entry->used = UINT64_MAX;
		entry->highest = UINT32_MAX;
	}
}

void nonce_window_prefetch(const struct nonce_window *window, uint64_t name)
{
	const struct nonce_window_entry *set = set_of(window, name);

	prefetch_line_to_write(set);
	prefetch_line_to_write(set + NONCE_WINDOW_WAYS / 2);
}

enum nonce_use nonce_window_use(struct nonce_window *window, uint64_t name, uint32_t nc, uint32_t issued_s,
				uint64_t transaction_hash, uint32_t now_s)
{
	struct nonce_window_entry *entry = find_entry(window, name, now_s);
	uint32_t count = nc ? nc : UINT32_MAX;

	if (entry->nonce_hash != name) {
		begin_entry(entry, name, nc, issued_s, transaction_hash);
		return NONCE_USE_FRESH;
	}
	if (nc > entry->highest) {
		uint32_t step = nc - entry->highest;
		entry->used = step < WINDOW_COUNTS ? entry->used << step | 1 : 1;
		entry->highest = nc;
		entry->transaction_hash = transaction_hash;
		return NONCE_USE_FRESH;
	}
	if (count == entry->highest && transaction_hash == entry->transaction_hash)
		return NONCE_USE_RETRANSMISSION;
	if (nc == 0 || entry->highest - nc >= WINDOW_COUNTS || entry->used >> (entry->highest - nc) & 1)
		return NONCE_USE_REPLAY;
	entry->used |= UINT64_C(1) << (entry->highest - nc);
	return NONCE_USE_FRESH;
}
