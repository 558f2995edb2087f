/*
 * dataplane.h - the handle that both planes share: the snapshot, the rings between them, the counters, the stop flag.
 *
 * Made by dataplane/setup/dataplane.c on the control thread before the lcores start, freed after they ended.
 */
#ifndef AMITY_DATAPLANE_H
#define AMITY_DATAPLANE_H

#include <stdatomic.h>

#include "counters.h"
#include "punt.h"
#include "snapshot.h"
#include "status.h"

struct rte_mempool;
struct rte_rcu_qsbr;
struct limit_table;
struct rte_ring;

struct dataplane {
	/* Written by publish.c (release), read by every worker at the start of a burst (acquire). */
	_Atomic(const struct snapshot *) snapshot;
	/* Written by the control thread, read relaxed by workers once a burst. */
	atomic_bool stopping;
	/* No new calls but emergency calls (R37). Written by the control thread, read relaxed by workers: nothing else
	 * depends on the moment. */
	atomic_bool draining;
	struct rte_rcu_qsbr *qsbr; /* one reader per worker, thread id = worker index */

	/* For tests: what the workers, and the expiry of bindings, take for the TSC. 0: the TSC itself. Written between
	 * bursts only. */
	uint64_t virtual_tsc;

	uint32_t worker_count;
	uint32_t port_count;
	/* Private area of both: struct punt. */
	struct rte_mempool *pool;	 /* received frames and outgoing messages of that size */
	struct rte_mempool *large_pool;	 /* messages up to 64 KB: room for UINT16_MAX bytes with data_off 0 */
	struct rte_mempool *medium_pool; /* what transactions keep that no frame holds; NULL where frames are larger */
	struct rte_mempool *answer_pool; /* as `pool`, for what nobody keeps: few, which the caches of a core hold */

	struct rte_ring *punt[LCORES_MAX];	   /* worker -> control, mbufs */
	struct rte_ring *auth_failure[LCORES_MAX]; /* worker -> control, struct auth_failure by value */
	struct rte_ring *reinject[LCORES_MAX];	   /* control -> worker, mbufs */
	struct rte_ring *from_kernel[LCORES_MAX];  /* control -> worker, mbufs: datagrams that came by the kernel */
	struct rte_ring *call_record[LCORES_MAX];  /* worker -> control, struct call_record by value (call.h) */
	struct rte_ring *inquiry[LCORES_MAX];	   /* control -> worker, struct inquiry * (inquiry.h) */
	struct rte_ring *steer[LCORES_MAX][LCORES_MAX]; /* [from][to], mbufs; NULL on the diagonal */

	/*
	 * Of each port, by its index in the wire table: worker i sends by queue i; those beyond the last queue hand
	 * their frames to worker i % queues.
	 */
	uint16_t transmit_queue_count[WIRE_INTERFACES_MAX];
	struct rte_ring *transmit[WIRE_INTERFACES_MAX][LCORES_MAX]; /* [port][from], mbufs; NULL: has a queue */

	struct counters *counters[LCORES_MAX];	      /* each on its worker's own cache lines */
	const struct limit_table *limits[LCORES_MAX]; /* each written by its worker, read by all (R18) */
};

#endif
