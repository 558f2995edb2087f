/*
 * worker.c - what an lcore does. A newcomer's first file: the table below is a packet's walk.
 */
#include "worker.h"

#include <rte_lcore.h>
#include <rte_rcu_qsbr.h>

#include "idle.h"
#include "stages.h"
#include "worker_clock.h"

const struct worker_stage worker_stages[] = {
	{"receive", receive_burst},	  /* ports, other lcores        -> packet[]                                 */
	{"reassemble", reassemble_burst}, /* fragments              -> whole datagrams                         */
	{"steer", steer_burst},		  /* Call-ID                    -> the lcore that owns the call             */
	{"parse", parse_burst},		  /* bytes                      -> message: positions, nothing copied       */
	{"screen", screen_burst},	  /* malformed, hops, methods   -> refused; response, in-dialog or new?     */
	{"transact", transact_burst},	  /* responses, CANCEL, ACK, repeats -> their transaction                   */
	{"authenticate", authenticate_burst}, /* R1, R2                     -> caller, or a challenge */
	{"route", route_burst},	      /* R3-R17, R30, R33           -> target and next hop, or why not          */
	{"fork", fork_burst},	      /* RFC 3261 16.5, R18         -> a transaction, a branch a target         */
	{"rewrite", rewrite_burst},   /* edit list                  -> the outgoing message                     */
	{"punt", punt_burst},	      /* REGISTER, unknown MAC      -> the control thread                       */
	{"answer", answer_burst},     /* refusals, challenges, 200  -> a response of our own                    */
	{"reinject", reinject_burst}, /* the control thread         -> messages to send                         */
	{"expire", expire_burst},     /* timers                     -> repeats, timeouts, the next target       */
	{"transmit", transmit_burst}, /* frames                     -> ports                                    */
	{"inquire", inquire_burst},   /* the control thread's questions -> copies of calls, decisions, counts   */
	{"drop", drop_burst},	      /* every packet counted once, with its reason; received mbufs given back  */
};
const uint32_t worker_stage_count = RTE_DIM(worker_stages);

void worker_begin_burst(struct worker *worker)
{
	/* Pairs with the release store of publish.c: all that the snapshot leads to is complete. */
	worker->snapshot = atomic_load_explicit(&worker->dataplane->snapshot, memory_order_acquire);
	worker->now_tsc = worker->dataplane->virtual_tsc ? worker->dataplane->virtual_tsc : rte_rdtsc();
	worker_clock_set(worker);
	worker->now_tick = worker->now_tsc / worker->tick_tsc;
	worker->packet_count = 0;
}

void worker_end_burst(struct worker *worker)
{
	worker->snapshot = NULL;
	rte_rcu_qsbr_quiescent(worker->dataplane->qsbr, worker->index);
}

uint32_t worker_burst(struct worker *worker)
{
	worker_begin_burst(worker);
	for (uint32_t i = 0; i < worker_stage_count; i++)
		worker_stages[i].run(worker);
	uint32_t taken = worker->packet_count;
	worker_end_burst(worker);
	return taken;
}

int worker_run(void *argument)
{
	struct worker *worker = argument;
	struct dataplane *dataplane = worker->dataplane;
	struct idle idle;

	idle_init(&idle, &worker->idle);
	rte_rcu_qsbr_thread_online(dataplane->qsbr, worker->index);
	while (!atomic_load_explicit(&dataplane->stopping, memory_order_relaxed)) {
		uint32_t taken = worker_burst(worker);
		worker->counters->value[COUNTER_GATHERING_NS] += idle_after_burst(&idle, worker->now_tsc, taken);
	}
	rte_rcu_qsbr_thread_offline(dataplane->qsbr, worker->index);
	return 0;
}
