/*
 * rewrite_request.h - how requests leave: new ones as route_present() says (R19, R21-R23), in-dialog ones as the cookie
 * says (R24, R30).
 */
#ifndef AMITY_REWRITE_REQUEST_H
#define AMITY_REWRITE_REQUEST_H

#include "worker.h"

/* Collects the edits in worker->edits. Thread: lcore. Result: false when something does not fit (TOO_LARGE). */
bool rewrite_request_initial(struct worker *worker, const struct packet *packet);
bool rewrite_request_in_dialog(struct worker *worker, const struct packet *packet);

#endif
