#include "send.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "frame_write.h"

struct rte_mbuf *send_begin(struct worker *worker)
{
	return rte_pktmbuf_alloc(worker->dataplane->pool);
}

enum reason send_needs_kernel(const struct wire_hop *hop, enum wire_result result, uint32_t length)
{
	if (result == WIRE_NEIGHBOUR_UNKNOWN)
		return REASON_PUNTED_UNRESOLVED_NEIGHBOUR;
	return length + frame_write_ip_overhead(hop) > hop->interface->mtu ? REASON_PUNTED_OVER_MTU : REASON_NONE;
}

void send_frame(struct worker *worker, struct rte_mbuf *message, const struct wire_hop *hop,
		const struct net_address *destination)
{
	struct transmit_buffer *buffer = &worker->transmit[hop->interface - worker->snapshot->wire->interface];

	if (buffer->count == RTE_DIM(buffer->packet) || !frame_write(message, hop, destination)) {
		worker->counters->value[COUNTER_TRANSMIT_DROPPED]++;
		rte_pktmbuf_free(message);
		return;
	}
	buffer->packet[buffer->count++] = message;
}

bool send_through_kernel(struct worker *worker, struct rte_mbuf *message, const struct wire_hop *hop,
			 const struct net_address *destination)
{
	struct punt *punt = rte_mbuf_to_priv(message);

	memset(punt, 0, sizeof(*punt));
	punt->kind = PUNT_KERNEL_SEND;
	punt->interface = (uint16_t)(hop->interface - worker->snapshot->wire->interface);
	punt->peer = *destination;
	memcpy(punt->local.ip, hop->source, sizeof(punt->local.ip));
	punt->local.port = hop->interface->sip_port;
	return rte_ring_sp_enqueue(worker->dataplane->punt[worker->index], message) == 0;
}

void send_message(struct worker *worker, struct rte_mbuf *message, const struct net_address *destination,
		  const struct net_entry *entry)
{
	struct wire_hop hop;
	enum wire_result result = wire_find_way_back(&hop, worker->snapshot->wire, destination->ip, entry);

	if (result != WIRE_NO_ROUTE) {
		if (send_needs_kernel(&hop, result, rte_pktmbuf_data_len(message)) == REASON_NONE) {
			send_frame(worker, message, &hop, destination);
			return;
		}
		if (send_through_kernel(worker, message, &hop, destination))
			return;
	}
	worker->counters->value[COUNTER_TRANSMIT_DROPPED]++;
	rte_pktmbuf_free(message);
}

static void send_flush_port(struct worker *worker, struct transmit_buffer *buffer, uint16_t port_id)
{
	uint64_t bytes = 0;

	for (uint16_t i = 0; i < buffer->count; i++)
		bytes += rte_pktmbuf_data_len(buffer->packet[i]);
	uint16_t sent = rte_eth_tx_burst(port_id, worker->transmit_queue, buffer->packet, buffer->count);
	worker->counters->value[COUNTER_TRANSMITTED] += sent;
	worker->counters->value[COUNTER_TRANSMITTED_BYTES] += bytes;
	worker->counters->value[COUNTER_TRANSMIT_DROPPED] += buffer->count - sent;
	for (uint16_t i = sent; i < buffer->count; i++)
		rte_pktmbuf_free(buffer->packet[i]);
	buffer->count = 0;
}

void send_flush(struct worker *worker)
{
	const struct wire *wire = worker->snapshot->wire;

	for (uint32_t i = 0; i < wire->interface_count; i++)
		if (worker->transmit[i].count)
			send_flush_port(worker, &worker->transmit[i], wire->interface[i].port_id);
}
