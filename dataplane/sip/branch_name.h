/*
 * branch_name.h - the branch parameter of our Via: which client transaction a response belongs to.
 *
 *   z9hG4bK.AQAAAAAAKgABb3Jk...        after the magic cookie (RFC 3261 8.1.1.7) and a point, base64url of 16 bytes:
 *   node (1), worker (1), generation (2), slot (4), secret (8), all in network order
 *
 * The secret is a keyed hash that is kept with the branch and compared: nobody who has not seen the request can forge a
 * response. The point tells it from the branches of the registrar's pings.
 */
#ifndef AMITY_BRANCH_NAME_H
#define AMITY_BRANCH_NAME_H

#include "span.h"

#define BRANCH_NAME_TEXT_BYTES 30 /* magic cookie and point 8, base64url without padding 22 */

struct branch_name {
	uint8_t node;	/* node.id of amity.yaml */
	uint8_t worker; /* index of the lcore */
	uint16_t generation;
	uint32_t slot;
	uint64_t secret;
};

/* Thread: any. Cost: about 30 ns, reading too. */
void branch_name_write(char text[BRANCH_NAME_TEXT_BYTES], const struct branch_name *name);

/* Result: false when it is not one of ours, or not in the one spelling that we write. Compares bytes exactly. */
bool branch_name_read(struct branch_name *name, struct span branch);

#endif
