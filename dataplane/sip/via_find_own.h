/*
 * via_find_own.h - the Via values that we may have put on a request that comes back to us (RFC 3261 16.3 step 4).
 *
 *   struct via_find_own search = via_find_own_begin(message);
 *   while (via_find_own_next(&name, &search))
 *           ... is that branch alive, and was it for the same routing? Then the request loops ...
 *
 * What is found has the form of our names; whether it is one of ours, its owner has to look up.
 */
#ifndef AMITY_VIA_FIND_OWN_H
#define AMITY_VIA_FIND_OWN_H

#include "branch_name.h"
#include "via_parse.h"

/* Values that are looked at, from the topmost on: Max-Forwards counts 255 hops at most, and each adds one. */
#define VIA_FIND_OWN_VALUES_MAX 256

struct via_find_own {
	struct via_walk walk;
	uint32_t values_left;
};

/* Thread: any, as the next one. */
struct via_find_own via_find_own_begin(const struct sip_message *request);

/*
 * The next value, from the topmost on, whose branch reads as a name of ours.
 *
 * Result: false when there is none before the end, the first malformed value or VIA_FIND_OWN_VALUES_MAX; then always.
 */
bool via_find_own_next(struct branch_name *name, struct via_find_own *search);

#endif
