/*
 * response_context.h - what the branches of a request come to (RFC 3261 16.7 to 16.10): provisional and 2xx responses
 * are passed at once, others are collected; when nothing is pending the next target is tried (R16, R20, R27, R28), else
 * the best one goes to the caller.
 *
 * Thread: lcore.
 */
#ifndef AMITY_RESPONSE_CONTEXT_H
#define AMITY_RESPONSE_CONTEXT_H

#include "worker.h"

/* A response of a branch, packet->transaction and packet->branch set: ends the packet, or leaves it to be passed on. */
void response_context_receive(struct worker *worker, struct packet *packet);

/* Where a response of packet->transaction goes, and what the sender of the request wrote (R24). */
void response_context_aim(struct packet *packet);

/* A branch has ended with a status of our own (408, 503, ...), which goes to the caller as `reason` if nothing better
 * comes. Who asks gives back (settle, forget) what is not needed then, once nothing of the burst points to it. */
void response_context_give_up(struct worker *worker, struct branch *branch, enum reason reason);

/* The present target has rung for the time of a forward: the next one is tried beside it (R27). */
void response_context_ring_over(struct worker *worker, struct branch *branch);

/* All branches that have no final response. */
void response_context_cancel_pending(struct worker *worker, struct transaction *transaction);

#endif
