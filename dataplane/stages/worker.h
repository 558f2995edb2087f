/*
 * worker.h - one lcore's pipeline: its queues, its tables, its burst. dataplane/worker.c is the loop.
 *
 * Setup allocates one zeroed struct worker per lcore on its own cache lines, fills the part "by setup" and launches
 * worker_run().
 */
#ifndef AMITY_WORKER_H
#define AMITY_WORKER_H

#include "authenticate_login.h"
#include "call_table.h"
#include "datagram_table.h"
#include "dataplane.h"
#include "decision_log.h"
#include "edit_list.h"
#include "hop_find.h"
#include "inquiry.h"
#include "limit_table.h"
#include "nonce_window.h"
#include "own_address.h"
#include "packet.h"
#include "route_cookie.h"
#include "sdp_memory.h"
#include "transaction_table.h"

#define WORKER_QUEUES_MAX 16
#define BURST_MAX	  32

struct worker_queue {
	uint16_t port_id;
	uint16_t queue_id;
	uint16_t interface; /* index of snapshot->wire->interface */
};

/* How an lcore behaves when there is nothing to do (`node.idle`), or little (`node.gather`). */
struct idle_policy {
	uint32_t spin_polls;   /* empty polls before it starts to sleep; UINT32_MAX: never */
	uint32_t sleep_us_max; /* the longest sleep */
	uint32_t gather_us;    /* from a burst with few packets to the next one, at least; 0: it follows at once */
	bool sleeps_between;   /* it sleeps between bursts, as long as lets enough packets come, gather_us at first;
				  gather_us 0: only when nothing came */
	uint64_t tsc_hz;
};

/* Outgoing packets of one port, sent at the end of a burst. */
struct transmit_buffer {
	struct rte_mbuf
		*packet[2 * BURST_MAX]; /* a burst and what the control thread sends beside it; flushed when full */
	uint16_t count;
};

/* Of branches to come: who has not seen the request does not know its secret. Made many at once. */
#define BRANCH_SECRETS 64

struct branch_secrets {
	uint64_t secret[BRANCH_SECRETS];
	uint32_t count; /* left of them */
	uint64_t turn;	/* no two of a worker are of the same */
};

struct inquire_progress {
	struct inquiry *inquiry; /* NULL: none */
	uint64_t call_id_hash;	 /* CALL, WHY */
	uint64_t decision;	 /* WHY: number of the decision after the next one */
	uint32_t next;		 /* slot to go on with */
	uint32_t step;		 /* AUDIT: enum call_audit_step */
	uint32_t tallied;	 /* AUDIT: limits of the calls in slots below it are in limit_table.audited */
};

struct worker {
	/* By setup, before launch. */
	struct dataplane *dataplane;
	uint32_t index; /* 0 to worker_count - 1 */
	struct worker_queue queue[WORKER_QUEUES_MAX];
	uint32_t queue_count;
	struct idle_policy idle;
	uint32_t mtu_max;	  /* of what an mbuf of `pool` holds; larger MTUs are not used */
	uint8_t fragment_key[16]; /* SipHash-64: ids of outgoing fragments, per pair of addresses; one for all */
	struct datagram_table *datagrams;      /* what came in fragments and is not complete */
	uint32_t message_bytes_max;	       /* limits.max_message_bytes; a longer message is refused */
	bool challenge_md5_only;	       /* digest.offer: SHA-256 is not offered, but taken */
	struct nonce_window nonce_window;      /* memory and size set */
	struct transaction_table transactions; /* likewise */
	struct timer_wheel wheel;
	uint64_t tick_tsc;	/* TSC ticks of a tick of the wheel */
	uint8_t branch_key[32]; /* ChaCha20: secrets of branches */
	struct call_table calls;
	struct limit_table limits;
	struct decision_log decisions;
	uint64_t call_ticks_max; /* limits.max_call_duration */

	struct counters *counters; /* = dataplane->counters[index] */

	/* By the worker itself, valid within a burst. */
	const struct snapshot *snapshot;
	uint64_t now_tsc;
	uint64_t now_tick; /* of the wheel */
	uint32_t now_s;	   /* unix time */
	uint64_t now_ms;   /* likewise */
	uint32_t packet_count;
	uint32_t fragmented_count;	 /* for the ids; never two the same of one pair for long (RFC 7739 5.3) */
	uint32_t next_queue;		 /* where the next burst starts to poll, so that no queue starves */
	struct inquire_progress inquire; /* of the inquiry that is being answered, over several bursts */
	struct transmit_buffer transmit[WIRE_INTERFACES_MAX];
	struct hop_memory hops;	  /* ways that were searched with this snapshot */
	struct own_addresses own; /* in use with this snapshot */
	struct branch_secrets branch_secrets;
	struct packet packet[BURST_MAX];
	char plain[BURST_MAX][ROUTE_COOKIE_PLAIN_BYTES_MAX]; /* opened cookies */
	struct packet work; /* a kept request, taken up again: failover, forwards, answers of our own */
	struct authenticate_logins logins;
	struct edit_list edits;
	struct sdp_memory sdp_memory;
	struct route_presentation presentation;
};

struct worker_stage {
	const char *name;
	void (*run)(struct worker *worker);
};

/* The walk of a packet, in order: worker_burst() runs them all; bench_pipeline runs them with a clock between. */
extern const struct worker_stage worker_stages[];
extern const uint32_t worker_stage_count;

/* Start and end of a burst around the stages: clock and snapshot; quiescent report. */
void worker_begin_burst(struct worker *worker);
void worker_end_burst(struct worker *worker);

/* One burst: receive to transmit, one snapshot, one quiescent report. For worker_run(), tests and benches. Result:
 * packets taken. */
uint32_t worker_burst(struct worker *worker);

/* Runs until dataplane->stopping. Thread: the lcore that it is launched on. `argument`: struct worker *. Result: 0. */
int worker_run(void *argument);

#endif
