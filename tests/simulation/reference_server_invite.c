/*
 * RFC 3261 17.2.1 with RFC 6026 8.5: the INVITE server transaction.
 *
 *   Proceeding --2xx--> Accepted --L--> Terminated
 *       |
 *    300-699
 *       v
 *   Completed --ACK--> Confirmed --I--> Terminated
 *       `-------H------------------------^
 */
#include "reference_parts.h"

/* 17.2.1: 100 at once unless the TU is quick; amity's core never is. */
void reference_server_invite_begin(struct reference *reference, struct reference_server *server)
{
	server->state = REFERENCE_PROCEEDING;
	server->status = 100;
	reference_send_up(reference, server, 100, REFERENCE_TAG_NONE, false);
}

void reference_server_invite_take_again(struct reference *reference, struct reference_server *server)
{
	/* Accepted: "absorb"; Confirmed: ACK came, the final response is not sent any more. */
	if (server->state == REFERENCE_PROCEEDING || server->state == REFERENCE_COMPLETED)
		reference_send_up(reference, server, server->status, server->tag, true);
}

void reference_server_invite_take_ack(struct reference *reference, struct reference_server *server)
{
	if (server->state != REFERENCE_COMPLETED)
		return;
	reference_stop_timers(server->due);
	server->state = REFERENCE_CONFIRMED;
	server->due[TIMER_I] = reference->now + REFERENCE_T4;
}

void reference_server_invite_respond(struct reference *reference, struct reference_server *server, uint32_t status,
				     uint32_t tag)
{
	bool is_success = status >= 200 && status < 300;

	if (server->state == REFERENCE_ACCEPTED && !is_success)
		return;
	server->status = status;
	server->tag = tag;
	reference_send_up(reference, server, status, tag, false);
	if (status < 200 || server->state == REFERENCE_ACCEPTED)
		return;
	if (is_success) {
		server->state = REFERENCE_ACCEPTED;
		server->due[TIMER_L] = reference->now + 64 * REFERENCE_T1;
		return;
	}
	server->state = REFERENCE_COMPLETED;
	server->interval = REFERENCE_T1;
	server->due[TIMER_G] = reference->now + server->interval;
	server->due[TIMER_H] = reference->now + 64 * REFERENCE_T1;
}

void reference_server_invite_expire(struct reference *reference, struct reference_server *server,
				    enum reference_timer timer)
{
	if (timer != TIMER_G) {
		reference_stop_timers(server->due);
		server->state = REFERENCE_TERMINATED;
		return;
	}
	reference_send_up(reference, server, server->status, server->tag, true);
	server->interval = server->interval * 2 < REFERENCE_T2 ? server->interval * 2 : REFERENCE_T2;
	server->due[TIMER_G] = reference->now + server->interval;
}
