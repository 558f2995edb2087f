#include "ban_table.h"

#include <rte_hash.h>

#define BAN_FIND_MAX 32
_Static_assert(BAN_FIND_MAX <= RTE_HASH_LOOKUP_BULK_MAX, "looked up at once");

/*
 * Relaxed: pairs with nothing. The hash itself orders its entries; a ban that is seen a burst later is still a ban.
 */
static bool has_bans(const struct ban_table *bans)
{
	return atomic_load_explicit(&bans->count, memory_order_relaxed) != 0;
}

static bool is_not_over(const void *end_tsc, uint64_t now_tsc)
{
	return now_tsc < (uint64_t)(uintptr_t)end_tsc;
}

bool ban_find(const struct ban_table *bans, const struct ban_key *key, uint64_t now_tsc)
{
	void *end_tsc;

	return has_bans(bans) && rte_hash_lookup_data(bans->hash, key, &end_tsc) >= 0 && is_not_over(end_tsc, now_tsc);
}

uint32_t ban_find_burst(const struct ban_table *bans, const struct ban_key *const *key, uint32_t count,
			uint64_t now_tsc)
{
	const void *keys[BAN_FIND_MAX];
	void *end_tsc[BAN_FIND_MAX];
	uint64_t found = 0;
	uint32_t banned = 0;

	if (count == 0 || !has_bans(bans))
		return 0;
	for (uint32_t i = 0; i < count; i++)
		keys[i] = key[i];
	rte_hash_lookup_bulk_data(bans->hash, keys, count, &found, end_tsc);
	for (; found; found &= found - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(found);
		banned |= (uint32_t)is_not_over(end_tsc[i], now_tsc) << i;
	}
	return banned;
}
