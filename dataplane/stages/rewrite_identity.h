/*
 * rewrite_identity.h - what a request that leaves says about its caller beside From: identity, privacy, diversion,
 * private headers (R15, R16, R23, R27).
 */
#ifndef AMITY_REWRITE_IDENTITY_H
#define AMITY_REWRITE_IDENTITY_H

#include "worker.h"

/* Of a new request, as route_present() says. Thread: lcore. */
void rewrite_identity(struct edit_list *edits, const struct packet *packet, const struct route_presentation *shown,
		      const struct own_address *own);

/* Removes what a peer says about who it is. */
void rewrite_identity_remove(struct edit_list *edits, const struct sip_message *message);

#endif
