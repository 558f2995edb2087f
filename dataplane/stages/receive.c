#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "frame_read.h"
#include "prefetch.h"
#include "stages.h"
#include "unreachable_read.h"

#define PREFETCH_AHEAD 3

/* What is the same for all frames of a queue, and for most of them. */
struct receive_queue {
	uint16_t interface, vlan;
	uint8_t local_ip[16];		  /* where the last frame was sent to, */
	const struct wire_interface *own; /* and whose address that is; NULL: not one of ours */
};

static struct receive_queue receive_begin_queue(const struct worker *worker, uint16_t interface)
{
	const struct wire *wire = worker->snapshot->wire;

	return (struct receive_queue){.interface = interface,
				      .vlan = interface < wire->interface_count ? wire->interface[interface].vlan : 0};
}

static const struct wire_interface *receive_find_own(const struct worker *worker, struct receive_queue *queue,
						     const uint8_t ip[16])
{
	if (memcmp(queue->local_ip, ip, sizeof(queue->local_ip)) != 0) {
		memcpy(queue->local_ip, ip, sizeof(queue->local_ip));
		queue->own = wire_find_own(worker->snapshot->wire, ip);
	}
	return queue->own;
}

/* A fault counts as ours only when the packet was sent to us: others' traffic is the kernel's, whatever it looks like.
 */
static enum reason receive_read_frame(const struct worker *worker, struct receive_queue *queue, struct packet *packet)
{
	enum reason reason = frame_read_ip(packet, queue->vlan);

	if (reason == REASON_NOT_OURS)
		return reason;
	const struct wire_interface *own = receive_find_own(worker, queue, packet->local.ip);
	if (own == NULL)
		return REASON_NOT_OURS;
	if (reason != REASON_NONE || packet->fragment.present)
		return reason;
	if (packet->is_unreachable)
		return unreachable_read(packet, own->sip_port);
	return frame_read_udp(packet, IPPROTO_UDP, own->sip_port);
}

/* Which lcore is to know stands in the branch, so that is read before the packet is steered. */
static void receive_read_quoted(const struct worker *worker, struct packet *packet)
{
	if (!quoted_request_read(&packet->quoted, packet->bytes) ||
	    packet->quoted.branch.worker >= worker->dataplane->worker_count)
		packet_end(packet, VERDICT_DROP, REASON_UNREACHABLE_WITHOUT_BRANCH);
}

/* Piece by piece: for all of it at once gcc takes an instruction that costs as much as a quarter of this stage. */
static void receive_clear(struct packet *packet)
{
	enum { PIECE = 64, BYTES = offsetof(struct packet, request_uri) };
	char *at = (char *)packet;

	_Static_assert(BYTES > 2 * PIECE && BYTES <= 3 * PIECE, "as many pieces as there are lines below");
	memset(at, 0, PIECE);
	memset(at + PIECE, 0, PIECE);
	memset(at + 2 * PIECE, 0, BYTES - 2 * PIECE);
}

/*
 * Puts the packet on the first unused place of the burst. Everything but the message is cleared, as far as a packet can
 * end before a stage has filled it: parse fills that.
 */
static struct packet *receive_add(struct worker *worker, struct rte_mbuf *mbuf)
{
	struct packet *packet = &worker->packet[worker->packet_count++];
	receive_clear(packet);
	packet->mbuf = mbuf;
	packet->message.is_request = false;
	packet->call = CALL_NONE;
	packet->caller = (struct caller){0};
	packet->decision.rule[0] = '\0';
	return packet;
}

static void receive_from_port(struct worker *worker, struct receive_queue *queue, struct rte_mbuf *mbuf)
{
	struct packet *packet = receive_add(worker, mbuf);

	packet->interface = queue->interface;
	enum reason reason = receive_read_frame(worker, queue, packet);
	if (reason != REASON_NONE)
		packet_end(packet, VERDICT_DROP, reason);
	else if (packet->is_unreachable)
		receive_read_quoted(worker, packet);
}

/* The frames behind it are on their way from memory, or from where the port has put them, while one is read. */
static void receive_from_queue(struct worker *worker, uint16_t interface, struct rte_mbuf **mbufs, uint32_t count)
{
	struct receive_queue queue = receive_begin_queue(worker, interface);
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (i + PREFETCH_AHEAD < count)
			prefetch_line(rte_pktmbuf_mtod(mbufs[i + PREFETCH_AHEAD], const char *));
		bytes += rte_pktmbuf_data_len(mbufs[i]);
		receive_from_port(worker, &queue, mbufs[i]);
	}
	worker->counters->value[COUNTER_RECEIVED] += count;
	worker->counters->value[COUNTER_RECEIVED_BYTES] += bytes;
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
	packet->is_unreachable = punt->is_unreachable;
	if (packet->is_unreachable)
		receive_read_quoted(worker, packet);
	worker->counters->value[COUNTER_STEERED_IN]++;
}

/* Came by the kernel to the reserved port: a bare message, with its addresses in the private area; or the kernel could
 * not deliver it. */
static void receive_from_kernel(struct worker *worker, struct rte_mbuf *mbuf)
{
	struct packet *packet = receive_add(worker, mbuf);
	const struct punt *punt = rte_mbuf_to_priv(mbuf);

	packet->source = punt->peer;
	packet->local = punt->local;
	packet->interface = punt->interface;
	packet->bytes = span_make(rte_pktmbuf_mtod(mbuf, const char *), rte_pktmbuf_data_len(mbuf));
	packet->is_unreachable = punt->is_unreachable;
	if (packet->is_unreachable)
		receive_read_quoted(worker, packet);
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
		receive_from_queue(worker, queue->interface, mbufs, count);
	}
	worker->counters->value[worker->packet_count ? COUNTER_BURSTS : COUNTER_IDLE_POLLS]++;
}
