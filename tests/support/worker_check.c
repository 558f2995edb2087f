#include "worker_check.h"

#include <rte_mbuf.h>

#include "call_audit.h"
#include "client_branch.h"
#include "must.h"

/* What the table should have counted. */
struct tally {
	uint32_t used, lingering, spare, mbufs, size[KEPT_SIZE_COUNT];
	uint64_t timers;
};

static void tally_kept(struct tally *tally, const struct kept_message *kept)
{
	if (!kept->mbuf) {
		must(kept_message_text(kept).length == 0);
		return;
	}
	must(rte_mbuf_refcnt_read(kept->mbuf) > 0);
	must((uint32_t)kept->offset + kept->length <= kept->mbuf->buf_len);
	tally->mbufs++;
	tally->size[kept_message_size_of_mbuf(kept->mbuf)]++;
}

/* Until it has ended, its timer runs: it answers, it is given up, or it has absorbed for long enough. */
static void check_branch(struct tally *tally, const struct transaction_table *table, const struct branch *branch,
			 uint32_t transaction)
{
	must(branch->state != BRANCH_FREE && branch->transaction == transaction);
	must(timer_is_running(&branch->timer) == (branch->state != BRANCH_ENDED));
	tally_kept(tally, &branch->request);
	tally->spare += branch_index(table, branch) >= table->count;
	tally->timers += timer_is_running(&branch->timer);
}

/* Something will end it: a branch that is asked, or its own timer. */
static void check_wait(const struct transaction *transaction, uint32_t waiting)
{
	switch (transaction->state) {
	case TRANSACTION_PROCEEDING:
		must(transaction->pending_count > 0 && !transaction->lingers);
		break;
	case TRANSACTION_ENDED:
		must(waiting > 0 && !timer_is_running(&transaction->timer));
		break;
	default:
		must(timer_is_running(&transaction->timer));
	}
}

static void check_transaction(struct tally *tally, const struct transaction_table *table,
			      const struct transaction *transaction)
{
	uint32_t index = transaction_index(table, transaction), branches = 0, pending = 0, waiting = 0;

	must(transaction_table_find(table, transaction->key) == transaction);
	for (const struct branch *branch = transaction_first_branch(table, transaction); branch;
	     branch = branch_next(table, branch)) {
		check_branch(tally, table, branch, index);
		pending += client_branch_is_pending(branch);
		waiting += branch->state != BRANCH_ENDED;
		must(++branches <= TRANSACTION_BRANCHES_MAX);
	}
	must(branches == transaction->branch_count && pending == transaction->pending_count);
	check_wait(transaction, waiting);
	tally_kept(tally, &transaction->request);
	tally_kept(tally, &transaction->response);
	tally_kept(tally, &transaction->best);
	tally->used++;
	tally->lingering += transaction->lingers;
	tally->timers += timer_is_running(&transaction->timer);
}

static void check_lingering(const struct transaction_table *table, uint32_t lingering)
{
	uint32_t newest = TRANSACTION_NONE;

	for (uint32_t i = table->oldest; i != TRANSACTION_NONE; i = table->transaction[i].linger_newer) {
		must(table->transaction[i].lingers && table->transaction[i].linger_older == newest);
		must(lingering-- > 0);
		newest = i;
	}
	must(lingering == 0 && table->newest == newest);
}

static uint64_t count_call_timers(const struct call_table *calls)
{
	uint64_t timers = 0;

	for (uint32_t i = 0; i < calls->count; i++)
		timers += timer_is_running(&calls->call[i].timer);
	return timers;
}

/* What `amityctl calls --audit` says. */
static void check_calls(struct worker *worker)
{
	struct inquiry inquiry = {.kind = INQUIRY_AUDIT};
	struct inquire_progress before = worker->inquire;

	must(before.inquiry == NULL);
	worker->inquire.inquiry = &inquiry;
	call_audit_begin(worker);
	while (!call_audit_go_on(worker))
		;
	worker->inquire = before;
	must(inquiry.audit.calls_without_transaction == 0);
	must(inquiry.audit.calls_without_timer == 0);
	must(inquiry.audit.transactions_without_call == 0);
	must(inquiry.audit.limits_wrong == 0);
}

void worker_check(struct worker *worker)
{
	const struct transaction_table *table = &worker->transactions;
	struct tally tally = {0};

	for (uint32_t i = 0; i < table->count; i++)
		if (table->transaction[i].state != TRANSACTION_FREE)
			check_transaction(&tally, table, &table->transaction[i]);
	must(tally.used == table->used_count);
	must(tally.lingering == table->lingering_count);
	must(tally.spare == table->spare_used_count);
	must(tally.mbufs == table->mbufs_kept);
	for (enum kept_size size = 0; size < KEPT_SIZE_COUNT; size++) {
		must(tally.size[size] == table->size_kept[size]);
		must(tally.size[size] <= table->size_max[size]);
	}
	must(tally.timers + count_call_timers(&worker->calls) == worker->wheel.count);
	check_lingering(table, tally.lingering);
	check_calls(worker);
}
