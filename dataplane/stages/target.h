/*
 * target.h - where a request outside a dialog goes: the decision of the rules, the bindings of its target, the way to
 * them; and on to the next one when it fails (R16, R20, R27).
 *
 * What it came to is in the packet: decision, step[], bindings, binding, destination, entry, hop.
 *
 * Thread: lcore.
 */
#ifndef AMITY_TARGET_H
#define AMITY_TARGET_H

#include "route_next.h"
#include "worker.h"

/* q of a binding is 0 to 1,000: no group has been tried yet. */
#define TARGET_Q_ABOVE_ALL 1001

/* Decides anew, and goes on by the failures that packet->step already holds. The decision may be a REJECT. */
void target_decide(struct worker *worker, struct packet *packet);

/* Its two halves, for a burst: the second one reads the row of the target, which the first one finds. */
void target_decide_number(struct worker *worker, struct packet *packet);
void target_decide_forwards(struct worker *worker, struct packet *packet);

/*
 * The first binding of the present target with q below `below_q` that can be reached, or its fixed address; when there
 * is none, that of the next target, and so on.
 *
 * Result: REASON_NONE, else why the last one cannot be reached.
 */
enum reason target_reach(struct worker *worker, struct packet *packet, uint32_t below_q);

/* The next binding of the same q after packet->binding. Result: false: none; the packet is unchanged then. */
bool target_reach_beside(struct worker *worker, struct packet *packet);

/* Goes on to the next target because the present one failed. Result: false when there is none. */
bool target_move_on(struct worker *worker, struct packet *packet, enum route_failure failure);

/* The link-layer side of the way to packet->destination. Result: REASON_NONE, or why there is none. */
enum reason target_find_hop(struct worker *worker, struct packet *packet);

#endif
