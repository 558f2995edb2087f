/*
 * request_read.h - the texts of an initial request that the rules look at: dialled number, who the caller says it is,
 * diversion, privacy (R14, R22, R23, R33).
 */
#ifndef AMITY_REQUEST_READ_H
#define AMITY_REQUEST_READ_H

#include "worker.h"

/*
 * Fills *request from packet->message, packet->facts and packet->caller. Spans lead into the message.
 *
 * Identity headers may hold anything: taken is the first value that names a number, in the order of R14 (of a carrier:
 * of R33); what cannot be read, names nobody or is `anonymous` is passed over.
 *
 * Thread: lcore.
 */
void request_read(struct route_request *request, struct worker *worker, const struct packet *packet);

/* The user part of a URI as people dial it; of a tel: URI its number. Result: length 0: it has none. Thread: any. */
struct span request_read_user(struct span uri_text);

#endif
