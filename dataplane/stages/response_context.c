#include "response_context.h"

#include <rte_mbuf.h>

#include "call_track.h"
#include "client_branch.h"
#include "fork.h"
#include "message_hold.h"
#include "message_parse.h"
#include "response_choose.h"
#include "rewrite.h"
#include "send.h"
#include "server_transaction.h"
#include "target.h"

void response_context_cancel_pending(struct worker *worker, struct transaction *transaction)
{
	const struct transaction_table *table = &worker->transactions;

	for (struct branch *branch = transaction_first_branch(table, transaction); branch;
	     branch = branch_next(table, branch))
		client_branch_cancel(worker, branch);
}

/*
 * What the far side says that the caller is not told as it is: a challenge, which it cannot answer (R28); 408 to a
 * non-INVITE, which counts as no reply (RFC 4320 4.2).
 */
static enum reason reason_in_its_place(const struct transaction *transaction, uint16_t status)
{
	if (transaction->kind == PACKET_INITIAL && (status == 401 || status == 407))
		return REASON_FAR_SIDE_CHALLENGED;
	return !transaction->is_invite && status == 408 ? REASON_NO_REPLY : REASON_NONE;
}

/* A target that rang too long has had its next one already; what it says now is late. */
static bool is_of_present_target(const struct transaction *transaction, const struct branch *branch)
{
	return branch->step == transaction->step_count;
}

/* What the present target's failure is, as it came (R16, R28). */
static void note_failure(struct transaction *transaction, const struct branch *branch, uint16_t status)
{
	if (is_of_present_target(transaction, branch) && response_choose_is_better(status, transaction->target_status))
		transaction->target_status = status;
}

/* `packet`: the response, if it came from outside. Result: whether that is the best now. */
static bool remember(struct worker *worker, struct transaction *transaction, uint16_t status, enum reason reason,
		     const struct packet *packet)
{
	struct rte_mbuf *mbuf = NULL;
	struct span text = {0};

	if (!response_choose_is_better(status, transaction->best_status))
		return false;
	transaction->best_status = status;
	transaction->best_reason = (uint16_t)reason;
	if (packet && reason == REASON_NONE) {
		text = packet->bytes;
		mbuf = message_hold(&text, worker, packet->mbuf, MESSAGE_HOLD_RESPONSE);
		if (!mbuf)
			transaction->best_reason = REASON_RESPONSE_NOT_WRITTEN;
	}
	transaction_table_keep(&worker->transactions, &transaction->best, mbuf, text);
	return mbuf != NULL;
}

/* BYE ends a dialog whatever it is answered, and if it is not (RFC 3261 15.1.1). */
static void end_dialog(struct worker *worker, const struct transaction *transaction)
{
	if (transaction->method == SIP_METHOD_BYE)
		call_track_bye(worker, transaction->call, transaction->callee_tag_hash, transaction->from_caller);
}

static void note_final(struct worker *worker, const struct transaction *transaction, enum reason reason)
{
	if (transaction->kind != PACKET_INITIAL)
		end_dialog(worker, transaction);
	else if (transaction->is_invite && !transaction->is_answered)
		call_track_failed(worker, transaction->call, transaction->best_status, reason);
}

/* The best response of the collected ones, from another packet than the one at hand. */
static void pass_kept(struct worker *worker, struct transaction *transaction)
{
	struct packet *work = &worker->work;
	struct span text = kept_message_text(&transaction->best);

	memset(work, 0, offsetof(struct packet, message));
	work->kind = PACKET_RESPONSE;
	work->bytes = text;
	memcpy(work->local.ip, transaction->entry.ip, sizeof(work->local.ip));
	work->transaction = transaction;
	server_transaction_answered(worker, transaction, transaction->best_status);
	if (message_parse(&work->message, text) != REASON_NONE)
		return; /* it parsed when it came */
	response_context_aim(work);
	if (target_find_hop(worker, work) != REASON_NONE || rewrite_packet(worker, work) != REASON_NONE) {
		server_transaction_refuse(worker, transaction, REASON_RESPONSE_NOT_WRITTEN);
		return;
	}
	server_transaction_keep(worker, transaction, work->out, transaction->best_status);
	worker->counters->value[COUNTER_FINALS_SENT]++;
	send_message(worker, work->out, &work->destination, work->entry);
	work->out = NULL;
}

static enum route_failure classify(const struct transaction *transaction, const struct branch *branch)
{
	return route_next_classify(branch->outcome, transaction->target_status);
}

static bool is_target_pending(const struct transaction_table *table, const struct transaction *transaction)
{
	for (const struct branch *branch = transaction_first_branch(table, transaction); branch;
	     branch = branch_next(table, branch))
		if (is_of_present_target(transaction, branch) && client_branch_is_pending(branch))
			return true;
	return false;
}

/* Is there, or comes there, somebody else who could take the request? */
static bool goes_on(struct worker *worker, struct transaction *transaction, const struct branch *branch)
{
	bool may_go_on = transaction->kind == PACKET_INITIAL && !transaction->cancelled && !transaction->is_answered &&
			 is_of_present_target(transaction, branch) &&
			 !is_target_pending(&worker->transactions, transaction);

	if (may_go_on && fork_go_on(worker, transaction, classify(transaction, branch)))
		return true;
	return transaction->pending_count > 0;
}

static void finish(struct worker *worker, struct transaction *transaction)
{
	enum reason reason = (enum reason)transaction->best_reason;

	note_final(worker, transaction, reason);
	if (transaction->best.mbuf) {
		pass_kept(worker, transaction);
	} else if (!transaction->is_invite && transaction->best_status == 408) {
		/* RFC 4320 4.2: nobody waits for it any more. */
		transaction->state = TRANSACTION_ENDED;
	} else {
		server_transaction_refuse(worker, transaction, reason);
	}
}

/* The final response at hand goes to the sender of the request. */
static void pass_at_hand(struct worker *worker, struct packet *packet, uint16_t status)
{
	note_final(worker, packet->transaction, REASON_NONE);
	server_transaction_answered(worker, packet->transaction, status);
	response_context_aim(packet);
}

/* Passed at once when it is a 2xx (16.7 step 5), or the best and the last. */
static void receive_final(struct worker *worker, struct packet *packet)
{
	struct transaction *transaction = packet->transaction;
	uint16_t status = packet->message.status_code;
	enum reason reason = reason_in_its_place(transaction, status);

	if (status >= 600 && !transaction->declined && is_of_present_target(transaction, packet->branch)) {
		transaction->declined = true;
		response_context_cancel_pending(worker, transaction);
	}
	if (transaction->state != TRANSACTION_PROCEEDING) {
		packet_end(packet, VERDICT_ABSORB, REASON_RESPONSE_ABSORBED);
		return;
	}
	if (status < 300) {
		/* UPDATE, the other request that refreshes a session (RFC 4028 7.4). */
		if (transaction->kind != PACKET_INITIAL)
			call_track_refresh(worker, transaction->call, &packet->message);
		pass_at_hand(worker, packet, status);
		return;
	}
	note_failure(transaction, packet->branch, status);
	bool is_best = remember(worker, transaction, reason == REASON_NONE ? status : reason_rows[reason].status,
				reason, packet);
	if (goes_on(worker, transaction, packet->branch)) {
		packet_end(packet, VERDICT_ABSORB, REASON_RESPONSE_COLLECTED);
		return;
	}
	/* To go on may have come to an answer of our own, which is the best then. */
	if (!is_best || !transaction->best.mbuf) {
		packet_end(packet, VERDICT_ABSORB, REASON_RESPONSE_COLLECTED);
		finish(worker, transaction);
		return;
	}
	pass_at_hand(worker, packet, status);
}

void response_context_aim(struct packet *packet)
{
	const struct transaction *transaction = packet->transaction;
	struct span request = kept_message_text(&transaction->request);

	packet->destination = transaction->upstream;
	packet->entry = &transaction->entry;
	packet->sender_from = packet->sender_to = (struct span){0};
	if (request.length) {
		packet->sender_from = span_slice(request, transaction->from);
		packet->sender_to = span_slice(request, transaction->to);
	}
}

static void receive_provisional(struct worker *worker, struct packet *packet)
{
	struct transaction *transaction = packet->transaction;

	if (transaction->state != TRANSACTION_PROCEEDING) {
		packet_end(packet, VERDICT_ABSORB, REASON_RESPONSE_ABSORBED);
		return;
	}
	server_transaction_answered(worker, transaction, packet->message.status_code);
	if (transaction->kind == PACKET_INITIAL)
		call_track_ringing(worker, transaction->call, packet->message.status_code);
	response_context_aim(packet);
}

static void receive_accepted(struct worker *worker, struct packet *packet)
{
	struct transaction *transaction = packet->transaction;

	if (!transaction->is_answered)
		response_context_cancel_pending(worker, transaction);
	if (transaction->kind == PACKET_INITIAL)
		call_track_answered(worker, transaction->call, &packet->message);
	else
		call_track_refresh(worker, transaction->call, &packet->message);
	server_transaction_answered(worker, transaction, packet->message.status_code);
	response_context_aim(packet);
}

void response_context_receive(struct worker *worker, struct packet *packet)
{
	switch (client_branch_receive(worker, packet->branch, &packet->message)) {
	case BRANCH_EVENT_PROVISIONAL:
		receive_provisional(worker, packet);
		break;
	case BRANCH_EVENT_ACCEPTED:
		receive_accepted(worker, packet);
		break;
	case BRANCH_EVENT_FINAL:
		receive_final(worker, packet);
		break;
	default:
		packet_end(packet, VERDICT_ABSORB,
			   packet->message.status_code < 200 ? REASON_PROVISIONAL_ABSORBED : REASON_RESPONSE_ABSORBED);
	}
}

void response_context_give_up(struct worker *worker, struct branch *branch, enum reason reason)
{
	struct transaction *transaction = &worker->transactions.transaction[branch->transaction];

	if (transaction->state != TRANSACTION_PROCEEDING)
		return;
	if (transaction->cancelled)
		reason = REASON_CANCELLED;
	note_failure(transaction, branch, reason_rows[reason].status);
	remember(worker, transaction, reason_rows[reason].status, reason, NULL);
	if (!goes_on(worker, transaction, branch))
		finish(worker, transaction);
}

void response_context_ring_over(struct worker *worker, struct branch *branch)
{
	struct transaction *transaction = &worker->transactions.transaction[branch->transaction];

	if (transaction->state != TRANSACTION_PROCEEDING || transaction->cancelled || transaction->declined ||
	    branch->step != transaction->step_count)
		return;
	for (struct branch *other = transaction_first_branch(&worker->transactions, transaction); other;
	     other = branch_next(&worker->transactions, other))
		if (other->step == branch->step)
			client_branch_cancel(worker, other);
	fork_go_on(worker, transaction, ROUTE_FAILURE_NO_ANSWER);
}
