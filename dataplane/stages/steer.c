#include <rte_mbuf.h>
#include <rte_ring.h>
#include <sodium.h>

#include "message_parse.h"
#include "stages.h"

/* Messages without Call-ID are malformed wherever they are: they stay. An ICMP error goes to whose branch it quotes. */
static uint32_t steer_find_owner(const struct worker *worker, const struct packet *packet)
{
	if (packet->is_unreachable)
		return packet->quoted.branch.worker;
	struct span call_id = message_find_call_id(packet->bytes);
	uint64_t hash;

	if (call_id.length == 0)
		return worker->index;
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)call_id.at, call_id.length,
			 worker->snapshot->keys->steer_key);
	return (uint32_t)((uint64_t)(uint32_t)hash * worker->dataplane->worker_count >> 32);
}

/* Result: false when the ring is full; the packet then ends here. */
static bool steer_hand_over(struct worker *worker, struct packet *packet, uint32_t owner)
{
	struct rte_mbuf *mbuf = packet->mbuf;
	struct punt *punt = rte_mbuf_to_priv(mbuf);

	punt->peer = packet->source;
	punt->local = packet->local;
	punt->interface = packet->interface;
	punt->is_unreachable = packet->is_unreachable;
	rte_pktmbuf_adj(mbuf, (uint16_t)(packet->bytes.at - rte_pktmbuf_mtod(mbuf, const char *)));
	rte_pktmbuf_trim(mbuf, (uint16_t)(rte_pktmbuf_data_len(mbuf) - packet->bytes.length));
	return rte_ring_sp_enqueue(worker->dataplane->steer[worker->index][owner], mbuf) == 0;
}

void steer_burst(struct worker *worker)
{
	uint32_t kept = 0;

	if (worker->dataplane->worker_count == 1)
		return;
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (!packet->verdict && !packet->steered_in) {
			uint32_t owner = steer_find_owner(worker, packet);
			if (owner != worker->index && steer_hand_over(worker, packet, owner)) {
				worker->counters->value[COUNTER_STEERED_OUT]++;
				continue;
			}
			if (owner != worker->index)
				packet_end(packet, VERDICT_DROP, REASON_STEER_RING_FULL);
		}
		if (kept != i)
			memcpy(&worker->packet[kept], packet, offsetof(struct packet, request_uri));
		kept++;
	}
	worker->packet_count = kept;
}
