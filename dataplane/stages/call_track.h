/*
 * call_track.h - calls as the transactions make them: admitted or refused (R18, drain), ringing, answered, ended; each
 * ends as one call record (CDR) in the ring to the control thread.
 *
 * The transaction layer calls these at the events that their names say; they keep the lcore's call table
 * (dataplane/state/call_table.h), its share of the limits (dataplane/state/limit_table.h) and the records. A call is
 * named by a handle (include/call.h) that also travels in our Record-Route cookie; one of before a restart, or of an
 * earlier call in the slot, names none. A dialog that the table does not know (any more) works all the same (R30).
 *
 * Thread: the lcore of the call.
 */
#ifndef AMITY_CALL_TRACK_H
#define AMITY_CALL_TRACK_H

#include "call.h"
#include "state_number.h"
#include "worker.h"

/*
 * A routed INVITE outside a dialog, before it gets a transaction: drain, max_calls and max_cps of R18, room in the
 * table. None of them stops an emergency call (R37); one that finds the table full goes on as CALL_NONE.
 *
 * Result: REASON_NONE and packet->call set, the call in state TRYING; else the reason not to do this call.
 * CARRIER_CALL_LIMIT and ENDPOINT_CALL_LIMIT are about this target alone: another may be tried with another admit. When
 * nothing is tried any more, call_track_refused() writes the record.
 */
enum reason call_track_admit(struct worker *worker, struct packet *packet);

/* An INVITE outside a dialog that reached routing and is refused, by routing itself or by admit (`reason`): its record.
 */
void call_track_refused(struct worker *worker, const struct packet *packet, enum reason reason);

/*
 * The call goes to another target than before (failover, forward): packet->decision is the new one. Limits follow.
 * Result: REASON_NONE, or why this target cannot be tried (R18); the call then still counts for the old one.
 */
enum reason call_track_retarget(struct worker *worker, uint64_t call, const struct packet *packet);

/* A provisional response was passed to the caller. (All from here on: does nothing for a call that is no more.) */
void call_track_ringing(struct worker *worker, uint64_t call, uint16_t status);

/* A 2xx to the INVITE passes; again for each callee's tag that answers (forks, RFC 3261 13.2.2.4), and for
 * retransmissions, which change nothing. Session-Expires sets the call's end (RFC 4028), else the longest duration. */
void call_track_answered(struct worker *worker, uint64_t call, const struct sip_message *response);

/* The INVITE ended with a final non-2xx. `reason`: REASON_NONE when the far side gave the status. */
void call_track_failed(struct worker *worker, uint64_t call, uint16_t status, enum reason reason);

/* A 2xx to a request in the dialog passes: that of re-INVITE and UPDATE moves the call's end (RFC 4028). */
void call_track_refresh(struct worker *worker, uint64_t call, const struct sip_message *response);

/* A BYE got its final response, or timed out: the dialog with that callee's tag (call_track_hash_tag()) ends; with
 * the last one the call. */
void call_track_bye(struct worker *worker, uint64_t call, uint32_t callee_tag_hash, bool by_caller);

/* Its timer is due: neither BYE nor refresh came (RFC 4028 10), or the longest duration has passed. A timer of the
 * wheel is a call's when call_table_of_timer(&worker->calls, timer) is not NULL. */
void call_track_expire(struct worker *worker, struct call *call);

/* Keyed hash of a Call-ID, for comparisons on lcores; the same on all of them and never 0. */
uint64_t call_track_hash_call_id(const struct worker *worker, struct span call_id);

/* The same of the Call-IDs of a burst: what they have in common is begun with once. */
static inline void call_track_begin_call_id(struct state_number *begun, const struct secret_keys *keys)
{
	state_number_begin(begun, keys->steer_key, 'c');
}

static inline uint64_t call_track_finish_call_id(struct state_number begun, struct span call_id)
{
	state_number_add(&begun, call_id);
	return state_number_finish(&begun);
}

/* Keyed hash of a From or To tag, likewise; in a cookie it goes out encrypted. Not of a key that rotates: a cookie must
 * tell the direction also after the keys were changed, and after the router was updated (unit_state_hash). */
uint32_t call_track_hash_tag(const struct secret_keys *keys, struct span tag);

#endif
