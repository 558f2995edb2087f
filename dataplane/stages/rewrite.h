/*
 * rewrite.h - the outgoing message of a packet: edits against the received bytes, applied into a new mbuf.
 */
#ifndef AMITY_REWRITE_H
#define AMITY_REWRITE_H

#include "worker.h"

/*
 * Writes packet->out for where the packet goes (destination, hop) and as what (kind, branch_name).
 * Result: REASON_NONE, NO_BUFFER, TOO_LARGE, TRANSACTIONS_FULL (what must be kept could not be), and those of
 * rewrite_body(); packet->out is NULL but for NONE. Thread: lcore.
 */
enum reason rewrite_packet(struct worker *worker, struct packet *packet);

#endif
