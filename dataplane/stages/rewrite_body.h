/*
 * rewrite_body.h - the codecs that both sides of a call allow, in every SDP that passes between them (R25).
 */
#ifndef AMITY_REWRITE_BODY_H
#define AMITY_REWRITE_BODY_H

#include "worker.h"

/*
 * Adds the body's edits to worker->edits.
 *
 * Result: REASON_NONE; NO_COMMON_CODEC: nothing is left of the offer in an INVITE or UPDATE, nobody is to be asked;
 * MALFORMED_SDP: it cannot be read. SDP in other messages is passed all the same and counted: without a codec its m=
 * lines have port 0, unreadable it stays as it came.   Thread: lcore.
 */
enum reason rewrite_body(struct worker *worker, const struct packet *packet);

#endif
