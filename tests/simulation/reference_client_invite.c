/*
 * RFC 3261 17.1.1 with RFC 6026 8.4: the INVITE client transaction. REFERENCE_TRYING is its state Calling.
 *
 *   Calling --1xx--> Proceeding --2xx--> Accepted --M--> Terminated
 *      |                 `-----300-699--> Completed --D--> Terminated
 *      `--2xx, 300-699 likewise; B--> Terminated, the core is told
 */
#include "reference_parts.h"

void reference_client_invite_begin(struct reference *reference, struct reference_client *client)
{
	client->state = REFERENCE_TRYING;
	client->interval = REFERENCE_T1;
	client->due[TIMER_A] = reference->now + client->interval;
	client->due[TIMER_B] = reference->now + 64 * REFERENCE_T1;
	reference_send_down(reference, client, REFERENCE_INVITE, false);
}

static void take_final(struct reference *reference, struct reference_client *client, uint32_t status, uint32_t tag)
{
	reference_stop_timers(client->due);
	client->status = status;
	if (status < 300) {
		client->state = REFERENCE_ACCEPTED;
		client->due[TIMER_M] = reference->now + 64 * REFERENCE_T1;
	} else {
		client->state = REFERENCE_COMPLETED;
		client->due[TIMER_D] = reference->now + REFERENCE_TIMER_D;
		client->ack_tag = tag;
		reference_send_down(reference, client, REFERENCE_ACK, false);
	}
	reference_proxy_take(reference, client, status, tag);
}

void reference_client_invite_take(struct reference *reference, struct reference_client *client, uint32_t status,
				  uint32_t tag)
{
	switch (client->state) {
	case REFERENCE_TRYING:
	case REFERENCE_PROCEEDING:
		if (status >= 200) {
			take_final(reference, client, status, tag);
			return;
		}
		client->due[TIMER_A] = client->due[TIMER_B] = REFERENCE_NEVER;
		client->state = REFERENCE_PROCEEDING;
		reference_proxy_take(reference, client, status, tag);
		return;
	case REFERENCE_COMPLETED:
		if (status >= 300)
			reference_send_down(reference, client, REFERENCE_ACK, true);
		return;
	case REFERENCE_ACCEPTED:
		if (status >= 200 && status < 300)
			reference_proxy_take(reference, client, status, tag);
		return;
	default:
		return;
	}
}

void reference_client_invite_expire(struct reference *reference, struct reference_client *client,
				    enum reference_timer timer)
{
	switch (timer) {
	case TIMER_A:
		reference_send_down(reference, client, REFERENCE_INVITE, true);
		client->interval *= 2;
		client->due[TIMER_A] = reference->now + client->interval;
		return;
	case TIMER_C:
	case TIMER_GIVE_UP:
	case TIMER_RING:
		reference_proxy_expire(reference, client, timer);
		return;
	default:
		reference_stop_timers(client->due);
		client->state = REFERENCE_TERMINATED;
		if (timer == TIMER_B)
			reference_proxy_fail(reference, client, 408);
	}
}
