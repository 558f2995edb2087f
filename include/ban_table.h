/*
 * ban_table.h - pairs of endpoint and source address that are answered 403 after too many wrong passwords (R2).
 *
 * Lock-free rte_hash; the control thread counts failures (punt.h, struct auth_failure) and writes; lcores read.
 */
#ifndef AMITY_BAN_TABLE_H
#define AMITY_BAN_TABLE_H

#include <stdatomic.h>

#include "company.h"

struct ban_key {
	uint8_t aor_key[AOR_KEY_BYTES];
	uint8_t ip[16];
};

struct rte_hash;

/* Made and written by control/bridge/ban_table_write.c alone; entry: ban_key -> TSC at which the ban ends. */
struct ban_table {
	struct rte_hash *hash;
	atomic_uint count; /* entries; stored after an insertion, read relaxed: an lcore may see a ban one burst late */
};

/* Thread: lcore or control. Cost: one relaxed load while nobody is banned. */
bool ban_find(const struct ban_table *bans, const struct ban_key *key, uint64_t now_tsc);

/*
 * Finds several bans at once, at most 32: their cache misses overlap. Thread: lcore or control.
 *
 * Result: bit i: key i is banned.
 */
uint32_t ban_find_burst(const struct ban_table *bans, const struct ban_key *const *key, uint32_t count,
			uint64_t now_tsc);

#endif
