/*
 * call_describe.h - who calls whom, copied out of a routed request into the record of its call (include/call.h).
 *
 *   text   | Call-ID, numbers, names of the whole call | of the present target |
 *                                                      ^ call->whole_text_length
 *
 * Texts that do not fit are cut and marked. Of those of the whole call Call-ID gives way first, but never to less than
 * CALL_DESCRIBE_CALL_ID_MIN bytes; CALL_DESCRIBE_TARGET_BYTES are kept for the target.
 *
 * Thread: lcore.
 */
#ifndef AMITY_CALL_DESCRIBE_H
#define AMITY_CALL_DESCRIBE_H

#include "worker.h"

#define CALL_DESCRIBE_CALL_ID_MIN  48
#define CALL_DESCRIBE_TARGET_BYTES 96

/* What stays as it is for the whole call. `call`: zeroed texts. */
void call_describe_whole(struct call *call, const struct worker *worker, const struct packet *packet);

/* The target of packet->decision, in place of the one before; none when the decision is a REJECT. */
void call_describe_target(struct call *call, const struct packet *packet);

#endif
