#include "lcores.h"

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <sodium.h>

#include "memif_guard.h"

/* limits.max_call_duration when the plan leaves it open: longer than people talk. */
#define CALL_DURATION_S_DEFAULT 14400

static void *allocate(size_t bytes)
{
	return rte_zmalloc(NULL, bytes, RTE_CACHE_LINE_SIZE);
}

/* Fragments come in and go out. */
static enum status create_fragments(struct setup *setup, const struct dataplane_plan *plan, struct worker *worker)
{
	worker->mtu_max = setup_mtu_max(plan);
	memcpy(worker->fragment_key, setup->fragment_key, sizeof(worker->fragment_key));
	worker->fragmented_count = randombytes_random();
	worker->datagrams = allocate(sizeof(*worker->datagrams));
	if (worker->datagrams == NULL)
		return setup_fail(setup, STATUS_NO_MEMORY, "no memory for the fragments of worker %u", worker->index);
	worker->datagrams->timeout_tsc = rte_get_tsc_hz() * DATAGRAM_TIMEOUT_MS / 1000;
	return STATUS_OK;
}

/* Transactions and their timers. */
static enum status create_transactions(struct setup *setup, const struct dataplane_plan *plan, struct worker *worker)
{
	uint32_t count = setup_transaction_count(plan);
	void *memory = allocate(transaction_table_bytes(count));

	if (memory == NULL)
		return setup_fail(setup, STATUS_NO_MEMORY, "no memory for %u transactions of worker %u", count,
				  worker->index);
	worker->tick_tsc = rte_get_tsc_hz() * TIMER_WHEEL_TICK_MS / 1000;
	timer_wheel_init(&worker->wheel, rte_rdtsc() / worker->tick_tsc);
	transaction_table_init(&worker->transactions, memory, count, setup_transaction_mbuf_count(plan),
			       &worker->wheel);
	worker->transactions.size_max[KEPT_MEDIUM] = setup_transaction_medium_count(plan);
	worker->transactions.size_max[KEPT_LARGE] = setup_transaction_large_count(plan);
	randombytes_buf(worker->branch_key, sizeof(worker->branch_key));
	return STATUS_OK;
}

/* Calls, what limits them, what was decided about them. */
static enum status create_calls(struct setup *setup, const struct dataplane_plan *plan, struct worker *worker)
{
	uint32_t count = setup_call_count(plan), entries = limit_table_entries(count);
	uint32_t duration_s = plan->call_duration_s_max ? plan->call_duration_s_max : CALL_DURATION_S_DEFAULT;
	void *calls = allocate(call_table_bytes(count)), *limits = allocate(limit_table_bytes(entries));
	uint64_t first_serial;

	worker->calls.call = calls;
	worker->limits.entry = limits;
	worker->decisions.decision = allocate(SETUP_DECISION_COUNT * sizeof(struct decision));
	if (calls == NULL || limits == NULL || worker->decisions.decision == NULL)
		return setup_fail(setup, STATUS_NO_MEMORY, "no memory for %u calls of worker %u", count, worker->index);
	randombytes_buf(&first_serial, sizeof(first_serial));
	call_table_init(&worker->calls, calls, count, worker->index, first_serial);
	limit_table_init(&worker->limits, limits, entries);
	decision_log_init(&worker->decisions, worker->decisions.decision, SETUP_DECISION_COUNT);
	worker->call_ticks_max = duration_s * (1000ull / TIMER_WHEEL_TICK_MS);
	setup->shared.limits[worker->index] = &worker->limits;
	return STATUS_OK;
}

static enum status create_worker(struct setup *setup, const struct dataplane_plan *plan, uint32_t index)
{
	uint32_t sets = setup_nonce_set_count(plan);
	struct worker *worker = allocate(sizeof(*worker));
	struct counters *counters = allocate(sizeof(*counters));

	setup->worker[index] = worker;
	setup->shared.counters[index] = counters;
	if (worker == NULL || counters == NULL)
		return setup_fail(setup, STATUS_NO_MEMORY, "no memory for worker %u", index);
	worker->dataplane = &setup->shared;
	worker->index = index;
	worker->idle = (struct idle_policy){.spin_polls = plan->spin_polls,
					    .sleep_us_max = plan->sleep_us_max,
					    .gather_us = plan->gather_us,
					    .sleeps_between = plan->sleeps_between,
					    .tsc_hz = rte_get_tsc_hz()};
	worker->message_bytes_max = plan->message_bytes_max;
	worker->challenge_md5_only = plan->challenge_md5_only;
	worker->counters = counters;
	worker->nonce_window.set_count = sets;
	worker->nonce_window.entry = allocate((size_t)sets * NONCE_WINDOW_WAYS * sizeof(struct nonce_window_entry));
	if (worker->nonce_window.entry == NULL)
		return setup_fail(setup, STATUS_NO_MEMORY, "no memory for the nonces of worker %u", index);
	enum status status = create_transactions(setup, plan, worker);
	if (status == STATUS_OK)
		status = create_calls(setup, plan, worker);
	return status == STATUS_OK ? create_fragments(setup, plan, worker) : status;
}

static enum status create_qsbr(struct setup *setup)
{
	struct rte_rcu_qsbr *qsbr = allocate(rte_rcu_qsbr_get_memsize(LCORES_MAX));

	setup->shared.qsbr = qsbr;
	if (qsbr == NULL || rte_rcu_qsbr_init(qsbr, LCORES_MAX) != 0)
		return setup_fail(setup, STATUS_NO_MEMORY, "no memory for the grace periods");
	for (uint32_t i = 0; i < setup->shared.worker_count; i++)
		if (rte_rcu_qsbr_thread_register(qsbr, i) != 0)
			return setup_fail(setup, STATUS_LIMIT, "worker %u: no grace period reader left", i);
	memif_guard_begin(qsbr);
	return STATUS_OK;
}

enum status lcores_create(struct setup *setup, const struct dataplane_plan *plan)
{
	uint32_t lcore = rte_get_next_lcore(-1, 1, 0);

	randombytes_buf(setup->fragment_key, sizeof(setup->fragment_key));
	for (uint32_t i = 0; i < plan->worker_count; i++) {
		enum status status = create_worker(setup, plan, i);
		if (status != STATUS_OK)
			return status;
		setup->lcore[i] = lcore;
		lcore = rte_get_next_lcore(lcore, 1, 0);
	}
	return create_qsbr(setup);
}

enum status lcores_deal_queues(struct setup *setup)
{
	uint32_t workers = setup->shared.worker_count;

	for (uint32_t p = 0; p < setup->shared.port_count; p++) {
		for (uint16_t q = 0; q < setup->port[p].receive_queue_count; q++) {
			/* Ports with fewer queues than workers begin at different workers. */
			struct worker *worker = setup->worker[(p + q) % workers];
			if (worker->queue_count == WORKER_QUEUES_MAX)
				return setup_fail(setup, STATUS_LIMIT, "worker %u has more than %d receive queues",
						  worker->index, WORKER_QUEUES_MAX);
			struct worker_queue *queue = &worker->queue[worker->queue_count++];
			queue->port_id = setup->port[p].shown.port_id;
			queue->queue_id = q;
			queue->interface = (uint16_t)p;
		}
	}
	return STATUS_OK;
}

enum status lcores_launch(struct setup *setup)
{
	atomic_store_explicit(&setup->shared.stopping, false, memory_order_relaxed);
	setup->running = true;
	for (uint32_t i = 0; i < setup->shared.worker_count; i++) {
		if (rte_eal_remote_launch(worker_run, setup->worker[i], setup->lcore[i]) != 0) {
			lcores_join(setup);
			return setup_fail(setup, STATUS_BUSY, "lcore %u of worker %u is busy", setup->lcore[i], i);
		}
	}
	return STATUS_OK;
}

void lcores_join(struct setup *setup)
{
	if (!setup->running)
		return;
	/* Pairs with the relaxed load at the start of a burst; the wait below orders the rest. */
	atomic_store_explicit(&setup->shared.stopping, true, memory_order_relaxed);
	for (uint32_t i = 0; i < setup->shared.worker_count; i++)
		rte_eal_wait_lcore(setup->lcore[i]);
	setup->running = false;
}

void lcores_forget_transactions(struct setup *setup)
{
	for (uint32_t i = 0; i < setup->shared.worker_count; i++)
		if (setup->worker[i] != NULL)
			transaction_table_clear(&setup->worker[i]->transactions);
}

/* The cursor: worker in its upper half, slot in its lower one. */
bool lcores_next_call(struct call_record *record, const struct setup *setup, uint64_t *cursor)
{
	uint32_t slot = (uint32_t)*cursor;

	for (uint32_t i = (uint32_t)(*cursor >> 32); i < setup->shared.worker_count; i++, slot = 0) {
		const struct call_table *calls = &setup->worker[i]->calls;
		for (; slot < calls->count; slot++)
			if (calls->call[slot].record.state != CALL_FREE) {
				*record = calls->call[slot].record;
				*cursor = (uint64_t)i << 32 | (slot + 1);
				return true;
			}
	}
	*cursor = (uint64_t)setup->shared.worker_count << 32;
	return false;
}

static void free_datagrams(struct datagram_table *table)
{
	for (uint32_t i = 0; table != NULL && i < DATAGRAM_TABLE_SLOTS; i++)
		rte_pktmbuf_free(table->slot[i].buffer);
	rte_free(table);
}

void lcores_free(struct setup *setup)
{
	for (uint32_t i = 0; i < setup->shared.worker_count; i++) {
		if (setup->worker[i] != NULL) {
			free_datagrams(setup->worker[i]->datagrams);
			rte_free(setup->worker[i]->nonce_window.entry);
			rte_free(setup->worker[i]->transactions.transaction);
			rte_free(setup->worker[i]->calls.call);
			rte_free(setup->worker[i]->limits.entry);
			rte_free(setup->worker[i]->decisions.decision);
		}
		rte_free(setup->worker[i]);
		rte_free(setup->shared.counters[i]);
	}
	memif_guard_end();
	rte_free(setup->shared.qsbr);
}
