#include "call_track.h"
#include "cancel.h"
#include "client_branch.h"
#include "message_facts.h"
#include "response_context.h"
#include "server_transaction.h"
#include "stages.h"
#include "transact_unreachable.h"
#include "transact_warm.h"

#include "answer_write.h"

/* ACK of a non-2xx ends here; that of a 2xx walks on by its cookie (17.1.1.3, 13.2.2.4). */
static void transact_ack(struct worker *worker, struct packet *packet, struct transaction *transaction)
{
	if (transaction && transaction->is_invite && transaction->state != TRANSACTION_ACCEPTED) {
		packet->transaction = transaction;
		transaction_table_hold(&worker->transactions, transaction);
		server_transaction_acknowledge(worker, transaction);
		packet_end(packet, VERDICT_ABSORB, REASON_ACK_CONFIRMED);
	} else if (packet->kind != PACKET_IN_DIALOG) {
		bool is_own = answer_is_own_tag(&packet->message, worker->snapshot->keys->tag_key);
		packet_end(packet, VERDICT_DROP, is_own ? REASON_ACK_ABSORBED : REASON_ACK_WITHOUT_COOKIE);
	}
}

static void transact_request(struct worker *worker, struct packet *packet)
{
	if (packet->message.method == SIP_METHOD_REGISTER)
		return;
	struct transaction *transaction = transaction_table_find(&worker->transactions, packet->key);
	if (packet->message.method == SIP_METHOD_ACK) {
		transact_ack(worker, packet, transaction);
	} else if (packet->message.method == SIP_METHOD_CANCEL) {
		/* Its INVITE may be in this very burst: fork asks again. */
		if (transaction)
			cancel_receive(worker, packet, transaction);
	} else if (transaction) {
		bool answered = transaction->response.mbuf || (transaction->state == TRANSACTION_PROCEEDING &&
							       (transaction->is_invite || transaction->status == 100));
		server_transaction_repeat(worker, transaction, packet);
		packet_end(packet, VERDICT_ABSORB,
			   answered ? REASON_RETRANSMISSION_ANSWERED : REASON_RETRANSMISSION_ABSORBED);
	}
}

/* Whose branch is it? */
static enum reason transact_find_branch(struct worker *worker, struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	if (!packet->has_branch_name)
		return REASON_RESPONSE_FORGED;
	enum reason reason = client_branch_find(&packet->branch, worker, &packet->branch_name);
	if (reason != REASON_NONE)
		return reason;
	packet->transaction = &worker->transactions.transaction[packet->branch->transaction];
	transaction_table_hold(&worker->transactions, packet->transaction);
	bool of_cancel = packet->transaction->is_invite && message->method == SIP_METHOD_CANCEL;
	if (packet->transaction->call_id_hash != (uint32_t)packet->call_id_hash ||
	    message->cseq != packet->transaction->cseq ||
	    (message->method != packet->transaction->method && !of_cancel))
		return REASON_RESPONSE_FORGED;
	/* Our Via must not be the last one: there would be nobody to pass the response to. But our own CANCEL has no
	 * other. */
	return of_cancel || sip_message_has_next_via(message) ? REASON_NONE : REASON_RESPONSE_WITHOUT_NEXT_VIA;
}

static void transact_response(struct worker *worker, struct packet *packet)
{
	enum reason reason = transact_find_branch(worker, packet);

	if (reason != REASON_NONE) {
		packet_end(packet, VERDICT_DROP, reason);
	} else if (packet->message.method == SIP_METHOD_CANCEL) {
		client_branch_cancel_answered(worker, packet->branch, packet->message.status_code);
		packet_end(packet, VERDICT_ABSORB, REASON_CANCEL_CONFIRMED);
	} else {
		response_context_receive(worker, packet);
	}
}

void transact_burst(struct worker *worker)
{
	transact_warm_named(worker);
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (packet->verdict)
			continue;
		if (packet->is_unreachable)
			transact_unreachable(worker, packet);
		else if (packet->message.is_request)
			transact_request(worker, packet);
		else
			transact_response(worker, packet);
	}
}
