#include <rte_mbuf.h>

#include "prefetch.h"
#include "send.h"
#include "stages.h"

/* Nearly all are shorter. */
#define TRANSMIT_PREFETCH_BYTES 1280

/* Since a message was written, the others of the burst had the nearest cache; its frame begins in the line before it.
 */
static void transmit_prefetch(const struct rte_mbuf *message)
{
	uint32_t bytes =
		RTE_CACHE_LINE_SIZE + RTE_MIN((uint32_t)rte_pktmbuf_data_len(message), TRANSMIT_PREFETCH_BYTES);

	prefetch_many_lines_to_write(rte_pktmbuf_mtod(message, const char *) - RTE_CACHE_LINE_SIZE,
				     RTE_MAX(bytes, (uint32_t)PREFETCH_BYTES_LEAST));
}

void transmit_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (i + 1 < worker->packet_count && packet[1].out)
			transmit_prefetch(packet[1].out);
		if (!packet->out)
			continue;
		if (packet->verdict == VERDICT_FORWARD) {
			send_frame(worker, packet->out, &packet->hop, &packet->destination);
		} else {
			struct net_entry entry = net_entry_make(&packet->local, packet->interface);
			send_message(worker, packet->out, &packet->destination, &entry);
		}
		packet->out = NULL;
	}
	send_flush(worker);
}
