/*
 * snapshot.h - all that an lcore may look at during one burst. One acquire load at its start, one quiescent report at
 * its end.
 *
 * Only control/bridge/publish.c exchanges it; the parts that did not change are shared between the old and the new one.
 */
#ifndef AMITY_SNAPSHOT_H
#define AMITY_SNAPSHOT_H

#include "ban_table.h"
#include "directory.h"
#include "location.h"
#include "secret_keys.h"
#include "wire.h"

#define LCORES_MAX 32

struct snapshot {
	uint64_t generation;
	const struct directory *directory;
	const struct wire *wire;
	const struct secret_keys *keys;
	const struct location *location;
	const struct ban_table *bans;
	struct match_scratch
		*scratch;     /* [LCORES_MAX]: one per worker, used by that worker alone; grown before publishing */
	uint64_t unix_base_s; /* unix time at tsc_base: now = base + (tsc - tsc_base) / tsc_hz */
	uint64_t tsc_base;
	uint64_t tsc_hz;
};

#endif
