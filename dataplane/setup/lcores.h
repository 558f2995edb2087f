/*
 * lcores.h - the workers' memory and their life on their lcores.
 */
#ifndef AMITY_LCORES_H
#define AMITY_LCORES_H

#include "setup.h"

/* struct worker, counters, nonce window, caller memory and the QSBR variable. */
enum status lcores_create(struct setup *setup, const struct dataplane_plan *plan) AMITY_CHECKED;

/* Deals the receive queues of the open ports out to the workers. */
enum status lcores_deal_queues(struct setup *setup) AMITY_CHECKED;

enum status lcores_launch(struct setup *setup) AMITY_CHECKED;

/* Sets `stopping` and waits for every worker to return. */
void lcores_join(struct setup *setup);

/* After lcores_join(): the messages that transactions keep go back, some of them into buffers of a port's own pool. */
void lcores_forget_transactions(struct setup *setup);

/* dataplane_next_call(). */
bool lcores_next_call(struct call_record *record, const struct setup *setup, uint64_t *cursor);

void lcores_free(struct setup *setup);

#endif
