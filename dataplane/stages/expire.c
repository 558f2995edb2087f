#include "call_track.h"
#include "client_branch.h"
#include "prefetch.h"
#include "response_context.h"
#include "server_transaction.h"
#include "stages.h"

/* Of one burst: a thousand timers of the same tick do not keep the packets waiting. */
#define EXPIRE_TIMERS_MAX 64

static bool expire_is_in(const struct timer *timer, const void *array, size_t bytes)
{
	return (uintptr_t)timer - (uintptr_t)array < bytes;
}

static void expire_branch(struct worker *worker, struct branch *branch)
{
	struct transaction *transaction = &worker->transactions.transaction[branch->transaction];

	switch (client_branch_expire(worker, branch)) {
	case BRANCH_TIMEOUT_REPLY:
		response_context_give_up(worker, branch, REASON_NO_REPLY);
		server_transaction_settle(worker, transaction);
		break;
	case BRANCH_TIMEOUT_RING:
		response_context_ring_over(worker, branch);
		break;
	case BRANCH_TIMEOUT_LINGER:
		server_transaction_forget(worker, transaction);
		break;
	default:
		break;
	}
}

/* A timer is a part of what it times: its address tells what that is. Result: NULL when it is other. */
static struct branch *expire_find_branch(const struct transaction_table *table, const struct timer *timer)
{
	if (!expire_is_in(timer, table->branch, table->branch_count * sizeof(*table->branch)))
		return NULL;
	return (struct branch *)((uintptr_t)timer - offsetof(struct branch, timer));
}

static struct transaction *expire_find_transaction(const struct transaction_table *table, const struct timer *timer)
{
	if (!expire_is_in(timer, table->transaction, table->count * sizeof(*table->transaction)))
		return NULL;
	return (struct transaction *)((uintptr_t)timer - offsetof(struct transaction, timer));
}

/* The slot of what a timer times; TRANSACTION_NONE: a call. */
static uint32_t expire_slot_of(const struct transaction_table *table, const struct timer *timer)
{
	const struct branch *branch = expire_find_branch(table, timer);
	const struct transaction *transaction = branch ? NULL : expire_find_transaction(table, timer);

	if (branch)
		return (uint32_t)(branch - table->branch);
	return transaction ? (uint32_t)(transaction - table->transaction) : TRANSACTION_NONE;
}

/*
 * What timers time has been in no cache for half a minute, and a line is longer on its way than one of them takes. Of
 * those that follow, the second one's transaction has come: what that leads to is asked for, the transaction of the
 * third, the timer of the fourth.
 */
static void expire_prefetch(const struct worker *worker)
{
	const struct transaction_table *table = &worker->transactions;
	const struct timer *first = worker->wheel.due, *second = first ? first->next : NULL;
	const struct timer *third = second ? second->next : NULL;

	if (second)
		transaction_table_prefetch_end(table, expire_slot_of(table, second));
	if (third) {
		transaction_table_prefetch_branch(table, expire_slot_of(table, third));
		prefetch_line(third->next);
	}
}

static void expire_timer(struct worker *worker, struct timer *timer)
{
	struct call *call = call_table_of_timer(&worker->calls, timer);
	struct branch *branch = call ? NULL : expire_find_branch(&worker->transactions, timer);
	struct transaction *transaction = expire_find_transaction(&worker->transactions, timer);

	if (call)
		call_track_expire(worker, call);
	else if (branch)
		expire_branch(worker, branch);
	else if (transaction)
		server_transaction_expire(worker, transaction);
}

void expire_burst(struct worker *worker)
{
	struct timer *timer;

	/* Not before: other packets of the burst may have been aimed by what the transaction keeps. */
	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (worker->packet[i].transaction)
			server_transaction_settle(worker, worker->packet[i].transaction);
	worker->counters->value[COUNTER_TRANSACTIONS_GAVE_WAY] = worker->transactions.gave_way_count;
	for (uint32_t i = 0; i < EXPIRE_TIMERS_MAX; i++) {
		timer = timer_wheel_take_due(&worker->wheel, worker->now_tick);
		if (!timer)
			break;
		expire_prefetch(worker);
		expire_timer(worker, timer);
	}
}
