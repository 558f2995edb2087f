/*
 * fork.h - the targets of a request as branches of its transaction (RFC 3261 16.5, 16.6): the first ones for the
 * request in the burst, later ones for a request that is kept.
 */
#ifndef AMITY_FORK_H
#define AMITY_FORK_H

#include "route_next.h"
#include "worker.h"

/* The first branch's message has been written into packet->out: it is kept, 100 Trying goes back, and the other
 * bindings of the same q get theirs. Thread: lcore. */
void fork_complete(struct worker *worker, struct packet *packet);

/* The first branch's message could not be written, for `reason`: for a request outside a dialog another target is
 * tried, as if the present one had failed so; else the packet is refused. */
void fork_fail(struct worker *worker, struct packet *packet, enum reason reason);

/*
 * Goes on with the next bindings of the present target, or, when it has `failure`, with the next target.
 * Result: true when at least one message was sent. When another target was found but refused, its reason has been
 * weighed against the best response. Thread: lcore.
 */
bool fork_go_on(struct worker *worker, struct transaction *transaction, enum route_failure failure);

/* The present target rings and does not answer: the next one, whatever other bindings it has (R27). Likewise. */
bool fork_go_past(struct worker *worker, struct transaction *transaction);

#endif
