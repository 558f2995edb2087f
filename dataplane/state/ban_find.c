#include "ban_table.h"

#include <rte_hash.h>

bool ban_find(const struct ban_table *bans, const struct ban_key *key, uint64_t now_tsc)
{
	void *end_tsc;
	/* Relaxed: pairs with nothing. The hash itself orders its entries; a ban that is seen a burst later is still a
	 * ban. */
	if (atomic_load_explicit(&bans->count, memory_order_relaxed) == 0)
		return false;
	return rte_hash_lookup_data(bans->hash, key, &end_tsc) >= 0 && now_tsc < (uint64_t)(uintptr_t)end_tsc;
}
