#include <rte_mbuf.h>

#include "decision_note.h"
#include "send.h"
#include "stages.h"

void drop_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		worker->counters->verdict[packet->verdict]++;
		worker->counters->reason[packet->reason]++;
		decision_note_packet(worker, packet);
		send_give_back_reserved(packet);
		rte_pktmbuf_free(packet->mbuf);
		packet->mbuf = NULL;
	}
}
