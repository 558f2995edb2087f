/*
 * call_track.h - calls as the transactions make them: admitted or refused (R18, drain), ringing, answered, ended; each
 * ends as one call record (CDR) in the ring to the control thread.
 *
 * The transaction layer calls these at the events that their names say; they keep the lcore's call table
 * (dataplane/state/call_table.h), its share of the limits (dataplane/state/limit_table.h) and the records. A call is
 * named by a handle that also travels in our Record-Route cookie: slot, generation and the number of this start of the
 * router, so that a handle of before a restart, or of an earlier call in the slot, names none. A dialog that the table
 * does not know (any more) works all the same (R30).
 *
 * Thread: the lcore of the call.
 */
#ifndef AMITY_CALL_TRACK_H
#define AMITY_CALL_TRACK_H

#include "call.h"
#include "worker.h"

/*
 * A routed INVITE outside a dialog, before it gets a transaction: drain (not for emergency calls, R37), max_calls and
 * max_cps of R18, room in the table.
 *
 * Result: REASON_NONE and packet->call set, the call in state TRYING; else the reason to refuse it with, and its record
 * written.
 */
enum reason call_track_admit(struct worker *worker, struct packet *packet);

/* An INVITE outside a dialog that reached routing and was refused by it (`reason`): only a record. */
void call_track_refused(struct worker *worker, const struct packet *packet, enum reason reason);

/*
 * The call goes to another target than before (failover, forward): packet->decision is the new one. Limits follow.
 * Result: REASON_NONE, or why this target cannot be tried (R18); the call then still counts for the old one.
 */
enum reason call_track_retarget(struct worker *worker, uint64_t call, const struct packet *packet);

/* A provisional response was passed to the caller. */
void call_track_ringing(struct worker *worker, uint64_t call, uint16_t status);

/* A 2xx to the INVITE passes; again for each callee's tag that answers (forks, RFC 3261 13.2.2.4), and for
 * retransmissions, which change nothing. Session-Expires sets the call's end (RFC 4028), else the longest duration. */
void call_track_answered(struct worker *worker, uint64_t call, const struct sip_message *response);

/* The INVITE ended with a final non-2xx. `reason`: REASON_NONE when the far side gave the status. */
void call_track_failed(struct worker *worker, uint64_t call, uint16_t status, enum reason reason);

/* An in-dialog request or response passes: re-INVITE and UPDATE with their 2xx move the call's end (RFC 4028). */
void call_track_refresh(struct worker *worker, uint64_t call, const struct sip_message *message);

/* A BYE got its final response, or timed out: the dialog with that callee's tag ends; with the last one the call. */
void call_track_bye(struct worker *worker, uint64_t call, uint32_t callee_tag_hash, bool by_caller);

#endif
