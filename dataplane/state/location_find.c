#include "location.h"

#include <rte_hash.h>

const struct binding_set *location_find(const struct location *location, const uint8_t aor_key[AOR_KEY_BYTES])
{
	void *set;
	return rte_hash_lookup_data(location->hash, aor_key, &set) >= 0 ? set : NULL;
}
