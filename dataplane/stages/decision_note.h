/*
 * decision_note.h - what is written into the lcore's log of decisions (`amityctl why`): how initial requests ended, how
 * other requests were refused, how calls ended.
 *
 * Thread: lcore.
 */
#ifndef AMITY_DECISION_NOTE_H
#define AMITY_DECISION_NOTE_H

#include "worker.h"

/* A packet at its end; only of those that `why` tells about is a note made. Retransmissions that were absorbed and what
 * is no request push nothing out of the log. */
void decision_note_packet(struct worker *worker, const struct packet *packet);

/* A call at its end. */
void decision_note_call(struct worker *worker, const struct call_record *record);

#endif
