#include "call_audit.h"

enum call_audit_step {
	AUDIT_CLEAR,
	AUDIT_TRANSACTIONS,
	AUDIT_CALLS,
	AUDIT_LIMITS,
	AUDIT_STEPS,
};

void call_audit_begin(struct worker *worker)
{
	worker->inquire.step = AUDIT_CLEAR;
	worker->inquire.next = 0;
	worker->inquire.tallied = 0;
	worker->inquire.inquiry->audit = (struct call_audit){0};
	/* Marks of earlier audits are smaller numbers, 0 of calls that none has seen. */
	worker->calls.audit++;
}

static void judge_transaction(struct call_audit *audit, struct worker *worker, const struct transaction *transaction)
{
	if (transaction->state != TRANSACTION_PROCEEDING || !transaction->is_invite ||
	    transaction->kind != PACKET_INITIAL)
		return;
	audit->transactions++;
	if (transaction->call == CALL_NONE) {
		audit->untracked++;
		return;
	}
	struct call *call = call_table_find(&worker->calls, transaction->call);
	if (call) {
		call->audit = worker->calls.audit;
		return;
	}
	audit->transactions_without_call++;
	audit->example = transaction->call;
}

static void judge_call(struct call_audit *audit, struct worker *worker, const struct call *call)
{
	if (call->record.state == CALL_FREE)
		return;
	audit->calls++;
	if (call->record.state != CALL_ANSWERED) {
		audit->unanswered++;
		if (call->audit != worker->calls.audit) {
			audit->calls_without_transaction++;
			audit->example = call->record.handle;
		}
	}
	if (!timer_is_running(&call->timer)) {
		audit->calls_without_timer++;
		audit->example = call->record.handle;
	}
	for (uint32_t part = 0; part < CALL_LIMIT_COUNT; part++)
		if (call->limit[part] != LIMIT_NONE)
			worker->limits.audited[call->limit[part]]++;
}

static void judge_limit(struct call_audit *audit, const struct limit_table *limits, uint32_t entry)
{
	uint32_t calls = limit_table_calls_at(limits, entry);

	audit->limited += calls != 0;
	audit->limits_wrong += calls != limits->audited[entry];
}

static uint32_t slots_of(const struct worker *worker, enum call_audit_step step)
{
	switch (step) {
	case AUDIT_TRANSACTIONS:
		return worker->transactions.count;
	case AUDIT_CALLS:
		return worker->calls.count;
	default:
		return worker->limits.set_count * LIMIT_WAYS;
	}
}

static void judge_slot(struct worker *worker, uint32_t slot)
{
	struct call_audit *audit = &worker->inquire.inquiry->audit;

	switch ((enum call_audit_step)worker->inquire.step) {
	case AUDIT_CLEAR:
		worker->limits.audited[slot] = 0;
		break;
	case AUDIT_TRANSACTIONS:
		judge_transaction(audit, worker, &worker->transactions.transaction[slot]);
		break;
	case AUDIT_CALLS:
		judge_call(audit, worker, &worker->calls.call[slot]);
		worker->inquire.tallied = slot + 1;
		break;
	default:
		judge_limit(audit, &worker->limits, slot);
	}
}

bool call_audit_go_on(struct worker *worker)
{
	struct inquire_progress *progress = &worker->inquire;
	uint32_t slots = slots_of(worker, (enum call_audit_step)progress->step);

	for (uint32_t i = 0; i < INQUIRY_SLOTS_PER_BURST && progress->next < slots; i++)
		judge_slot(worker, progress->next++);
	if (progress->next < slots)
		return false;
	progress->next = 0;
	if (++progress->step < AUDIT_STEPS)
		return false;
	progress->tallied = 0;
	return true;
}
