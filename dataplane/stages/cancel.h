/*
 * cancel.h - a CANCEL of the caller (RFC 3261 9.2, 16.10).
 */
#ifndef AMITY_CANCEL_H
#define AMITY_CANCEL_H

#include "worker.h"

/*
 * Ends the packet: 200 and the branches of the INVITE's transaction are cancelled, or 481 when there is none
 * (`transaction` NULL), it is of no INVITE, or the CANCEL is routed elsewhere. Thread: lcore.
 */
void cancel_receive(struct worker *worker, struct packet *packet, struct transaction *transaction);

#endif
