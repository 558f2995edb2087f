#include "call_track.h"

#include <rte_ring_elem.h>

#include "call_describe.h"
#include "call_limits.h"
#include "decision_note.h"
#include "session_expires_parse.h"

#define TICKS_PER_SECOND (1000 / TIMER_WHEEL_TICK_MS)

/* RFC 4028 4: the shortest there is. A callee that says less does not get its call forgotten earlier. */
#define SESSION_S_MIN 90

uint64_t call_track_hash_call_id(const struct worker *worker, struct span call_id)
{
	struct state_number begun;

	call_track_begin_call_id(&begun, worker->snapshot->keys);
	return call_track_finish_call_id(begun, call_id);
}

uint32_t call_track_hash_tag(const struct secret_keys *keys, struct span tag)
{
	struct state_hash hash;

	state_hash_begin(&hash, keys->steer_key, 'd');
	state_hash_add(&hash, tag);
	return (uint32_t)state_hash_finish_number(&hash);
}

static void send_record(struct worker *worker, struct call_record *record)
{
	struct rte_ring *ring = worker->dataplane->call_record[worker->index];

	if (rte_ring_sp_enqueue_elem(ring, record, sizeof(*record)) != 0)
		worker->counters->value[COUNTER_CALL_RECORDS_LOST]++;
}

static void end_call(struct worker *worker, struct call *call, enum call_end end)
{
	struct call_record *record = &call->record;

	record->end = (uint8_t)end;
	record->ended_ms = worker->now_ms;
	timer_wheel_stop(&worker->wheel, &call->timer);
	call_limits_release(worker, call);
	decision_note_call(worker, record);
	call_table_set_state(&worker->calls, call, CALL_ENDED);
	send_record(worker, record);
	worker->counters->value[COUNTER_CALLS_ENDED]++;
	call_table_remove(&worker->calls, call);
}

enum reason call_track_admit(struct worker *worker, struct packet *packet)
{
	bool emergency = packet->decision.emergency;

	packet->call = CALL_NONE;
	/* Written by the control thread; a burst early or late makes no difference. */
	if (atomic_load_explicit(&worker->dataplane->draining, memory_order_relaxed) && !emergency)
		return REASON_DRAINING;
	struct call *call = call_table_add(&worker->calls);
	if (call == NULL) {
		worker->counters->value[COUNTER_CALLS_UNTRACKED] += emergency;
		return emergency ? REASON_NONE : REASON_CALL_TABLE_FULL;
	}
	call->record.flags = emergency ? CALL_EMERGENCY : 0;
	enum reason reason = call_limits_take(worker, call, packet);
	/* Counted once for an attempt, however many targets were too busy for it before. */
	if (reason == REASON_NONE)
		reason = call_limits_count_rate(worker, packet);
	if (reason != REASON_NONE) {
		call_limits_release(worker, call);
		call_table_remove(&worker->calls, call);
		return reason;
	}
	call_describe_whole(call, worker, packet);
	call_describe_target(call, packet);
	call->longest_end_tick = worker->now_tick + worker->call_ticks_max;
	timer_wheel_start(&worker->wheel, &call->timer, call->longest_end_tick);
	worker->counters->value[COUNTER_CALLS_STARTED]++;
	packet->call = call->record.handle;
	return REASON_NONE;
}

void call_track_refused(struct worker *worker, const struct packet *packet, enum reason reason)
{
	struct call call = {0};

	call_describe_whole(&call, worker, packet);
	call_describe_target(&call, packet);
	call.record.state = CALL_ENDED;
	call.record.end = CALL_END_FAILED;
	call.record.ended_ms = call.record.started_ms;
	call.record.reason = (uint16_t)reason;
	call.record.status = reason_rows[reason].status;
	send_record(worker, &call.record);
}

enum reason call_track_retarget(struct worker *worker, uint64_t handle, const struct packet *packet)
{
	struct call *call = call_table_find(&worker->calls, handle);

	if (call == NULL)
		return REASON_NONE;
	enum reason reason = call_limits_take(worker, call, packet);
	if (reason != REASON_NONE)
		return reason;
	if (call->record.forward_count == packet->decision.forward_count)
		call->record.failover_count++;
	call_describe_target(call, packet);
	return REASON_NONE;
}

/* 181 and 199 tell of other things than ringing (RFC 3261 21.1, RFC 6228). */
static bool is_ringing(uint16_t status)
{
	return status == 180 || status == 182 || status == 183;
}

void call_track_ringing(struct worker *worker, uint64_t handle, uint16_t status)
{
	struct call *call = call_table_find(&worker->calls, handle);

	if (call == NULL || call->record.state == CALL_ANSWERED)
		return;
	call->record.status = status;
	if (call->record.state == CALL_RINGING || !is_ringing(status))
		return;
	call_table_set_state(&worker->calls, call, CALL_RINGING);
	call->record.ringing_ms = worker->now_ms;
}

/* RFC 4028 10: the session ends unless it is refreshed; without Session-Expires the longest duration alone counts. */
static void set_end(struct worker *worker, struct call *call, const struct sip_message *response)
{
	uint32_t session_s;
	uint64_t end_tick = call->longest_end_tick;

	if (session_expires_parse(&session_s, sip_message_first(response, SIP_HEADER_SESSION_EXPIRES))) {
		session_s = session_s < SESSION_S_MIN ? SESSION_S_MIN : session_s;
		uint64_t session_end_tick = worker->now_tick + (uint64_t)session_s * TICKS_PER_SECOND;
		end_tick = session_end_tick < end_tick ? session_end_tick : end_tick;
	}
	timer_wheel_start(&worker->wheel, &call->timer, end_tick);
}

static uint32_t find_dialog(const struct call *call, uint32_t callee_tag_hash)
{
	uint32_t i = 0;

	while (i < call->dialog_count && call->callee_tag_hash[i] != callee_tag_hash)
		i++;
	return i;
}

void call_track_answered(struct worker *worker, uint64_t handle, const struct sip_message *response)
{
	struct call *call = call_table_find(&worker->calls, handle);

	if (call == NULL)
		return;
	uint32_t tag_hash = call_track_hash_tag(worker->snapshot->keys, sip_message_text(response, response->to_tag));
	/* Known: a retransmission, maybe of a dialog that has ended. More callees than are told apart: one that lives
	 * on as the last has its dialog, but no place in the table. */
	if (find_dialog(call, tag_hash) < call->dialog_count || call->dialog_count == CALL_DIALOGS_MAX)
		return;
	call->callee_tag_hash[call->dialog_count++] = tag_hash;
	if (call->record.state != CALL_ANSWERED) {
		call_table_set_state(&worker->calls, call, CALL_ANSWERED);
		call->record.answered_ms = worker->now_ms;
		call->record.status = response->status_code;
		call->longest_end_tick = worker->now_tick + worker->call_ticks_max;
	}
	set_end(worker, call, response);
}

void call_track_failed(struct worker *worker, uint64_t handle, uint16_t status, enum reason reason)
{
	struct call *call = call_table_find(&worker->calls, handle);

	/* Other branches may fail after one has answered. */
	if (call == NULL || call->record.state == CALL_ANSWERED)
		return;
	call->record.status = status;
	call->record.reason = (uint16_t)reason;
	end_call(worker, call, CALL_END_FAILED);
}

void call_track_refresh(struct worker *worker, uint64_t handle, const struct sip_message *response)
{
	if (response->status_code < 200 || response->status_code > 299 ||
	    (response->method != SIP_METHOD_INVITE && response->method != SIP_METHOD_UPDATE))
		return;
	struct call *call = call_table_find(&worker->calls, handle);
	if (call && call->record.state == CALL_ANSWERED)
		set_end(worker, call, response);
}

void call_track_bye(struct worker *worker, uint64_t handle, uint32_t callee_tag_hash, bool by_caller)
{
	struct call *call = call_table_find(&worker->calls, handle);

	/* A BYE in an early dialog ends that alone; the INVITE gets its final response (RFC 3261 15). */
	if (call == NULL || call->record.state != CALL_ANSWERED)
		return;
	uint32_t dialog = find_dialog(call, callee_tag_hash);
	if (dialog == call->dialog_count)
		return;
	call->ended_dialogs |= (uint8_t)(1u << dialog);
	if (call->ended_dialogs == (1u << call->dialog_count) - 1)
		end_call(worker, call, by_caller ? CALL_END_CALLER : CALL_END_CALLEE);
}

void call_track_expire(struct worker *worker, struct call *call)
{
	/* Who still rings has a transaction, whose timers end both. */
	if (call->record.state != CALL_ANSWERED) {
		timer_wheel_start(&worker->wheel, &call->timer, worker->now_tick + worker->call_ticks_max);
		return;
	}
	worker->counters->value[COUNTER_CALLS_EXPIRED]++;
	call->record.reason = REASON_CALL_EXPIRED;
	end_call(worker, call, CALL_END_EXPIRED);
}
