/*
 * call_limits.h - what a call counts for (R18): max_calls of companies (external calls, both directions together),
 * carriers, users and friends (calls towards them); max_cps of friends.
 *
 * A call counts once for each part that it has in what is limited: the call of one company to a DDI of another for both
 * (R17); a call that comes from a carrier and leaves by the same one twice, since it takes two of its lines. Emergency
 * calls are counted, and never stopped (R37).
 *
 * Thread: the lcore of the call.
 */
#ifndef AMITY_CALL_LIMITS_H
#define AMITY_CALL_LIMITS_H

#include "worker.h"

/* Counts the call for what packet->decision needs, and no longer for what it does not need any more. Result:
 * REASON_NONE, else the reason not to do this call, which then counts for what it did before. */
enum reason call_limits_take(struct worker *worker, struct call *call, const struct packet *packet);

/* The call ends. */
void call_limits_release(struct worker *worker, struct call *call);

/* One more call in this second from the calling friend. Result: REASON_NONE, CALLS_PER_SECOND. */
enum reason call_limits_count_rate(struct worker *worker, const struct packet *packet);

#endif
