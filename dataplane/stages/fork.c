#include "fork.h"

#include <rte_mbuf.h>

#include "call_track.h"
#include "cancel.h"
#include "client_branch.h"
#include "kept_request.h"
#include "message_hold.h"
#include "response_choose.h"
#include "packet_name.h"
#include "rewrite.h"
#include "rewrite_parts.h"
#include "send.h"
#include "server_transaction.h"
#include "stages.h"
#include "state_number.h"
#include "target.h"
#include "via_find_own.h"

/* Request as received, as sent, and the first response: what an INVITE keeps until it is answered. */
#define FORK_MBUFS    3
#define FORK_REQUESTS 2 /* of these: what it cannot do without */

/* RFC 3261 8.2.2.2: the same request by another way has all of it but the branch. */
static uint64_t make_merge_key(struct state_number key, const struct packet *packet)
{
	const struct sip_message *message = &packet->message;

	state_number_add_numbers(&key, packet->call_id_hash, (uint64_t)message->method << 32 | message->cseq);
	state_number_add(&key, sip_message_text(message, message->from_tag));
	return state_number_finish(&key);
}

/* RFC 3261 16.3 step 4: what the rules look at. A request that comes back with all of it the same goes in a circle. */
static uint64_t make_loop_key(struct state_number key, const struct packet *packet)
{
	const struct caller *caller = &packet->caller;

	state_number_add_numbers(&key, caller->company ? caller->company->id : 0, caller->endpoint != NULL);
	state_number_add(&key, sip_message_text(&packet->message, packet->message.request_uri));
	if (caller->endpoint)
		state_number_add(&key, caller->endpoint->name);
	return state_number_finish(&key);
}

/* Most requests have one Via value, read already, and it is not of our making. */
static bool is_from_elsewhere(const struct sip_message *message)
{
	struct branch_name name;

	return !sip_message_has_next_via(message) &&
	       !branch_name_read(&name, sip_message_text(message, message->via_branch));
}

/* Did this request pass us before? Result: REASON_LOOP_DETECTED when it asked for the same then. */
static enum reason check_own_vias(bool *passed_before, const struct transaction_table *table,
				  const struct packet *packet)
{
	struct via_find_own search = via_find_own_begin(&packet->message);
	struct branch_name name;

	while (via_find_own_next(&name, &search)) {
		if (name.slot >= table->branch_count || table->branch[name.slot].secret != name.secret ||
		    table->branch[name.slot].state == BRANCH_FREE)
			continue;
		*passed_before = true;
		if (table->transaction[table->branch[name.slot].transaction].loop_key == packet->loop_key)
			return REASON_LOOP_DETECTED;
	}
	return REASON_NONE;
}

/* Who passed us before is no merged one, and a loop when it asks for the same again. */
static enum reason check_circles(const struct worker *worker, const struct packet *packet)
{
	const struct transaction_table *table = &worker->transactions;
	bool passed_before = false;

	if (!is_from_elsewhere(&packet->message) && check_own_vias(&passed_before, table, packet) != REASON_NONE)
		return REASON_LOOP_DETECTED;
	if (!passed_before && transaction_table_find_merged(table, packet->merge_key))
		return REASON_MERGED_REQUEST;
	return REASON_NONE;
}

/* What we refuse for the target, by its limits (R18) and codecs (R25), may go on as if the target had refused it. */
static enum route_failure failure_of(const struct packet *packet, enum reason reason)
{
	switch (reason) {
	case REASON_CARRIER_CALL_LIMIT:
	case REASON_ENDPOINT_CALL_LIMIT:
	case REASON_NO_COMMON_CODEC:
		return route_next_classify(packet->decision.outcome, reason_rows[reason].status);
	default:
		return ROUTE_FAILURE_NONE;
	}
}

static enum reason admit(struct worker *worker, struct packet *packet)
{
	enum reason reason;

	while ((reason = call_track_admit(worker, packet)) != REASON_NONE) {
		if (!target_move_on(worker, packet, failure_of(packet, reason)))
			break;
		reason = target_reach(worker, packet, TARGET_Q_ABOVE_ALL);
		if (reason != REASON_NONE)
			break;
	}
	return reason;
}

static struct transaction *add_transaction(struct worker *worker, const struct packet *packet, uint64_t merge_key)
{
	struct transaction_table *table = &worker->transactions;

	if (!message_hold_has_room(worker, packet->mbuf, (uint32_t)packet->bytes.length, FORK_REQUESTS))
		return NULL;
	return transaction_table_add(table, packet->key, merge_key, FORK_MBUFS);
}

static enum reason begin_initial(struct worker *worker, struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	enum reason reason = check_circles(worker, packet);

	if (reason == REASON_NONE && message->method == SIP_METHOD_INVITE)
		reason = admit(worker, packet);
	if (reason != REASON_NONE) {
		/* What came by another way too is one attempt, and has its record from that way. */
		if (message->method == SIP_METHOD_INVITE && reason != REASON_MERGED_REQUEST)
			call_track_refused(worker, packet, reason);
		return reason;
	}
	packet->transaction = add_transaction(worker, packet, packet->merge_key);
	if (!packet->transaction) {
		if (message->method == SIP_METHOD_INVITE)
			call_track_failed(worker, packet->call, reason_rows[REASON_TRANSACTIONS_FULL].status,
					  REASON_TRANSACTIONS_FULL);
		return REASON_TRANSACTIONS_FULL;
	}
	packet->transaction->loop_key = packet->loop_key;
	return REASON_NONE;
}

static enum reason begin_in_dialog(struct worker *worker, struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	struct slice callee_tag = packet->from_caller ? message->to_tag : message->from_tag;

	packet->transaction = add_transaction(worker, packet, 0);
	if (!packet->transaction)
		return REASON_TRANSACTIONS_FULL;
	packet->transaction->from_caller = packet->from_caller;
	if (message->method == SIP_METHOD_BYE)
		packet->transaction->callee_tag_hash =
			call_track_hash_tag(worker->snapshot->keys, sip_message_text(message, callee_tag));
	return REASON_NONE;
}

/* An ACK of a 2xx has no transaction: its Via tells it from others, and the same one again from none. */
static void name_ack(const struct worker *worker, struct packet *packet)
{
	packet->branch_name = (struct branch_name){.node = worker->snapshot->keys->node_id,
						   .worker = (uint8_t)worker->index,
						   .slot = TRANSACTION_NONE,
						   .secret = packet_name_shown(worker, packet)};
}

static void fork_packet(struct worker *worker, struct packet *packet)
{
	if (packet->message.method == SIP_METHOD_CANCEL) {
		cancel_receive(worker, packet, transaction_table_find(&worker->transactions, packet->key));
		return;
	}
	packet->sender_from = sip_message_text(&packet->message, packet->message.from.address);
	packet->sender_to = sip_message_text(&packet->message, packet->message.to.address);
	if (packet->message.method == SIP_METHOD_ACK) {
		name_ack(worker, packet);
		return;
	}
	/* Its twin came in the same burst. */
	if (transaction_table_find(&worker->transactions, packet->key)) {
		packet_end(packet, VERDICT_ABSORB, REASON_RETRANSMISSION_ABSORBED);
		return;
	}
	enum reason reason =
		packet->kind == PACKET_INITIAL ? begin_initial(worker, packet) : begin_in_dialog(worker, packet);
	if (reason != REASON_NONE) {
		packet_refuse(packet, reason);
		return;
	}
	server_transaction_begin(worker, packet->transaction, packet);
	client_branch_begin(worker, packet->transaction, packet);
}

/* What names the request beside its key; requests alike are asked for, all packets at once. */
static void name_burst(struct worker *worker)
{
	const struct secret_keys *keys = worker->snapshot->keys;
	struct state_number merge_key, loop_key;

	state_number_begin(&merge_key, keys->steer_key, 'm');
	state_number_begin(&loop_key, keys->steer_key, 'l');
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (packet->verdict || packet->kind != PACKET_INITIAL)
			continue;
		packet->merge_key = make_merge_key(merge_key, packet);
		packet->loop_key = make_loop_key(loop_key, packet);
		transaction_table_prefetch_merged(&worker->transactions, packet->merge_key);
	}
}

void fork_burst(struct worker *worker)
{
	name_burst(worker);
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (!packet->verdict && packet->kind != PACKET_RESPONSE)
			fork_packet(worker, packet);
	}
}

/* Result: why it could not be written; the branch is ended then. */
static enum reason write_branch(struct worker *worker, struct packet *packet)
{
	packet->out = NULL;
	if (!client_branch_begin(worker, packet->transaction, packet))
		return REASON_TRANSACTIONS_FULL;
	enum reason reason = rewrite_packet(worker, packet);
	if (reason == REASON_NONE)
		client_branch_sent(worker, packet->branch, packet->out);
	else
		client_branch_give_up(worker, packet->branch);
	return reason;
}

static void send_out(struct worker *worker, struct packet *packet)
{
	worker->counters->value[COUNTER_BRANCHES_SENT]++;
	send_message(worker, packet->out, &packet->destination, packet->entry);
	packet->out = NULL;
}

/* R20. Result: how many messages were sent. */
static uint32_t send_beside(struct worker *worker, struct packet *packet)
{
	uint32_t sent = 0;

	while (target_reach_beside(worker, packet))
		if (write_branch(worker, packet) == REASON_NONE) {
			send_out(worker, packet);
			sent++;
		}
	return sent;
}

void fork_complete(struct worker *worker, struct packet *packet)
{
	struct transaction *transaction = packet->transaction;

	if (!transaction)
		return;
	client_branch_sent(worker, packet->branch, packet->out);
	if (transaction->is_invite)
		server_transaction_send_trying(worker, transaction, packet);
	/* A CANCEL of the same burst: no new branches. */
	if (!packet->binding || transaction->cancelled)
		return;
	/* What leaves with the burst: the branch that was written first. */
	struct rte_mbuf *out = packet->out;
	struct branch *branch = packet->branch;
	const struct binding *binding = packet->binding;
	struct net_address destination = packet->destination;
	struct net_entry entry = packet->binding_entry;
	struct wire_hop hop = packet->hop;
	uint8_t hop_result = packet->hop_result;

	send_beside(worker, packet);
	packet->out = out;
	packet->branch = branch;
	packet->binding = binding;
	packet->destination = destination;
	packet->binding_entry = entry;
	packet->entry = &packet->binding_entry;
	packet->hop = hop;
	packet->hop_result = hop_result;
}

/* All that can be reached of the present target's bindings with the q of packet->binding. Result: why nothing was sent.
 */
static enum reason send_group(struct worker *worker, struct packet *packet)
{
	packet->transaction->bindings_q = packet->binding ? packet->binding->q : 0;
	enum reason reason = write_branch(worker, packet);

	if (reason == REASON_NONE)
		send_out(worker, packet);
	return send_beside(worker, packet) > 0 ? REASON_NONE : reason;
}

/* What a forward is refused with ends the call (R27): it does not compete with what others answered. */
static void weigh(struct worker *worker, const struct packet *packet, enum reason reason)
{
	struct transaction *transaction = packet->transaction;
	uint16_t status = reason_rows[reason].status;

	if (packet->decision.outcome != ROUTE_OUTCOME_REJECT &&
	    !response_choose_is_better(status, transaction->best_status))
		return;
	transaction->best_status = status;
	transaction->best_reason = (uint16_t)reason;
	transaction_table_give_back(&worker->transactions, &transaction->best);
}

/* Targets one after another until one takes a message. `reason`: what reaching the first one came to. */
static bool try_targets(struct worker *worker, struct packet *packet, enum reason reason)
{
	struct transaction *transaction = packet->transaction;

	for (;;) {
		if (reason == REASON_NONE && transaction->is_invite)
			reason = call_track_retarget(worker, transaction->call, packet);
		if (reason == REASON_NONE) {
			memcpy(transaction->step, packet->step, packet->step_count);
			transaction->step_count = packet->step_count;
			transaction->target_status = 0;
			transaction->declined = false; /* 6xx was said by another one */
			reason = send_group(worker, packet);
		}
		if (reason == REASON_NONE)
			return true;
		weigh(worker, packet, reason);
		if (!target_move_on(worker, packet, failure_of(packet, reason)))
			return false;
		reason = target_reach(worker, packet, TARGET_Q_ABOVE_ALL);
	}
}

/* Another target than the first one, for the request in the burst. Result: false: none was sent anything. */
static bool try_others(struct worker *worker, struct packet *packet, enum reason reason)
{
	struct transaction *transaction = packet->transaction;

	weigh(worker, packet, reason);
	if (transaction->cancelled || !target_move_on(worker, packet, failure_of(packet, reason)) ||
	    !try_targets(worker, packet, target_reach(worker, packet, TARGET_Q_ABOVE_ALL)))
		return false;
	if (transaction->is_invite)
		server_transaction_send_trying(worker, transaction, packet);
	return true;
}

void fork_fail(struct worker *worker, struct packet *packet, enum reason reason)
{
	struct transaction *transaction = packet->transaction;

	if (!transaction) { /* an ACK */
		packet_refuse(packet, reason);
		return;
	}
	client_branch_give_up(worker, packet->branch);
	packet->branch = NULL;
	if (packet->kind == PACKET_INITIAL && try_others(worker, packet, reason)) {
		packet_end(packet, VERDICT_FORWARD, REASON_FORWARDED_REQUEST);
		return;
	}
	if (packet->kind == PACKET_INITIAL) {
		if (transaction->best_status) /* else no buffer: not for an answer either */
			reason = (enum reason)transaction->best_reason;
		if (transaction->is_invite)
			call_track_failed(worker, packet->call, reason_rows[reason].status, reason);
	}
	packet_refuse(packet, reason);
	if (packet->verdict == VERDICT_ANSWER) { /* the final response belongs to the transaction */
		if (transaction->method == SIP_METHOD_BYE)
			call_track_bye(worker, transaction->call, transaction->callee_tag_hash,
				       transaction->from_caller);
		return;
	}
	transaction_table_remove(&worker->transactions, transaction);
	packet->transaction = NULL;
}

/* The kept request as far as it has come: at its present target. Result: false when an apply has taken the way away. */
static bool take_up(struct worker *worker, struct transaction *transaction)
{
	struct packet *work = &worker->work;

	if (!kept_request_read(work, transaction) || !kept_request_find_caller(worker, work, transaction))
		return false;
	memcpy(work->step, transaction->step, transaction->step_count);
	work->step_count = transaction->step_count;
	work->transaction = transaction;
	target_decide(worker, work);
	return work->step_count == transaction->step_count && work->decision.outcome != ROUTE_OUTCOME_REJECT;
}

static bool go_past(struct worker *worker, enum route_failure failure)
{
	struct packet *work = &worker->work;

	return target_move_on(worker, work, failure) &&
	       try_targets(worker, work, target_reach(worker, work, TARGET_Q_ABOVE_ALL));
}

bool fork_go_on(struct worker *worker, struct transaction *transaction, enum route_failure failure)
{
	struct packet *work = &worker->work;

	/* Nothing else to ask: most failures are the far side's last word. */
	if (failure == ROUTE_FAILURE_NONE && transaction->bindings_q == 0)
		return false;
	if (!take_up(worker, transaction))
		return false;
	if (transaction->bindings_q > 0 && !transaction->declined &&
	    target_reach(worker, work, transaction->bindings_q) == REASON_NONE &&
	    send_group(worker, work) == REASON_NONE)
		return true;
	return go_past(worker, failure);
}

bool fork_go_past(struct worker *worker, struct transaction *transaction)
{
	return take_up(worker, transaction) && go_past(worker, ROUTE_FAILURE_NO_ANSWER);
}
