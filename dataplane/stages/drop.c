#include <rte_mbuf.h>

#include "decision_note.h"
#include "send.h"
#include "stages.h"

/* Buffers of one pool that nobody else holds: they go back together. */
struct drop_batch {
	uint32_t count;
	struct rte_mbuf *mbuf[BURST_MAX];
};

static void drop_give_back(struct drop_batch *batch)
{
	if (batch->count)
		rte_mempool_put_bulk(batch->mbuf[0]->pool, (void **)batch->mbuf, batch->count);
	batch->count = 0;
}

/* NULL: it has gone elsewhere. */
static void drop_mbuf(struct drop_batch *batch, struct rte_mbuf *mbuf)
{
	if (!mbuf)
		return;
	uint16_t holders = rte_mbuf_refcnt_read(mbuf);

	if (!RTE_MBUF_DIRECT(mbuf) || mbuf->nb_segs != 1) {
		rte_pktmbuf_free(mbuf);
		return;
	}
	/* What was received is held by transactions of this lcore alone: nothing has to be locked. */
	if (holders != 1) {
		rte_mbuf_refcnt_set(mbuf, (uint16_t)(holders - 1));
		return;
	}
	if (batch->count && mbuf->pool != batch->mbuf[0]->pool)
		drop_give_back(batch);
	batch->mbuf[batch->count++] = mbuf;
}

void drop_burst(struct worker *worker)
{
	struct drop_batch batch;

	batch.count = 0;
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		worker->counters->verdict[packet->verdict]++;
		worker->counters->reason[packet->reason]++;
		/* Not of what was given away, which punt has told of, or written over: its words are gone. */
		if (packet->mbuf)
			decision_note_packet(worker, packet);
		if (packet->reserved)
			send_give_back_reserved(packet);
		drop_mbuf(&batch, packet->mbuf);
		packet->mbuf = NULL;
	}
	drop_give_back(&batch);
}
