#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "stages.h"

/* Where the UDP payload of a frame is, once everything about the frame is checked. */
struct frame {
	uint32_t l3_offset;
	uint32_t payload_offset;
	uint32_t payload_length;
};

static bool receive_read_udp(struct frame *frame, struct packet *packet, uint32_t offset, uint32_t l3_end)
{
	const struct rte_mbuf *mbuf = packet->mbuf;
	const struct rte_udp_hdr *udp = rte_pktmbuf_mtod_offset(mbuf, const struct rte_udp_hdr *, offset);

	if (offset + sizeof(*udp) > l3_end)
		return false;
	uint32_t length = rte_be_to_cpu_16(udp->dgram_len);
	if (length < sizeof(*udp) || offset + length > l3_end)
		return false;
	packet->source.port = rte_be_to_cpu_16(udp->src_port);
	packet->local.port = rte_be_to_cpu_16(udp->dst_port);
	frame->payload_offset = offset + (uint32_t)sizeof(*udp);
	frame->payload_length = length - (uint32_t)sizeof(*udp);
	return true;
}

/* Result: REASON_NONE when it is UDP to one of our addresses and SIP port. */
static enum reason receive_read_ipv4(struct frame *frame, struct packet *packet, uint32_t frame_length)
{
	const struct rte_ipv4_hdr *ip =
		rte_pktmbuf_mtod_offset(packet->mbuf, const struct rte_ipv4_hdr *, frame->l3_offset);

	if (frame->l3_offset + sizeof(*ip) > frame_length || (ip->version_ihl >> 4) != 4)
		return REASON_NOT_OURS;
	net_address_set_v4(packet->source.ip, &ip->src_addr);
	net_address_set_v4(packet->local.ip, &ip->dst_addr);
	if (ip->next_proto_id != IPPROTO_UDP)
		return REASON_NOT_OURS;
	if (ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))
		return REASON_FRAGMENT;
	uint32_t header = (ip->version_ihl & 0x0fu) * 4, total = rte_be_to_cpu_16(ip->total_length);
	if (header < sizeof(*ip) || total < header || frame->l3_offset + total > frame_length)
		return REASON_LENGTH_WRONG;
	return receive_read_udp(frame, packet, frame->l3_offset + header, frame->l3_offset + total)
		       ? REASON_NONE
		       : REASON_LENGTH_WRONG;
}

static enum reason receive_read_ipv6(struct frame *frame, struct packet *packet, uint32_t frame_length)
{
	const struct rte_ipv6_hdr *ip =
		rte_pktmbuf_mtod_offset(packet->mbuf, const struct rte_ipv6_hdr *, frame->l3_offset);

	if (frame->l3_offset + sizeof(*ip) > frame_length)
		return REASON_NOT_OURS;
	memcpy(packet->source.ip, ip->src_addr, 16);
	memcpy(packet->local.ip, ip->dst_addr, 16);
	if (ip->proto == IPPROTO_FRAGMENT)
		return REASON_FRAGMENT;
	if (ip->proto != IPPROTO_UDP)
		return REASON_NOT_OURS;
	uint32_t end = frame->l3_offset + (uint32_t)sizeof(*ip) + rte_be_to_cpu_16(ip->payload_len);
	if (end > frame_length)
		return REASON_LENGTH_WRONG;
	return receive_read_udp(frame, packet, frame->l3_offset + (uint32_t)sizeof(*ip), end) ? REASON_NONE
											      : REASON_LENGTH_WRONG;
}

static bool receive_is_to_us(const struct worker *worker, const struct packet *packet)
{
	const struct wire_interface *interface = wire_find_own(worker->snapshot->wire, packet->local.ip);
	return interface && (packet->local.port == 0 || packet->local.port == interface->sip_port);
}

/* A fault counts as ours only when the packet was sent to us: others' traffic is the kernel's, whatever it looks like.
 */
static enum reason receive_read_frame(struct frame *frame, const struct worker *worker, struct packet *packet)
{
	const struct rte_mbuf *mbuf = packet->mbuf;
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *);
	uint32_t length = rte_pktmbuf_data_len(mbuf);
	enum reason reason = REASON_NOT_OURS;

	if (length < sizeof(*ether))
		return REASON_NOT_OURS;
	frame->l3_offset = sizeof(*ether);
	if (ether->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		reason = receive_read_ipv4(frame, packet, length);
	else if (ether->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6))
		reason = receive_read_ipv6(frame, packet, length);
	if (reason == REASON_NOT_OURS || !receive_is_to_us(worker, packet))
		return REASON_NOT_OURS;
	if (mbuf->nb_segs > 1)
		return REASON_LENGTH_WRONG;
	uint64_t bad = mbuf->ol_flags & (RTE_MBUF_F_RX_L4_CKSUM_MASK | RTE_MBUF_F_RX_IP_CKSUM_MASK);
	if ((bad & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD ||
	    (bad & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD)
		return REASON_CHECKSUM_WRONG;
	return reason;
}

/* Puts the packet on the first unused place of the burst. Everything but the message is cleared: parse fills that. */
static struct packet *receive_add(struct worker *worker, struct rte_mbuf *mbuf)
{
	struct packet *packet = &worker->packet[worker->packet_count++];
	memset(packet, 0, offsetof(struct packet, request_uri));
	packet->mbuf = mbuf;
	packet->message.is_request = false;
	return packet;
}

static void receive_from_port(struct worker *worker, const struct worker_queue *queue, struct rte_mbuf *mbuf)
{
	struct packet *packet = receive_add(worker, mbuf);
	struct frame frame = {0};

	packet->interface = queue->interface;
	worker->counters->value[COUNTER_RECEIVED]++;
	worker->counters->value[COUNTER_RECEIVED_BYTES] += rte_pktmbuf_data_len(mbuf);
	enum reason reason = receive_read_frame(&frame, worker, packet);
	if (reason != REASON_NONE) {
		packet_end(packet, VERDICT_DROP, reason);
		return;
	}
	packet->bytes =
		span_make(rte_pktmbuf_mtod_offset(mbuf, const char *, frame.payload_offset), frame.payload_length);
}

/* The lcore that took it from the port has checked it and left addresses in the private area (steer.c). */
static void receive_from_lcore(struct worker *worker, struct rte_mbuf *mbuf)
{
	struct packet *packet = receive_add(worker, mbuf);
	const struct punt *punt = rte_mbuf_to_priv(mbuf);

	packet->steered_in = true;
	packet->source = punt->peer;
	packet->local = punt->local;
	packet->interface = punt->interface;
	packet->bytes = span_make(rte_pktmbuf_mtod(mbuf, const char *), rte_pktmbuf_data_len(mbuf));
	worker->counters->value[COUNTER_STEERED_IN]++;
}

/* Came by the kernel to the reserved port: a bare message, with its addresses in the private area. */
static void receive_from_kernel(struct worker *worker, struct rte_mbuf *mbuf)
{
	struct packet *packet = receive_add(worker, mbuf);
	const struct punt *punt = rte_mbuf_to_priv(mbuf);

	packet->source = punt->peer;
	packet->local = punt->local;
	packet->interface = punt->interface;
	packet->bytes = span_make(rte_pktmbuf_mtod(mbuf, const char *), rte_pktmbuf_data_len(mbuf));
	worker->counters->value[COUNTER_RECEIVED]++;
	worker->counters->value[COUNTER_RECEIVED_BYTES] += rte_pktmbuf_data_len(mbuf);
}

void receive_burst(struct worker *worker)
{
	struct rte_mbuf *mbufs[BURST_MAX];
	struct dataplane *dataplane = worker->dataplane;
	uint32_t from_kernel =
		rte_ring_sc_dequeue_burst(dataplane->from_kernel[worker->index], (void **)mbufs, BURST_MAX / 4, NULL);

	for (uint32_t i = 0; i < from_kernel; i++)
		receive_from_kernel(worker, mbufs[i]);

	/* Half of the burst at most from other lcores, so that neither side starves. */
	for (uint32_t from = 0; from < dataplane->worker_count && worker->packet_count < BURST_MAX / 2; from++) {
		struct rte_ring *ring = dataplane->steer[from][worker->index];
		uint32_t room = BURST_MAX / 2 - worker->packet_count;
		uint32_t count = ring ? rte_ring_sc_dequeue_burst(ring, (void **)mbufs, room, NULL) : 0;
		for (uint32_t i = 0; i < count; i++)
			receive_from_lcore(worker, mbufs[i]);
	}
	for (uint32_t i = 0; i < worker->queue_count && worker->packet_count < BURST_MAX; i++) {
		if (worker->next_queue >= worker->queue_count)
			worker->next_queue = 0;
		const struct worker_queue *queue = &worker->queue[worker->next_queue++];
		uint16_t room = (uint16_t)(BURST_MAX - worker->packet_count);
		uint16_t count = rte_eth_rx_burst(queue->port_id, queue->queue_id, mbufs, room);
		for (uint16_t j = 0; j < count; j++)
			receive_from_port(worker, queue, mbufs[j]);
	}
	worker->counters->value[worker->packet_count ? COUNTER_BURSTS : COUNTER_IDLE_POLLS]++;
}
