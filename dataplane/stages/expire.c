#include "call_track.h"
#include "client_branch.h"
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

/* A timer is a part of what it times: its address tells what that is. */
static void expire_timer(struct worker *worker, struct timer *timer)
{
	struct transaction_table *table = &worker->transactions;
	struct call *call = call_table_of_timer(&worker->calls, timer);

	if (call)
		call_track_expire(worker, call);
	else if (expire_is_in(timer, table->branch, table->branch_count * sizeof(*table->branch)))
		expire_branch(worker, (struct branch *)((char *)timer - offsetof(struct branch, timer)));
	else if (expire_is_in(timer, table->transaction, table->count * sizeof(*table->transaction)))
		server_transaction_expire(worker,
					  (struct transaction *)((char *)timer - offsetof(struct transaction, timer)));
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
		expire_timer(worker, timer);
	}
}
