/*
 * transact_warm.h - names transactions, and asks for what the transact stage will look at. Transactions are many and
 * cold: each step is taken for all packets, a stage before the next one, so that their cache misses overlap with work
 * that waits for nothing. Nothing is decided here.
 *
 *   response   parse: branch and transaction     screen: what they lead to
 *   request                                      screen: bucket                  transact: the transaction in it
 *
 * Asking is a loop of its own, behind the one that finds out for what. A core retires nothing behind a prefetch whose
 * page it has to look for; it looks for several pages at once when few instructions are between.   Thread: lcore.
 */
#ifndef AMITY_TRANSACT_WARM_H
#define AMITY_TRANSACT_WARM_H

#include "worker.h"

/* At the end of parse, of responses: reads packet->branch_name. */
void transact_warm_parsed(struct worker *worker);

/* At the end of screen, of those that it lets pass: packet->call_id_hash, and packet->key of requests. */
void transact_warm_screened(struct worker *worker);

/* By transact, before it looks at the first packet. */
void transact_warm_named(const struct worker *worker);

#endif
