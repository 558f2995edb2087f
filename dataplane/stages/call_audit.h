/*
 * call_audit.h - do calls, transactions and limits of this lcore agree (`amityctl calls --audit`)? A bounded part of
 * the tables each burst, and exact all the same:
 *
 *   CLEAR         forgets what the last audit noted
 *   TRANSACTIONS  every INVITE without a final response marks its call; the call of one that names none is missing
 *   CALLS         an unanswered call without mark has lost its transaction: one that lives since the audit began has
 *                 been in its slot all the time, so it was met. Each call is noted at what limits it
 *   LIMITS        what was noted is what is counted: calls that come, go or move after they were passed are noted too
 *                 (call_limits.c)
 *
 * Thread: lcore, at the end of a burst.
 */
#ifndef AMITY_CALL_AUDIT_H
#define AMITY_CALL_AUDIT_H

#include "worker.h"

/* Begins with worker->inquire.inquiry. */
void call_audit_begin(struct worker *worker);

/* Result: true when inquiry->audit is complete. */
bool call_audit_go_on(struct worker *worker);

#endif
