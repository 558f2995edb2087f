#include <rte_mbuf.h>
#include <rte_ring.h>

#include "send.h"
#include "stages.h"

void reinject_burst(struct worker *worker)
{
	struct rte_mbuf *mbufs[BURST_MAX];
	uint32_t count =
		rte_ring_sc_dequeue_burst(worker->dataplane->reinject[worker->index], (void **)mbufs, BURST_MAX, NULL);

	for (uint32_t i = 0; i < count; i++) {
		/* A copy: the private area is written anew when the message goes on through the kernel. */
		struct punt punt = *(const struct punt *)rte_mbuf_to_priv(mbufs[i]);
		struct net_entry entry = net_entry_make(&punt.local, punt.interface);
		send_message(worker, mbufs[i], &punt.peer, &entry);
	}
	worker->counters->value[COUNTER_REINJECTED] += count;
}
