/*
 * rewrite_response.h - how responses leave: our Via off, From and To as the receiver knows them (R24, RFC 3261 16.7).
 */
#ifndef AMITY_REWRITE_RESPONSE_H
#define AMITY_REWRITE_RESPONSE_H

#include "worker.h"

/*
 * Collects the edits in worker->edits. A 2xx that comes when its request is not kept any more brings back in our
 * Record-Route what the caller wrote.
 *
 * Thread: lcore. Result: false when nothing tells what the caller wrote.
 */
bool rewrite_response(struct worker *worker, struct packet *packet);

#endif
