/*
 * rewrite_response.h - how responses leave: our Via off, From and To as the receiver knows them (R24, RFC 3261 16.7).
 */
#ifndef AMITY_REWRITE_RESPONSE_H
#define AMITY_REWRITE_RESPONSE_H

#include "worker.h"

/* Collects the edits in worker->edits. Thread: lcore. */
void rewrite_response(struct worker *worker, const struct packet *packet);

#endif
