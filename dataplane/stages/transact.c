#include "branch_name.h"
#include "call_track.h"
#include "cancel.h"
#include "client_branch.h"
#include "message_facts.h"
#include "response_context.h"
#include "server_transaction.h"
#include "send.h"
#include "stages.h"
#include "state_hash.h"
#include "transact_unreachable.h"

#include "answer_write.h"

static const struct span transact_cookie = SPAN_LITERAL("z9hG4bK");

/*
 * RFC 3261 17.2.3: branch, sent-by and method; the peers of RFC 2543, whose branch means nothing, by what the RFC has
 * for them. INVITE, its CANCEL and the ACK of its non-2xx have one name. Call-ID is a part of it, by its hash, since it
 * decides about the lcore; keyed, so that nobody can make two transactions meet.
 */
static void transact_make_key(const struct worker *worker, struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	struct span branch = sip_message_text(message, message->via_branch);
	bool of_invite = message->method == SIP_METHOD_ACK || message->method == SIP_METHOD_CANCEL;
	uint64_t method = of_invite ? SIP_METHOD_INVITE : message->method;
	struct state_hash hash;

	state_hash_begin(&hash, worker->snapshot->keys->steer_key, 'x');
	state_hash_add_numbers(&hash, packet->call_id_hash,
			       method << 48 | (uint64_t)message->via_port << 32 | message->cseq);
	state_hash_add(&hash, branch);
	state_hash_add(&hash, sip_message_text(message, message->via_host));
	if (method == SIP_METHOD_OTHER)
		state_hash_add(&hash, sip_message_text(message, message->method_text));
	if (!span_starts_with(branch, transact_cookie)) {
		state_hash_add(&hash, sip_message_text(message, message->request_uri));
		state_hash_add(&hash, sip_message_text(message, message->from_tag));
	}
	state_hash_finish(&hash, packet->key);
}

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

/* Our Via must not be the last one: there would be nobody to pass the response to. */
static bool transact_has_next_via(const struct sip_message *message)
{
	uint8_t index = message->first[SIP_HEADER_VIA];

	if (sip_message_next_via(message, index) != SIP_HEADER_NONE)
		return true;
	struct span value = sip_message_header_value(message, index);
	return memchr(value.at, ',', value.length) != NULL;
}

/* Whose branch is it? */
static enum reason transact_find_branch(struct worker *worker, struct packet *packet)
{
	const struct sip_message *message = &packet->message;
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
	/* The CANCEL was our own: there is nobody else in its Via. */
	return of_cancel || transact_has_next_via(message) ? REASON_NONE : REASON_RESPONSE_WITHOUT_NEXT_VIA;
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

/* What names the transaction. A response without a name of ours ends here. */
static void transact_name(struct worker *worker, struct packet *packet)
{
	const struct sip_message *message = &packet->message;

	packet->call_id_hash = call_track_hash_call_id(worker, sip_message_text(message, message->call_id));
	if (message->is_request) {
		transact_make_key(worker, packet);
		transaction_table_prefetch_bucket(&worker->transactions, packet->key);
	} else if (branch_name_read(&packet->branch_name, sip_message_text(message, message->via_branch))) {
		transaction_table_prefetch_response(&worker->transactions, packet->branch_name.slot);
	} else {
		packet_end(packet, VERDICT_DROP, REASON_RESPONSE_FORGED);
	}
}

/* What a response will touch, now that its branch and its transaction are on their way. */
static void transact_warm_response(const struct worker *worker, const struct packet *packet)
{
	const struct transaction_table *table = &worker->transactions;
	uint32_t slot = packet->branch_name.slot;

	transaction_table_prefetch_kept(table, slot);
	if (slot < table->count)
		call_table_prefetch(&worker->calls, table->transaction[slot].call,
				    packet->message.method == SIP_METHOD_BYE);
}

/*
 * Transactions are many and cold: what the burst will look at is asked for in steps, all packets at each step, so that
 * their cache misses overlap. Nothing is decided here.
 */
static void transact_warm_burst(const struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		const struct packet *packet = &worker->packet[i];
		if (packet->verdict || packet->is_unreachable)
			continue;
		if (packet->message.is_request)
			transaction_table_prefetch_first(&worker->transactions, packet->key);
		else
			transact_warm_response(worker, packet);
	}
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		const struct packet *packet = &worker->packet[i];
		if (!packet->verdict && !packet->is_unreachable && packet->message.is_request)
			transaction_table_prefetch_found(&worker->transactions, packet->key);
	}
}

void transact_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (!worker->packet[i].verdict && !worker->packet[i].is_unreachable)
			transact_name(worker, &worker->packet[i]);
	transact_warm_burst(worker);
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (packet->verdict)
			continue;
		send_prefetch_reserved(worker, packet);
		if (packet->is_unreachable)
			transact_unreachable(worker, packet);
		else if (packet->message.is_request)
			transact_request(worker, packet);
		else
			transact_response(worker, packet);
	}
}
