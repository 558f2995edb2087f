/*
 * transact_unreachable.h - what an ICMP error does to the client transaction that it is about: a transport error (RFC
 * 3261 17.1.4), to be treated as a 503 (8.1.3.1, 16.9).
 */
#ifndef AMITY_TRANSACT_UNREACHABLE_H
#define AMITY_TRANSACT_UNREACHABLE_H

#include "worker.h"

/*
 * Takes a packet that is_unreachable, with packet->quoted (branch of this lcore, method), packet->source (where the
 * request was going) and packet->local (where it came from), and ends it.
 *
 * Thread: the lcore that owns the worker.
 */
void transact_unreachable(struct worker *worker, struct packet *packet);

#endif
