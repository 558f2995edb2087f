#include "send.h"
#include "stages.h"

void transmit_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
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
