/*
 * transact_warm.h - names transactions, and asks for what the transact stage will look at. Transactions are many and
 * cold: each step is taken for all packets, a stage before the next one, so that their cache misses overlap with work
 * that waits for nothing. Nothing is decided here.
 *
 *   response   parse: branch and transaction     screen: what they lead to
 *   request                                      screen: bucket                  transact: the transaction in it
 *
 * Thread: lcore.
 */
#ifndef AMITY_TRANSACT_WARM_H
#define AMITY_TRANSACT_WARM_H

#include "worker.h"

/* By parse, of responses: reads packet->branch_name. */
void transact_warm_response(const struct worker *worker, struct packet *packet);

/* By screen, of those that it lets pass: packet->call_id_hash, and packet->key of requests. */
void transact_warm_found(const struct worker *worker, struct packet *packet);
void transact_warm_request(const struct worker *worker, struct packet *packet);

/* By transact, before it looks at the first packet. */
void transact_warm_burst(const struct worker *worker);

#endif
