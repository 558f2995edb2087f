#include <rte_mbuf.h>

#include "answer_make.h"
#include "stages.h"

static void answer_packet(struct worker *worker, struct packet *packet)
{
	enum reason reason = answer_make_refusal(&packet->out, worker, packet);

	if (reason != REASON_NONE)
		packet_end(packet, VERDICT_DROP, reason);
	else
		packet->destination = answer_destination(&packet->message, &packet->source);
}

void answer_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		if (worker->packet[i].verdict != VERDICT_ANSWER)
			continue;
		/* What was prepared to go out before the refusal does not. */
		rte_pktmbuf_free(worker->packet[i].out);
		worker->packet[i].out = NULL;
		answer_packet(worker, &worker->packet[i]);
	}
}
