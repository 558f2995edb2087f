#include "transact_unreachable.h"

#include "client_branch.h"
#include "response_context.h"

/*
 * RFC 3261 18.4, 16.9: who cannot be reached has answered 503. Only a request that is still being sent can fail so: a
 * called side that rings has a way to us, and its way to a CANCEL is found again or not.
 */
static bool is_being_sent(const struct branch *branch, const struct transaction *transaction)
{
	return branch->state == BRANCH_CALLING || (branch->state == BRANCH_PROCEEDING && !transaction->is_invite);
}

void transact_unreachable(struct worker *worker, struct packet *packet)
{
	struct branch *branch;
	enum reason reason = client_branch_find(&branch, worker, &packet->quoted.branch);

	if (reason != REASON_NONE) {
		packet_end(packet, VERDICT_DROP, REASON_UNREACHABLE_UNKNOWN);
		return;
	}
	struct transaction *transaction = &worker->transactions.transaction[branch->transaction];
	if (packet->quoted.method != transaction->method || !is_being_sent(branch, transaction) ||
	    !net_address_equals(&packet->source, &branch->destination)) {
		packet_end(packet, VERDICT_DROP, REASON_UNREACHABLE_UNKNOWN);
		return;
	}
	packet_end(packet, VERDICT_ABSORB, REASON_UNREACHABLE_REPORTED);
	packet->transaction = transaction;
	transaction_table_hold(&worker->transactions, transaction);
	client_branch_give_up(worker, branch);
	response_context_give_up(worker, branch, REASON_NEXT_HOP_UNREACHABLE);
}
