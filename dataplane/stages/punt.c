#include <rte_mbuf.h>
#include <rte_ring.h>

#include "decision_note.h"
#include "send.h"
#include "stages.h"

/* A received message as the control thread gets it: the bare SIP bytes, and what the lcore knows in the private area.
 */
static bool punt_received(struct worker *worker, struct packet *packet)
{
	struct rte_ring *ring = worker->dataplane->punt[worker->index];
	struct rte_mbuf *mbuf = packet->mbuf;
	struct punt *punt = rte_mbuf_to_priv(mbuf);

	if (rte_ring_full(ring))
		return false;
	/* Told now: once the control thread has the message, it is not ours to read. */
	decision_note_packet(worker, packet);
	memset(punt, 0, sizeof(*punt));
	punt->kind = (uint8_t)packet->punt_kind;
	punt->interface = packet->interface;
	punt->peer = packet->source;
	punt->local = packet->local;
	if (packet->punt_kind == PUNT_REGISTER) {
		const struct endpoint *endpoint = packet->caller.endpoint;
		memcpy(punt->aor_key, endpoint->aor_key, sizeof(punt->aor_key));
		punt->company_id = packet->caller.company->id;
		punt->endpoint_name_offset = (uint16_t)(packet->digest_user.at - packet->bytes.at);
		punt->endpoint_name_length = (uint16_t)packet->digest_user.length;
	}
	rte_pktmbuf_adj(mbuf, (uint16_t)(packet->bytes.at - rte_pktmbuf_mtod(mbuf, const char *)));
	rte_pktmbuf_trim(mbuf, (uint16_t)(rte_pktmbuf_data_len(mbuf) - packet->bytes.length));
	rte_ring_sp_enqueue(ring, mbuf); /* nobody else puts something in */
	packet->mbuf = NULL;
	return true;
}

static bool punt_outgoing(struct worker *worker, struct packet *packet)
{
	if (!send_through_kernel(worker, packet->out, &packet->hop, &packet->destination))
		return false;
	packet->out = NULL;
	return true;
}

void punt_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (packet->verdict != VERDICT_PUNT)
			continue;
		if (!(packet->out ? punt_outgoing(worker, packet) : punt_received(worker, packet)))
			packet_refuse(packet, REASON_PUNT_RING_FULL);
	}
}
