/*
 * endpoints_removed.h - which endpoints an apply takes away: those of one directory that the next one does not have, or
 * has under another domain. Their bindings must not come back with an endpoint of the same name.
 */
#ifndef AMITY_ENDPOINTS_REMOVED_H
#define AMITY_ENDPOINTS_REMOVED_H

#include "directory.h"
#include "status.h"

struct endpoints_removed {
	uint8_t *aor_keys; /* AOR_KEY_BYTES each */
	uint32_t count;
};

/*
 * Looks into those companies only that the two do not share. `removed` is the caller's to free() by its aor_keys.
 * Thread: any. Result: STATUS_NO_MEMORY, *removed untouched.
 */
AMITY_CHECKED enum status endpoints_removed_find(struct endpoints_removed *removed, const struct directory *before,
						 const struct directory *after);

#endif
