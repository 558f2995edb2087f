#include "location.h"

const struct binding_set *location_find(const struct location *location, const uint8_t aor_key[AOR_KEY_BYTES])
{
	/* Both loads pair with the release stores of location_table.c: a set that is found was written before. */
	const struct binding_set *set =
		atomic_load_explicit(&location->bucket[location_bucket(location, aor_key)], memory_order_acquire);

	while (set && memcmp(set->key, aor_key, AOR_KEY_BYTES) != 0)
		set = atomic_load_explicit(&set->next, memory_order_acquire);
	return set;
}
