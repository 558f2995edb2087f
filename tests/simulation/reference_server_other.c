/*
 * RFC 3261 17.2.2 with RFC 4320: the server transaction of requests other than INVITE and ACK.
 *
 *   Trying --1xx--> Proceeding --200-699--> Completed --J--> Terminated
 *      `------------200-699------------------^
 *
 * The only provisional response is 100, and not before a client would have slowed down (RFC 4320 4.1).
 */
#include "reference_parts.h"

void reference_server_other_begin(struct reference *reference, struct reference_server *server)
{
	server->state = REFERENCE_TRYING;
	server->due[TIMER_TRYING] = reference->now + REFERENCE_TRYING_AFTER;
}

void reference_server_other_take_again(struct reference *reference, struct reference_server *server)
{
	if (server->state == REFERENCE_PROCEEDING || server->state == REFERENCE_COMPLETED)
		reference_send_up(reference, server, server->status, server->tag, true);
}

void reference_server_other_respond(struct reference *reference, struct reference_server *server, uint32_t status,
				    uint32_t tag)
{
	if (server->state == REFERENCE_COMPLETED || server->state == REFERENCE_TERMINATED)
		return;
	server->status = status;
	server->tag = tag;
	reference_send_up(reference, server, status, tag, false);
	if (status < 200) {
		server->state = REFERENCE_PROCEEDING;
		return;
	}
	reference_stop_timers(server->due);
	server->state = REFERENCE_COMPLETED;
	server->due[TIMER_J] = reference->now + 64 * REFERENCE_T1;
}

void reference_server_other_expire(struct reference *reference, struct reference_server *server,
				   enum reference_timer timer)
{
	if (timer == TIMER_TRYING) {
		reference_server_other_respond(reference, server, 100, REFERENCE_TAG_NONE);
		return;
	}
	reference_stop_timers(server->due);
	server->state = REFERENCE_TERMINATED;
}
