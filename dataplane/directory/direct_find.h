/*
 * direct_find.h - direct friends by the address that a request comes from (R1.2, R1.3).
 */
#ifndef AMITY_DIRECT_FIND_H
#define AMITY_DIRECT_FIND_H

#include "directory.h"

/* The one company that has a direct friend at `ip`. Thread: any. Cost: binary search. Result: NULL: none or several. */
const struct company *direct_find_company(const struct directory *directory, const uint8_t ip[16]);

/*
 * The friend with `auth: source` at `ip`; of several, the one named `from_user` (R1.3).
 *
 * Thread: any.   Cost: a binary search; for addresses of direct friends linear in the endpoints, unless `from_user`
 * names it. Result: NULL when there is none, or several and none is named.
 */
const struct endpoint *direct_find_trusted(const struct directory *directory, const struct company *company,
					   const uint8_t ip[16], struct span from_user);

/* The only direct friend at `ip`, however it authenticates. Thread: any. Cost: linear. Result: NULL: none or several.
 */
const struct endpoint *direct_find_only(const struct company *company, const uint8_t ip[16]);

#endif
