/*
 * kept_request.h - a request that a transaction has kept, as a packet again: for answers of our own and new targets.
 */
#ifndef AMITY_KEPT_REQUEST_H
#define AMITY_KEPT_REQUEST_H

#include "packet.h"
#include "worker.h"

/*
 * Parses it and fills in where it came from; nothing about its caller. The packet has no mbuf and is never counted.
 * Result: false when the transaction keeps none any more. Thread: lcore.
 */
bool kept_request_read(struct packet *packet, const struct transaction *transaction);

/* Its caller, as the tables name it now (R1). Result: false when an apply has taken it away. */
bool kept_request_find_caller(struct worker *worker, struct packet *packet, const struct transaction *transaction);

#endif
