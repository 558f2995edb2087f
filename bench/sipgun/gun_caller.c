#include "gun_caller.h"

#include "gun_called.h"
#include "gun_credentials.h"
#include "gun_dialog.h"
#include "gun_text.h"

#define TRIES_MAX 64 /* calls that in_dialog looks at to find one that waits for nothing */

/* Call index, generation and CSeq as text, and room for credentials: what the values of a message point into. */
struct writing {
	struct span values[GUN_FIELD_COUNT];
	char id[GUN_CALL_ID_BYTES];
	char cseq[GUN_TEXT_DECIMAL_MAX];
};

static void write_id(char id[GUN_CALL_ID_BYTES], const struct gun *gun, const struct gun_call *call)
{
	gun_text_write_hex8(id, gun_call_index(&gun->calls, call));
	gun_text_write_hex8(id + 8, call->generation);
}

static void begin_values(struct writing *writing, const struct gun *gun, const struct gun_call *call, uint32_t cseq)
{
	struct span *values = writing->values;

	write_id(writing->id, gun, call);
	values[GUN_FIELD_ID] = span_make(writing->id, sizeof(writing->id));
	values[GUN_FIELD_CSEQ] = span_make(writing->cseq, gun_text_write_decimal(writing->cseq, cseq));
	if (gun->pool == NULL || gun->pool->user_count == 0)
		return;
	const struct gun_user *user = &gun->pool->user[call->user];
	values[GUN_FIELD_USER] = user->name;
	values[GUN_FIELD_DOMAIN] = gun->pool->domain[user->domain].name;
	if (gun->pool->dial_count > 0)
		values[GUN_FIELD_NUMBER] = gun->pool->dial[call->dial].number;
}

static void add_dialog(struct writing *writing, const struct gun *gun, const struct gun_call *call)
{
	const char *dialog = gun_call_dialog(&gun->calls, call);

	writing->values[GUN_FIELD_TARGET] = gun_dialog_target(call, dialog);
	writing->values[GUN_FIELD_TO_TAG] = gun_dialog_tag(call, dialog);
	writing->values[GUN_FIELD_ROUTE] = gun_dialog_route(call, dialog);
}

/* Result: the message, finished; NULL when it could not be made. */
static struct rte_mbuf *make(struct gun *gun, enum gun_message_name name, const struct writing *writing)
{
	struct rte_mbuf *packet = gun_wire_take(&gun->wire);

	if (packet == NULL)
		return NULL;
	uint32_t bytes = gun_template_write(gun_wire_room(packet), GUN_WIRE_ROOM_BYTES, &gun->messages.request[name],
					    writing->values);
	return gun_wire_finish(&gun->wire, packet, &gun->frame[GUN_CALLER], bytes) ? packet : NULL;
}

static void end(struct gun *gun, struct gun_call *call)
{
	timer_wheel_stop(&gun->wheel, &call->caller_timer);
	gun_called_forget(gun, call);
	gun_wire_drop(&gun->wire, call->request);
	call->request = NULL;
	gun_call_give(&gun->calls, call);
}

/* Counts what a call, registration or request came to. */
static void count_failed(struct gun *gun, const struct gun_call *call, uint32_t cause)
{
	if (!call->is_measured)
		return;
	gun->counts.failed++;
	gun->counts.failures[call->step][cause]++;
}

static void fail(struct gun *gun, struct gun_call *call, uint32_t cause)
{
	count_failed(gun, call, cause);
	end(gun, call);
}

static void complete(struct gun *gun, struct gun_call *call)
{
	gun->counts.completed += call->is_measured;
	end(gun, call);
}

static void start_timer(struct gun *gun, struct gun_call *call)
{
	uint64_t due = gun->now_tick + call->interval_ticks;

	if (call->request == NULL || due > call->deadline_tick)
		due = call->deadline_tick;
	timer_wheel_start(&gun->wheel, &call->caller_timer, due);
}

/* Sends a request that waits for an answer. */
static void send_request(struct gun *gun, struct gun_call *call, enum gun_step step, enum gun_message_name name,
			 const struct writing *writing)
{
	struct rte_mbuf *packet = make(gun, name, writing);

	gun_wire_drop(&gun->wire, call->request);
	call->request = NULL;
	call->step = (uint8_t)step;
	if (packet == NULL) {
		fail(gun, call, GUN_CAUSE_NO_BUFFER);
		return;
	}
	if (!gun->options->no_retransmit)
		call->request = gun_wire_keep(&gun->wire, packet);
	gun_wire_send(&gun->wire, GUN_CALLER, packet);
	call->sent_tsc = gun->now_tsc;
	call->is_answered_before = false;
	call->interval_ticks = GUN_T1_TICKS;
	call->deadline_tick = (uint32_t)gun->now_tick + GUN_TIMEOUT_TICKS;
	start_timer(gun, call);
}

static void send_invite(struct gun *gun, struct gun_call *call, struct span credentials)
{
	struct writing writing;

	begin_values(&writing, gun, call, ++call->cseq);
	writing.values[GUN_FIELD_AUTHORIZATION] = credentials;
	send_request(gun, call, credentials.length ? GUN_STEP_INVITE_AUTH : GUN_STEP_INVITE, GUN_MESSAGE_INVITE,
		     &writing);
}

static void send_register(struct gun *gun, struct gun_call *call, struct span credentials)
{
	struct writing writing;

	begin_values(&writing, gun, call, ++call->cseq);
	writing.values[GUN_FIELD_AUTHORIZATION] = credentials;
	send_request(gun, call, credentials.length ? GUN_STEP_REGISTER_AUTH : GUN_STEP_REGISTER, GUN_MESSAGE_REGISTER,
		     &writing);
}

static void send_bye(struct gun *gun, struct gun_call *call)
{
	struct writing writing;

	begin_values(&writing, gun, call, ++call->cseq);
	add_dialog(&writing, gun, call);
	send_request(gun, call, GUN_STEP_BYE, GUN_MESSAGE_BYE, &writing);
}

static void send_ack(struct gun *gun, struct gun_call *call)
{
	struct writing writing;

	begin_values(&writing, gun, call, call->invite_cseq);
	add_dialog(&writing, gun, call);
	struct rte_mbuf *packet = make(gun, GUN_MESSAGE_ACK, &writing);
	if (packet != NULL)
		gun_wire_send(&gun->wire, GUN_CALLER, packet);
	call->ack_tsc = gun->now_tsc;
}

/* Of the INVITE that the answer belongs to (RFC 3261 17.1.1.3). */
static void send_ack_of_failure(struct gun *gun, const struct gun_call *call, const struct gun_message *answer)
{
	struct writing writing;

	begin_values(&writing, gun, call, answer->cseq);
	writing.values[GUN_FIELD_TO_TAG] = gun_read_tag(gun_read_value(answer, SIP_HEADER_TO));
	struct rte_mbuf *packet = make(gun, GUN_MESSAGE_ACK_FAILURE, &writing);
	if (packet != NULL)
		gun_wire_send(&gun->wire, GUN_CALLER, packet);
}

/* ---- beginnings ---- */

static struct gun_call *begin(struct gun *gun, uint64_t due_tsc)
{
	struct gun_call *call = gun_call_take(&gun->calls);

	gun->counts.tried += gun->is_measuring;
	gun_record(gun, GUN_LATENCY_START, due_tsc);
	if (call == NULL) {
		gun->counts.failed += gun->is_measuring;
		gun->counts.failures[GUN_STEP_FREE][GUN_CAUSE_NO_CALL] += gun->is_measuring;
		return NULL;
	}
	call->due_tsc = due_tsc;
	call->cseq = call->invite_cseq = call->called_cseq = 0;
	call->ringing_tsc = call->answered_tsc = call->ack_tsc = 0;
	call->called_step = GUN_CALLED_IDLE;
	call->is_measured = gun->is_measuring;
	call->has_fresh_nonce = false;
	return call;
}

void gun_caller_begin_call(struct gun *gun, uint64_t due_tsc)
{
	struct gun_call *call = begin(gun, due_tsc);
	char room[GUN_CREDENTIALS_BYTES_MAX];

	if (call == NULL)
		return;
	const struct gun_pool *pool = gun->pool;
	const struct gun_domain *domain =
		&pool->domain[pool->calling[gun_wire_random_below(&gun->random, pool->calling_count)]];
	call->user = domain->first_user + gun_wire_random_below(&gun->random, domain->user_count);
	call->dial = domain->first_dial + gun_wire_random_below(&gun->random, domain->dial_count);
	send_invite(gun, call, gun_credentials_reuse(room, gun, call, false));
}

static void begin_registration(struct gun *gun, uint64_t due_tsc)
{
	struct gun_call *call = begin(gun, due_tsc);
	char room[GUN_CREDENTIALS_BYTES_MAX];

	if (call == NULL)
		return;
	call->user = gun->next_user++;
	if (gun->next_user == gun->pool->user_count)
		gun->next_user = 0;
	call->dial = 0;
	send_register(gun, call, gun_credentials_reuse(room, gun, call, true));
}

static void begin_options(struct gun *gun, uint64_t due_tsc)
{
	struct gun_call *call = begin(gun, due_tsc);
	struct writing writing;

	if (call == NULL)
		return;
	call->user = call->dial = 0;
	begin_values(&writing, gun, call, ++call->cseq);
	send_request(gun, call, GUN_STEP_OPTIONS, GUN_MESSAGE_OPTIONS, &writing);
}

static struct gun_call *find_waiting(struct gun *gun)
{
	for (uint32_t tries = 0; tries < TRIES_MAX; tries++) {
		if (gun->next_call >= gun->calls.unused_first)
			gun->next_call = 0;
		struct gun_call *call = &gun->calls.call[gun->next_call++];
		if (gun->calls.unused_first > 0 && call->step == GUN_STEP_HOLD)
			return call;
	}
	return NULL;
}

static void begin_in_dialog(struct gun *gun, uint64_t due_tsc)
{
	struct gun_call *call = find_waiting(gun);
	struct writing writing;
	bool is_invite = gun->options->method == SIP_METHOD_INVITE;

	gun->counts.tried += gun->is_measuring;
	gun_record(gun, GUN_LATENCY_START, due_tsc);
	if (call == NULL) {
		gun->counts.failed += gun->is_measuring;
		gun->counts.failures[GUN_STEP_IN_DIALOG][GUN_CAUSE_NO_CALL] += gun->is_measuring;
		return;
	}
	call->due_tsc = due_tsc;
	call->is_measured = gun->is_measuring;
	begin_values(&writing, gun, call, ++call->cseq);
	add_dialog(&writing, gun, call);
	writing.values[GUN_FIELD_METHOD] =
		gun->options->method == SIP_METHOD_INFO ? SPAN_LITERAL("INFO") : SPAN_LITERAL("OPTIONS");
	send_request(gun, call, GUN_STEP_IN_DIALOG, is_invite ? GUN_MESSAGE_REINVITE : GUN_MESSAGE_IN_DIALOG, &writing);
}

void gun_caller_begin(struct gun *gun, uint64_t due_tsc)
{
	switch (gun->options->workload) {
	case GUN_WORKLOAD_REGISTER:
		begin_registration(gun, due_tsc);
		break;
	case GUN_WORKLOAD_OPTIONS:
		begin_options(gun, due_tsc);
		break;
	case GUN_WORKLOAD_IN_DIALOG:
		begin_in_dialog(gun, due_tsc);
		break;
	default:
		gun_caller_begin_call(gun, due_tsc);
	}
}

/* ---- answers ---- */

/* From now on the call waits for time to pass. */
static void hold(struct gun *gun, struct gun_call *call)
{
	gun_wire_drop(&gun->wire, call->request);
	call->request = NULL;
	call->step = GUN_STEP_HOLD;
	timer_wheel_stop(&gun->wheel, &call->caller_timer);
	if (gun->options->workload == GUN_WORKLOAD_IN_DIALOG && !gun->is_ending)
		return;
	if (gun->options->hold_ms == 0 || gun->is_ending)
		send_bye(gun, call);
	else
		timer_wheel_start(&gun->wheel, &call->caller_timer,
				  gun->now_tick + gun_ticks_of_ms(gun->options->hold_ms));
}

static void take_provisional(struct gun *gun, struct gun_call *call, const struct gun_message *answer)
{
	if (answer->status == 100 && !call->is_answered_before)
		gun_record(gun, GUN_LATENCY_INVITE_100, call->sent_tsc);
	if (answer->status == 180 && call->ringing_tsc != 0) {
		gun_record(gun, GUN_LATENCY_HOP_180, call->ringing_tsc);
		call->ringing_tsc = 0;
	}
	if (call->is_answered_before || answer->method != SIP_METHOD_INVITE)
		return;
	/* RFC 3261 17.1.1.2: no repetition any more; the answer may take as long as the other side rings. */
	call->is_answered_before = true;
	gun_wire_drop(&gun->wire, call->request);
	call->request = NULL;
	call->deadline_tick += gun_ticks_of_ms(gun->options->ring_ms);
	timer_wheel_start(&gun->wheel, &call->caller_timer, call->deadline_tick);
}

static void take_answered(struct gun *gun, struct gun_call *call, const struct gun_message *answer)
{
	bool is_new = call->step != GUN_STEP_IN_DIALOG;

	if (call->answered_tsc != 0)
		gun_record(gun, GUN_LATENCY_HOP_200, call->answered_tsc);
	call->answered_tsc = 0;
	call->invite_cseq = answer->cseq;
	if (is_new) {
		gun_record(gun, GUN_LATENCY_SETUP, call->due_tsc);
		if (!gun_dialog_take(call, gun_call_dialog(&gun->calls, call), answer,
				     gun->pool->dial[call->dial].uri)) {
			fail(gun, call, GUN_CAUSE_LONG_DIALOG);
			return;
		}
	} else {
		gun_record(gun, GUN_LATENCY_REQUEST_200, call->due_tsc);
		gun->counts.completed += call->is_measured;
		call->is_measured = false;
	}
	send_ack(gun, call);
	hold(gun, call);
}

/* A challenge: answered unless it refuses our answer to one. */
static void take_challenge(struct gun *gun, struct gun_call *call, const struct gun_message *answer)
{
	bool is_register = answer->method == SIP_METHOD_REGISTER;
	char room[GUN_CREDENTIALS_BYTES_MAX];

	if (call->has_fresh_nonce) {
		if (gun->nonce != NULL)
			gun->nonce[call->user].nonce_bytes = 0;
		fail(gun, call, answer->status);
		return;
	}
	if (call->step == GUN_STEP_INVITE || call->step == GUN_STEP_REGISTER)
		gun_record(gun, is_register ? GUN_LATENCY_REGISTER_401 : GUN_LATENCY_INVITE_407, call->due_tsc);
	struct span credentials = gun_credentials_answer(room, gun, call, answer);
	if (credentials.length == 0) {
		fail(gun, call, GUN_CAUSE_CHALLENGE);
		return;
	}
	call->has_fresh_nonce = true;
	if (is_register)
		send_register(gun, call, credentials);
	else
		send_invite(gun, call, credentials);
}

static bool is_challenge(const struct gun_call *call, const struct gun_message *answer)
{
	return (answer->status == 407 || answer->status == 401) && call->step != GUN_STEP_BYE &&
	       call->step != GUN_STEP_IN_DIALOG && call->step != GUN_STEP_OPTIONS;
}

static void take_final_of_invite(struct gun *gun, struct gun_call *call, const struct gun_message *answer)
{
	if (answer->status < 300) {
		take_answered(gun, call, answer);
		return;
	}
	send_ack_of_failure(gun, call, answer);
	if (is_challenge(call, answer))
		take_challenge(gun, call, answer);
	else
		fail(gun, call, answer->status);
}

static void take_final(struct gun *gun, struct gun_call *call, const struct gun_message *answer)
{
	bool is_good = answer->status < 300;

	if (is_challenge(call, answer)) {
		take_challenge(gun, call, answer);
		return;
	}
	if (!is_good) {
		fail(gun, call, answer->status);
		return;
	}
	if (call->step == GUN_STEP_IN_DIALOG) {
		gun_record(gun, GUN_LATENCY_REQUEST_200, call->due_tsc);
		gun->counts.completed += call->is_measured;
		call->is_measured = false;
		hold(gun, call);
		return;
	}
	if (call->step == GUN_STEP_BYE)
		gun_record(gun, GUN_LATENCY_BYE_200, call->sent_tsc);
	else if (call->step == GUN_STEP_OPTIONS)
		gun_record(gun, GUN_LATENCY_REQUEST_200, call->due_tsc);
	else
		gun_record(gun, GUN_LATENCY_REGISTER_200, call->sent_tsc);
	complete(gun, call);
}

/* Not the answer that the call waits for: one that we had, or that comes late. */
static void take_old(struct gun *gun, struct gun_call *call, const struct gun_message *answer)
{
	gun->counts.received_again++;
	if (answer->method != SIP_METHOD_INVITE || answer->status < 200)
		return;
	if (answer->status >= 300)
		send_ack_of_failure(gun, call, answer);
	else if (answer->cseq == call->invite_cseq)
		send_ack(gun, call);
}

void gun_caller_take(struct gun *gun, const struct gun_message *answer)
{
	struct gun_call *call = gun_call_find(&gun->calls, answer->call_id);

	gun->counts.answers[answer->status < GUN_COUNTS_CODES ? answer->status : 0]++;
	if (call == NULL || answer->status >= GUN_COUNTS_CODES) {
		gun->counts.stray++;
		return;
	}
	bool waits_for_bye = call->step == GUN_STEP_BYE;
	bool is_awaited = call->step != GUN_STEP_HOLD && answer->cseq == call->cseq &&
			  waits_for_bye == (answer->method == SIP_METHOD_BYE);
	if (!is_awaited)
		take_old(gun, call, answer);
	else if (answer->status < 200)
		take_provisional(gun, call, answer);
	else if (answer->method == SIP_METHOD_INVITE)
		take_final_of_invite(gun, call, answer);
	else
		take_final(gun, call, answer);
}

/* ---- time ---- */

void gun_caller_expire(struct gun *gun, struct gun_call *call)
{
	if (call->step == GUN_STEP_HOLD) {
		send_bye(gun, call);
		return;
	}
	if (gun->now_tick >= call->deadline_tick) {
		fail(gun, call, GUN_CAUSE_TIMEOUT);
		return;
	}
	gun->counts.sent_again++;
	gun_wire_send_again(&gun->wire, GUN_CALLER, call->request);
	uint32_t next = call->interval_ticks * 2u;
	bool is_invite = call->step == GUN_STEP_INVITE || call->step == GUN_STEP_INVITE_AUTH;
	call->interval_ticks = (uint16_t)(is_invite || next < GUN_T2_TICKS ? next : GUN_T2_TICKS);
	start_timer(gun, call);
}

void gun_caller_abandon(struct gun *gun)
{
	for (uint32_t i = 0; i < gun->calls.unused_first; i++)
		if (gun->calls.call[i].step != GUN_STEP_FREE)
			fail(gun, &gun->calls.call[i], GUN_CAUSE_UNFINISHED);
}

bool gun_caller_hang_up(struct gun *gun, uint32_t count_max)
{
	for (; gun->next_call < gun->calls.unused_first; gun->next_call++) {
		if (gun->calls.call[gun->next_call].step != GUN_STEP_HOLD)
			continue;
		if (count_max-- == 0)
			return false;
		send_bye(gun, &gun->calls.call[gun->next_call]);
	}
	return true;
}
