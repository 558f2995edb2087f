#include "call_rig.h"

#include <stdlib.h>

#include <rte_ring_elem.h>

#include "call_track.h"
#include "must.h"
#include "registrar_rig.h"
#include "worker_clock.h"

#define TSC_HZ	  1000000
#define TICK_TSC  (TSC_HZ / 1000 * TIMER_WHEEL_TICK_MS)
#define INQUIRIES 16

static void *make_table(uint64_t bytes)
{
	void *memory = aligned_alloc(64, RTE_ALIGN_CEIL(bytes, 64u));

	must(memory);
	return memset(memory, 0, bytes);
}

static struct rte_ring *make_ring(const char *kind, uint32_t worker, uint32_t element_bytes, uint32_t count)
{
	char name[32];

	snprintf(name, sizeof(name), "rig_%s_%u", kind, worker);
	struct rte_ring *ring = rte_ring_create_elem(name, element_bytes, count, 0, 0);
	must(ring);
	return ring;
}

static void set_clock(struct worker *worker, uint64_t tick)
{
	worker->now_tsc = tick * TICK_TSC;
	worker->now_tick = tick;
	worker_clock_set(worker);
}

static void make_worker(struct call_rig *rig, uint32_t index, const uint32_t counts[3])
{
	struct worker *worker = make_table(sizeof(*worker));
	uint32_t entries = limit_table_entries(counts[0]);

	rig->worker[index] = worker;
	worker->index = index;
	worker->dataplane = &rig->dataplane;
	worker->snapshot = &rig->snapshot;
	worker->counters = make_table(sizeof(*worker->counters));
	worker->tick_tsc = TICK_TSC;
	worker->call_ticks_max = CALL_RIG_DURATION_S * (1000 / TIMER_WHEEL_TICK_MS);
	timer_wheel_init(&worker->wheel, 0);
	call_table_init(&worker->calls, make_table(call_table_bytes(counts[0])), counts[0], index, 1 + index * 77);
	limit_table_init(&worker->limits, make_table(limit_table_bytes(entries)), entries);
	transaction_table_init(&worker->transactions, make_table(transaction_table_bytes(counts[1])), counts[1],
			       counts[1], &worker->wheel);
	decision_log_init(&worker->decisions, make_table(counts[2] * sizeof(struct decision)), counts[2]);
	rig->dataplane.limits[index] = &worker->limits;
	rig->dataplane.call_record[index] = make_ring("record", index, sizeof(struct call_record), CALL_RIG_RECORDS);
	rig->dataplane.inquiry[index] = make_ring("inquiry", index, sizeof(void *), INQUIRIES);
	set_clock(worker, 0);
}

void call_rig_make(struct call_rig *rig, uint32_t calls, uint32_t transactions, uint32_t decisions)
{
	must(registrar_rig_start_eal());
	memset(rig, 0, sizeof(*rig));
	rig->dataplane.worker_count = CALL_RIG_WORKERS;
	rig->snapshot = (struct snapshot){.keys = &rig->keys, .unix_base_s = CALL_RIG_UNIX_S, .tsc_hz = TSC_HZ};
	memset(&rig->keys, 0x5a, sizeof(rig->keys));
	for (uint32_t i = 0; i < CALL_RIG_WORKERS; i++)
		make_worker(rig, i, (const uint32_t[]){calls, transactions, decisions});
}

void call_rig_free(struct call_rig *rig)
{
	for (uint32_t i = 0; i < CALL_RIG_WORKERS; i++) {
		struct worker *worker = rig->worker[i];
		rte_ring_free(rig->dataplane.call_record[i]);
		rte_ring_free(rig->dataplane.inquiry[i]);
		free(worker->calls.call);
		free(worker->limits.entry);
		free(worker->transactions.transaction);
		free(worker->decisions.decision);
		free(worker->counters);
		free(worker);
	}
}

void call_rig_pass(struct call_rig *rig, uint64_t ticks)
{
	for (uint32_t i = 0; i < CALL_RIG_WORKERS; i++) {
		struct worker *worker = rig->worker[i];
		struct timer *timer;
		uint64_t end_tick = worker->now_tick + ticks;
		while (worker->now_tick < end_tick) {
			set_clock(worker, RTE_MIN(worker->now_tick + CALL_RIG_TICKS_A_TURN, end_tick));
			while ((timer = timer_wheel_take_due(&worker->wheel, worker->now_tick))) {
				struct call *call = call_table_of_timer(&worker->calls, timer);
				must(call);
				call_track_expire(worker, call);
			}
		}
	}
}

bool call_rig_take(struct call_rig *rig, uint32_t worker, struct call_record *record)
{
	return rte_ring_dequeue_elem(rig->dataplane.call_record[worker], record, sizeof(*record)) == 0;
}
