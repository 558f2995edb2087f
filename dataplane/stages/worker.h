/*
 * worker.h - one lcore's pipeline: its queues, its tables, its burst. dataplane/worker.c is the loop.
 *
 * Setup allocates one zeroed struct worker per lcore on its own cache lines, fills the part "by setup" and launches worker_run().
 */
#ifndef AMITY_WORKER_H
#define AMITY_WORKER_H

#include "dataplane.h"
#include "nonce_window.h"
#include "packet.h"

#define WORKER_QUEUES_MAX 16
#define BURST_MAX         32

struct worker_queue {
	uint16_t port_id;
	uint16_t queue_id;
	uint16_t interface; /* index of snapshot->wire->interface */
};

/* How an lcore behaves when there is nothing to do (`node.idle`). */
struct idle_policy {
	uint32_t spin_polls;   /* empty polls before it starts to sleep; UINT32_MAX: never */
	uint32_t sleep_us_max; /* the longest sleep; sleeps double from 1 us */
};

/* Outgoing packets of one port, sent when full and at the end of a burst. */
struct transmit_buffer {
	struct rte_mbuf *packet[BURST_MAX];
	uint16_t count;
	uint16_t port_id;
};

struct worker {
	/* By setup, before launch. */
	struct dataplane *dataplane;
	uint32_t index;                  /* 0 to worker_count - 1 */
	struct worker_queue queue[WORKER_QUEUES_MAX];
	uint32_t queue_count;
	uint16_t transmit_queue;         /* this worker's own, on every port */
	struct idle_policy idle;
	uint32_t message_bytes_max;      /* limits.max_message_bytes */
	struct nonce_window nonce_window; /* memory and size set */
	struct counters *counters;       /* = dataplane->counters[index] */

	/* By the worker itself, valid within a burst. */
	const struct snapshot *snapshot;
	uint64_t now_tsc;
	uint32_t now_s;
	uint32_t packet_count;
	struct transmit_buffer transmit[WIRE_INTERFACES_MAX];
	struct packet packet[BURST_MAX];
	char unfolded[BURST_MAX][4096];  /* second buffers of messages with folded lines */
	struct edit_list *edits;         /* by setup: one, reused */
};

/* Runs until dataplane->stopping. Thread: the lcore that it is launched on. `argument`: struct worker *. Result: 0. */
int worker_run(void *argument);

/* One burst: receive to transmit, one snapshot, one quiescent report. For worker_run(), tests and benches. Result: packets taken. */
uint32_t worker_burst(struct worker *worker);

#endif
