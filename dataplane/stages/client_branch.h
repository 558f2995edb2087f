/*
 * client_branch.h - one place that a request was sent to (RFC 3261 17.1, 9.1; RFC 6026 7.2): repeated until somebody
 * answers, acknowledged, cancelled, given up.
 *
 *              1xx              2xx                M
 *   Calling ---------> Proceeding ----> Accepted -----> Ended
 *      |  A, B; E, F       |  C; E, F                     ^
 *      +------------------ +--- 300-699 --> Completed ----+  D; K   (ACK at once, and again)
 *      +------------------ +--- B, F, C after CANCEL ----- +
 *
 * Thread: lcore.
 */
#ifndef AMITY_CLIENT_BRANCH_H
#define AMITY_CLIENT_BRANCH_H

#include "worker.h"

/*
 * A new branch for where `packet` goes now; packet->branch and packet->branch_name are set, for its Via.
 * Result: false: no room for one more.
 */
bool client_branch_begin(struct worker *worker, struct transaction *transaction, struct packet *packet);

/*
 * The branch of that name. Result: REASON_NONE and *found; RESPONSE_STALE: it was one of ours and is over;
 * RESPONSE_FORGED: it never was.
 */
enum reason client_branch_find(struct branch **found, struct worker *worker, const struct branch_name *name);

/* The request was written into `out`, which is kept too; it is being sent: the timers start. */
void client_branch_sent(struct worker *worker, struct branch *branch, struct rte_mbuf *out);

/* What a response is to the transaction. */
enum branch_event {
	BRANCH_EVENT_NONE,	  /* nothing new: absorbed */
	BRANCH_EVENT_PROVISIONAL, /* 101-199 to INVITE: to be passed */
	BRANCH_EVENT_ACCEPTED,	  /* 2xx to INVITE: to be passed; again for each that comes */
	BRANCH_EVENT_FINAL,	  /* the branch's final response */
};

/* A response to the request (not to its CANCEL) came. ACKs are sent here. */
enum branch_event client_branch_receive(struct worker *worker, struct branch *branch,
					const struct sip_message *response);

/* A response to our CANCEL came. */
void client_branch_cancel_answered(struct worker *worker, struct branch *branch, uint16_t status);

/* Cancels it, at once or as soon as it may be (9.1). Does nothing when it has its final response or is no INVITE. */
void client_branch_cancel(struct worker *worker, struct branch *branch);

/* What its timer brought. */
enum branch_timeout {
	BRANCH_TIMEOUT_NONE,   /* a retransmission */
	BRANCH_TIMEOUT_REPLY,  /* no final response: it counts as 408 now */
	BRANCH_TIMEOUT_RING,   /* the time of a no_answer forward: it is being cancelled, and rings on until then */
	BRANCH_TIMEOUT_LINGER, /* D, K, M: ended */
};

enum branch_timeout client_branch_expire(struct worker *worker, struct branch *branch);

/* Ends a branch that waits for a final response: none is expected any more. */
void client_branch_give_up(struct worker *worker, struct branch *branch);

static inline bool client_branch_is_pending(const struct branch *branch)
{
	return branch->state == BRANCH_CALLING || branch->state == BRANCH_PROCEEDING;
}

#endif
