/*
 * RFC 3261 17.1.2: the client transaction of requests other than INVITE and ACK.
 *
 *   Trying --1xx--> Proceeding --200-699--> Completed --K--> Terminated
 *      `--200-699 likewise; F in both: Terminated, the core is told
 */
#include "reference_parts.h"

void reference_client_other_begin(struct reference *reference, struct reference_client *client)
{
	client->state = REFERENCE_TRYING;
	client->interval = REFERENCE_T1;
	client->due[TIMER_E] = reference->now + client->interval;
	client->due[TIMER_F] = reference->now + 64 * REFERENCE_T1;
	reference_send_down(reference, client, client->method, false);
}

void reference_client_other_take(struct reference *reference, struct reference_client *client, uint32_t status,
				 uint32_t tag)
{
	if (client->state != REFERENCE_TRYING && client->state != REFERENCE_PROCEEDING)
		return;
	if (status < 200) {
		client->state = REFERENCE_PROCEEDING;
	} else {
		reference_stop_timers(client->due);
		client->state = REFERENCE_COMPLETED;
		client->status = status;
		client->due[TIMER_K] = reference->now + REFERENCE_T4;
	}
	if (client->parent == REFERENCE_NONE)
		reference_proxy_take(reference, client, status, tag);
}

void reference_client_other_expire(struct reference *reference, struct reference_client *client,
				   enum reference_timer timer)
{
	if (timer == TIMER_E) {
		reference_send_down(reference, client, client->method, true);
		uint64_t doubled = client->interval * 2;
		/* Proceeding: "Timer E is reset to T2". */
		client->interval =
			client->state == REFERENCE_PROCEEDING || doubled > REFERENCE_T2 ? REFERENCE_T2 : doubled;
		client->due[TIMER_E] = reference->now + client->interval;
		return;
	}
	reference_stop_timers(client->due);
	client->state = REFERENCE_TERMINATED;
	if (timer == TIMER_F && client->parent == REFERENCE_NONE)
		reference_proxy_fail(reference, client, 408);
}
