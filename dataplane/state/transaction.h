/*
 * transaction.h - one transaction as the lcore keeps it: the server's side, and a branch for each place that the
 * request was sent to (RFC 3261 16, 17; RFC 6026). Memory and names: transaction_table.h. What happens in them:
 * dataplane/stages/server_transaction.h, client_branch.h, response_context.h, fork.h.
 *
 * Thread: the lcore that owns the table. Owner of the kept messages: the table.
 */
#ifndef AMITY_TRANSACTION_H
#define AMITY_TRANSACTION_H

#include "kept_message.h"
#include "net_address.h"
#include "timer_wheel.h"

#define TRANSACTION_KEY_BYTES	 16
#define TRANSACTION_BRANCHES_MAX 32 /* of one request, over its life: bindings, failover, forwards together */
#define TRANSACTION_STEPS_MAX	 16 /* failures that led to another target: carriers and forwards together */
#define TRANSACTION_NONE	 UINT32_MAX

enum transaction_state {
	TRANSACTION_FREE,
	TRANSACTION_PROCEEDING, /* no final response yet: Trying and Proceeding (17.2.1, 17.2.2) */
	TRANSACTION_COMPLETED,	/* final response sent; INVITE: no ACK yet (G, H); others: J */
	TRANSACTION_CONFIRMED,	/* ACK of a non-2xx came (I) */
	TRANSACTION_ACCEPTED,	/* a 2xx to INVITE was passed (L, RFC 6026) */
	TRANSACTION_ENDED,	/* all but its branches, which still absorb (D, K, M) */
};

enum branch_state {
	BRANCH_FREE,
	BRANCH_CALLING,	   /* sent, nothing heard (A, B; E, F) */
	BRANCH_PROCEEDING, /* a provisional response came (C; E, F) */
	BRANCH_COMPLETED,  /* final response; INVITE: ACK sent, further ones are acknowledged again (D; K) */
	BRANCH_ACCEPTED,   /* 2xx to INVITE: further 2xx are passed (M, RFC 6026) */
	BRANCH_ENDED,	   /* timed out or given up: nothing is expected */
};

enum branch_cancel {
	BRANCH_CANCEL_NONE,
	BRANCH_CANCEL_WANTED, /* as soon as a provisional response comes (RFC 3261 9.1) */
	BRANCH_CANCEL_SENT,
	BRANCH_CANCEL_PROCEEDING, /* a provisional response to it came */
	BRANCH_CANCEL_ANSWERED,
};

#define BRANCH_TICKS_NEVER UINT32_MAX
#define BRANCH_NO_ENTRY	   UINT16_MAX

struct branch {
	_Alignas(64) struct timer timer; /* one for both: the next retransmission, or the deadline */
	uint64_t sent_tick;		 /* from when the ticks here count */
	uint64_t secret;		 /* in our Via: who does not know it has not seen the request */
	uint32_t retransmit_ticks;	 /* BRANCH_TICKS_NEVER: never */
	uint32_t deadline_ticks;	 /* likewise */
	uint32_t transaction;		 /* index */
	uint32_t next;			 /* in the transaction, or free; TRANSACTION_NONE: last */
	uint16_t generation;		 /* in our Via: tells a late response from a forged one; grows with each use */
	uint8_t state;			 /* enum branch_state */
	uint8_t cancel;			 /* enum branch_cancel */
	uint8_t retransmissions;
	uint8_t outcome;   /* enum route_outcome of the target: what its failure leads to */
	bool ring_limited; /* the deadline is that of ring_s */
	uint8_t step;	   /* transaction->step_count when it was made: the target that it belongs to */
	/* So far what every response and every timer looks at: one cache line. */
	uint64_t codecs;	     /* that both sides allow: a set of codec.h (R25) */
	struct kept_message request; /* as sent; of COMPLETED: the ACK */
	struct net_address destination;
	struct net_entry entry; /* where the target once came in; interface BRANCH_NO_ENTRY: nowhere */
	uint16_t ring_s; /* how long it may ring before a no_answer forward takes over (R27); 0: no such forward */
};
_Static_assert(sizeof(struct branch) == 128, "two cache lines");

/*
 * In lines of the cache, since those of a million transactions are in none: a provisional response takes the second and
 * the third, a final one the fourth too, whatever matches a request the first.
 */
struct transaction {
	/* Matching. */
	_Alignas(64) uint8_t key[TRANSACTION_KEY_BYTES]; /* keyed hash: RFC 3261 17.2.3; Call-ID is a part of it */
	uint64_t merge_key;   /* keyed hash of Call-ID, From tag, CSeq; 0: not sought by it */
	uint64_t loop_key;    /* keyed hash of what decides about routing (16.3 step 4) */
	uint32_t older_alike; /* with the same merge key; TRANSACTION_NONE: end */
	uint32_t newer_alike; /* likewise: whoever sends many alike must not make their removal long */
	uint32_t third_free;  /* of a free slot: free_slots.h */
	/* Who asked, to route again; compared since an apply may have moved it. */
	uint64_t company_id;
	uint32_t endpoint; /* index in the company; TRANSACTION_NONE: none */
	uint32_t endpoint_hash;

	/* What it is, how far it is, where it went. */
	_Alignas(64) uint8_t state; /* enum transaction_state */
	uint8_t method;
	uint8_t kind; /* enum packet_kind */
	uint8_t retransmissions;
	bool lingers;
	bool is_invite;
	bool final_is_lost;    /* the final response could not be written: it is made anew */
	bool is_answered;      /* a 2xx to INVITE was passed */
	bool cancelled;	       /* by the caller: no new branches */
	bool declined;	       /* 6xx by the present target: none of its other bindings is asked (16.7 step 5) */
	bool from_caller;      /* in-dialog: by the side that sent the INVITE */
	bool asked_by_carrier; /* private headers do not leave in its responses (R16) */
	uint16_t status;       /* last response sent upstream; 0: none */
	uint8_t branch_count;  /* ever made */
	uint8_t pending_count; /* without a final response */
	uint32_t cseq;
	uint32_t call_id_hash;	     /* keyed: whose responses are of another call are forged */
	uint64_t call;		     /* call_track.h; 0: none */
	uint32_t callee_tag_hash;    /* of BYE: the dialog that it ends */
	uint32_t first_branch;	     /* TRANSACTION_NONE: none */
	struct net_address upstream; /* where responses go (18.2.2) */
	uint8_t step_count;

	/* What is kept, and where it came in. */
	_Alignas(64) struct kept_message request; /* as received; NULL once it is not needed */
	struct kept_message response;		  /* last sent upstream, for retransmission */
	struct slice from, to;			  /* addresses in `request` as the sender wrote them (R24) */
	struct net_entry entry;			  /* where the request came in */

	/* The final response. */
	_Alignas(64) struct timer timer; /* G and H, I, J, L; 100 Trying of non-INVITEs (RFC 4320) */
	uint64_t deadline_tick;
	uint32_t linger_older, linger_newer; /* TRANSACTION_NONE: end */
	struct kept_message best; /* best final response so far, as received; mbuf NULL: best_status is our own */
	uint16_t best_status;	  /* 0: none */
	uint16_t best_reason;	  /* enum reason, when it is our own */
	uint16_t target_status;	  /* best final status of the present target's branches; 0: none */
	uint16_t bindings_q;	  /* of the present target: bindings with that q and more were tried; 1001: none yet */

	/* To try the next target. */
	_Alignas(64) struct net_address source;
	uint8_t step[TRANSACTION_STEPS_MAX]; /* enum route_failure: what led from the first target to the present one */
};
_Static_assert(offsetof(struct transaction, request) == 128 && offsetof(struct transaction, source) == 256, "lines");
_Static_assert(sizeof(struct transaction) + sizeof(struct branch) <= 448, "bytes of a transaction beside its mbufs");

#endif
