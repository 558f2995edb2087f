#include "gun_called.h"

#include "gun_text.h"

#define TAG_BYTES (1 + GUN_CALL_ID_BYTES)

/* The call's id in the Call-ID, which the router keeps. */
static struct span write_tag(char tag[TAG_BYTES], const struct gun_message *request)
{
	uint32_t length = request->call_id.length < GUN_CALL_ID_BYTES ? request->call_id.length : GUN_CALL_ID_BYTES;

	tag[0] = 's';
	memcpy(tag + 1, request->call_id.at, length);
	return span_make(tag, 1 + length);
}

/* Result: the answer, finished; NULL when it could not be made. */
static struct rte_mbuf *make(struct gun *gun, const struct gun_message *request,
			     const struct gun_frame_received *received, enum gun_answer_name name)
{
	const struct gun_frame_address *router = &gun->router[GUN_CALLEE];
	struct rte_mbuf *packet = gun_wire_take(&gun->wire);
	struct gun_frame back;
	char tag[TAG_BYTES];

	if (packet == NULL)
		return NULL;
	bool is_usual = received->from.address_be == router->address_be && received->from.port_be == router->port_be &&
			received->to.address_be == gun->options->own[GUN_CALLEE].address_be &&
			received->to.port_be == gun->options->own[GUN_CALLEE].port_be;
	if (!is_usual)
		gun_frame_init(&back, &received->to, &received->from);
	uint32_t bytes = gun_message_answer(gun_wire_room(packet), GUN_WIRE_ROOM_BYTES, request,
					    &gun->messages.answer[name], write_tag(tag, request));
	return gun_wire_finish(&gun->wire, packet, is_usual ? &gun->frame[GUN_CALLEE] : &back, bytes) ? packet : NULL;
}

static void answer(struct gun *gun, const struct gun_message *request, const struct gun_frame_received *received,
		   enum gun_answer_name name)
{
	struct rte_mbuf *packet = make(gun, request, received, name);

	if (packet != NULL)
		gun_wire_send(&gun->wire, GUN_CALLEE, packet);
}

void gun_called_forget(struct gun *gun, struct gun_call *call)
{
	timer_wheel_stop(&gun->wheel, &call->called_timer);
	gun_wire_drop(&gun->wire, call->answer);
	call->answer = NULL;
}

/* Sends the 200, now and until it is acknowledged (RFC 3261 13.3.1.4). */
static void pick_up(struct gun *gun, struct gun_call *call)
{
	call->called_step = GUN_CALLED_ANSWERED;
	call->answered_tsc = gun->now_tsc;
	gun_wire_send_again(&gun->wire, GUN_CALLEE, call->answer);
	if (gun->options->no_retransmit) {
		gun_called_forget(gun, call);
		return;
	}
	call->called_interval_ticks = GUN_T1_TICKS;
	call->called_deadline_tick = (uint32_t)gun->now_tick + GUN_TIMEOUT_TICKS;
	timer_wheel_start(&gun->wheel, &call->called_timer, gun->now_tick + GUN_T1_TICKS);
}

/* Without memory to keep the 200 it is sent once, at once. */
static void answer_once(struct gun *gun, struct gun_call *call, struct rte_mbuf *packet)
{
	call->called_step = GUN_CALLED_ANSWERED;
	call->answered_tsc = gun->now_tsc;
	gun_wire_send(&gun->wire, GUN_CALLEE, packet);
}

static void take_new_invite(struct gun *gun, struct gun_call *call, const struct gun_message *request,
			    const struct gun_frame_received *received)
{
	bool is_first = call->called_step == GUN_CALLED_IDLE;

	gun_called_forget(gun, call);
	call->called_cseq = request->cseq;
	if (is_first) {
		gun_record(gun, GUN_LATENCY_HOP_INVITE, call->sent_tsc);
		answer(gun, request, received, GUN_ANSWER_180);
		call->ringing_tsc = gun->now_tsc;
	}
	struct rte_mbuf *packet = make(gun, request, received, GUN_ANSWER_200_INVITE);
	if (packet == NULL)
		return;
	call->answer = gun_wire_keep(&gun->wire, packet);
	if (call->answer == NULL) {
		answer_once(gun, call, packet);
		return;
	}
	rte_pktmbuf_free(packet); /* the kept reference remains */
	if (!is_first || gun->options->ring_ms == 0) {
		pick_up(gun, call);
		return;
	}
	call->called_step = GUN_CALLED_RINGING;
	timer_wheel_start(&gun->wheel, &call->called_timer, gun->now_tick + gun_ticks_of_ms(gun->options->ring_ms));
}

/* The router repeats it: it has not got our answer. */
static void take_old_invite(struct gun *gun, struct gun_call *call, const struct gun_message *request,
			    const struct gun_frame_received *received)
{
	gun->counts.received_again++;
	if (call->called_step == GUN_CALLED_RINGING)
		answer(gun, request, received, GUN_ANSWER_180);
	else if (call->called_step == GUN_CALLED_ANSWERED && call->answer != NULL)
		gun_wire_send_again(&gun->wire, GUN_CALLEE, call->answer);
}

static void take_ack(struct gun *gun, struct gun_call *call)
{
	if (call->called_step != GUN_CALLED_ANSWERED) {
		gun->counts.received_again++;
		return;
	}
	if (call->ack_tsc != 0)
		gun_record(gun, GUN_LATENCY_HOP_ACK, call->ack_tsc);
	call->ack_tsc = 0;
	call->called_step = GUN_CALLED_CONFIRMED;
	gun_called_forget(gun, call);
}

static void take_bye(struct gun *gun, struct gun_call *call)
{
	if (call->called_step == GUN_CALLED_ENDED) {
		gun->counts.received_again++;
		return;
	}
	if (call->step == GUN_STEP_BYE)
		gun_record(gun, GUN_LATENCY_HOP_BYE, call->sent_tsc);
	call->called_step = GUN_CALLED_ENDED;
	gun_called_forget(gun, call);
}

void gun_called_take(struct gun *gun, const struct gun_message *request, const struct gun_frame_received *received)
{
	struct gun_call *call = gun_call_find(&gun->calls, request->call_id);

	if (call == NULL)
		*(request->method == SIP_METHOD_OPTIONS ? &gun->counts.pings : &gun->counts.stray) += 1;
	if (request->method == SIP_METHOD_INVITE) {
		if (call == NULL)
			return;
		if (call->called_step == GUN_CALLED_IDLE ||
		    (request->cseq > call->called_cseq && call->called_step != GUN_CALLED_ENDED))
			take_new_invite(gun, call, request, received);
		else
			take_old_invite(gun, call, request, received);
		return;
	}
	if (request->method == SIP_METHOD_ACK) {
		if (call != NULL)
			take_ack(gun, call);
		return;
	}
	if (request->method == SIP_METHOD_BYE && call != NULL)
		take_bye(gun, call);
	answer(gun, request, received, GUN_ANSWER_200);
}

void gun_called_expire(struct gun *gun, struct gun_call *call)
{
	if (call->called_step == GUN_CALLED_RINGING) {
		pick_up(gun, call);
		return;
	}
	if (gun->now_tick >= call->called_deadline_tick) {
		gun->counts.acks_missing++;
		gun_called_forget(gun, call);
		return;
	}
	gun->counts.sent_again++;
	gun_wire_send_again(&gun->wire, GUN_CALLEE, call->answer);
	uint32_t next = call->called_interval_ticks * 2u;
	call->called_interval_ticks = (uint16_t)(next < GUN_T2_TICKS ? next : GUN_T2_TICKS);
	timer_wheel_start(&gun->wheel, &call->called_timer, gun->now_tick + call->called_interval_ticks);
}
