/*
 * server_transaction.h - the side of a transaction that faces the sender of the request (RFC 3261 17.2, RFC 6026 7.1,
 * RFC 4320): what was answered, repeated, acknowledged.
 *
 *             1xx                 2xx                  L
 *   Proceeding ---------+-----> Accepted ------------------------+
 *        |              |                                        v
 *        +-- 300-699 ---+-----> Completed -- ACK --> Confirmed -- I --> Ended
 *        |                          +---------- H -----------------------^
 *        +-- not INVITE: any final -> Completed -------------------- J --^
 *
 * Thread: lcore.
 */
#ifndef AMITY_SERVER_TRANSACTION_H
#define AMITY_SERVER_TRANSACTION_H

#include "worker.h"

/* Fills a new transaction from the request, which it keeps (another reference of packet->mbuf); and its via_stays. */
void server_transaction_begin(struct worker *worker, struct transaction *transaction, struct packet *packet);

/* The status of a response that goes to the sender, and the timers that follow. 2xx of INVITE may come often. */
void server_transaction_answered(struct worker *worker, struct transaction *transaction, uint16_t status);

/* Keeps `out`, a response with that status that goes to the sender, for retransmission, if it is what a repeated
 * request is answered with; after server_transaction_answered(). */
void server_transaction_keep(struct worker *worker, struct transaction *transaction, struct rte_mbuf *out,
			     uint16_t status);

/* 100 Trying to a request that is at hand (`request`: the same message, the first time or again). */
void server_transaction_send_trying(struct worker *worker, struct transaction *transaction, struct packet *request);

/* A final response of our own: status and phrase of the reason's row. */
void server_transaction_refuse(struct worker *worker, struct transaction *transaction, enum reason reason);

/* A retransmission of the request came. */
void server_transaction_repeat(struct worker *worker, struct transaction *transaction, struct packet *request);

/* The ACK of a non-2xx came. */
void server_transaction_acknowledge(struct worker *worker, struct transaction *transaction);

/* Its timer is due. The transaction may be gone afterwards. */
void server_transaction_expire(struct worker *worker, struct transaction *transaction);

/* Gives it back when neither side has anything left to do. It may be gone afterwards. */
void server_transaction_forget(struct worker *worker, struct transaction *transaction);

/* Once a burst has done its work on it, not before, since packets point to it and into its request: gives back what
 * will not be needed; lingers when nothing can change any more; may be gone afterwards. */
void server_transaction_settle(struct worker *worker, struct transaction *transaction);

#endif
