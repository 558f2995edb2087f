#include "send.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <sodium.h>

#include "frame_write.h"
#include "hop_find.h"
#include "prefetch.h"

/* Of any link (RFC 791): an interface that is going away says 0. */
#define IPV4_MTU_MIN 68u

/*
 * Every path carries that much, as IPv6 wants it (RFC 8200 5). We do not follow ICMP's "fragmentation needed", so a
 * larger IPv4 packet leaves for routers to cut (RFC 1191 3).
 */
#define PATH_MTU_SAFE 1280

/* Of IPv4's header and that of UDP. */
#define SEND_IPV4_BYTES 28

/* By how much most messages grow, less what is cut off. */
#define SEND_GROWTH_BYTES 128

/* Of most answers that have only what every response has. */
#define SEND_ANSWER_BYTES 384

/* Without a look into the mbuf, which would wait for it. */
static const char *send_text_of_reserved(struct rte_mempool *pool, const struct packet *packet)
{
	return (const char *)packet->reserved + sizeof(struct rte_mbuf) + rte_pktmbuf_priv_size(pool) +
	       RTE_PKTMBUF_HEADROOM;
}

bool send_may_overwrite(const struct worker *worker, const struct packet *packet)
{
	const struct rte_mbuf *mbuf = packet->mbuf;

	return (packet->kind == PACKET_RESPONSE || packet->message.method == SIP_METHOD_ACK) && mbuf &&
	       mbuf->pool == worker->dataplane->pool && rte_mbuf_refcnt_read(mbuf) == 1 && RTE_MBUF_DIRECT(mbuf) &&
	       mbuf->nb_segs == 1;
}

static bool send_is_to_reserve(const struct worker *worker, const struct packet *packet, uint32_t bytes_max)
{
	return !packet->verdict && !packet->is_unreachable && packet->message.method != SIP_METHOD_REGISTER &&
	       packet->bytes.length <= bytes_max && !send_may_overwrite(worker, packet);
}

/* `bytes`: of the text. */
static void send_prefetch_buffer(struct rte_mempool *pool, const struct packet *packet, size_t bytes)
{
	const char *mbuf = (const char *)packet->reserved;

	_Static_assert(sizeof(struct rte_mbuf) == 2 * RTE_CACHE_LINE_SIZE, "both are asked for");
	prefetch_line_to_write(mbuf);
	prefetch_line_to_write(mbuf + RTE_CACHE_LINE_SIZE);
	prefetch_many_lines_to_write(send_text_of_reserved(pool, packet) - RTE_CACHE_LINE_SIZE,
				     bytes + RTE_CACHE_LINE_SIZE);
}

/*
 * All of them or none, at one look into the pool. First a line of each page that they begin and end in: the core looks
 * for many pages at once when their addresses come one behind the other, but for no line of a page that it has not
 * found.
 */
static void send_take_reserved(struct rte_mempool *pool, struct packet **packets, uint32_t count)
{
	struct rte_mbuf *mbufs[BURST_MAX];

	if (count == 0 || rte_mempool_get_bulk(pool, (void **)mbufs, count) != 0)
		return;
	for (uint32_t i = 0; i < count; i++) {
		packets[i]->reserved = mbufs[i];
		prefetch_line_to_write(mbufs[i]);
	}
	for (uint32_t i = 0; i < count; i++)
		prefetch_line_to_write(send_text_of_reserved(pool, packets[i]) + packets[i]->bytes.length);
	for (uint32_t i = 0; i < count; i++)
		send_prefetch_buffer(pool, packets[i], packets[i]->bytes.length + SEND_GROWTH_BYTES);
}

void send_reserve_burst(struct worker *worker)
{
	struct rte_mempool *pool = worker->dataplane->pool;
	uint32_t bytes_max = rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM - SEND_GROWTH_BYTES;
	struct packet *packets[BURST_MAX];
	uint32_t count = 0;

	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (send_is_to_reserve(worker, &worker->packet[i], bytes_max))
			packets[count++] = &worker->packet[i];
	send_take_reserved(pool, packets, count);
}

void send_prefetch_reserved_again(const struct worker *worker, const struct packet *packet)
{
	if (packet->reserved)
		send_prefetch_buffer(worker->dataplane->pool, packet, packet->bytes.length + SEND_GROWTH_BYTES);
}

void send_reserve_answer(struct worker *worker, struct packet *packet)
{
	struct rte_mempool *pool = worker->dataplane->answer_pool;
	struct rte_mbuf *mbuf = packet->reserved ? NULL : rte_mbuf_raw_alloc(pool);

	if (!mbuf)
		return;
	packet->reserved = mbuf;
	send_prefetch_buffer(pool, packet, SEND_ANSWER_BYTES);
}

void send_give_back_reserved(struct packet *packet)
{
	if (packet->reserved)
		rte_mbuf_raw_free(packet->reserved);
	packet->reserved = NULL;
}

struct rte_mbuf *send_begin_reserved(struct worker *worker, struct packet *packet)
{
	struct rte_mbuf *mbuf = packet->reserved;

	if (!mbuf)
		return send_begin(worker);
	rte_pktmbuf_reset(mbuf);
	packet->reserved = NULL;
	return mbuf;
}

/* What the port said of the frame that it came in is not true of the one that leaves. */
struct rte_mbuf *send_begin_received(struct packet *packet, const char *start, uint32_t length)
{
	struct rte_mbuf *mbuf = packet->mbuf;

	packet->mbuf = NULL;
	rte_pktmbuf_reset(mbuf);
	mbuf->data_off = (uint16_t)(start - (const char *)mbuf->buf_addr);
	rte_pktmbuf_data_len(mbuf) = (uint16_t)length;
	rte_pktmbuf_pkt_len(mbuf) = length;
	return mbuf;
}

struct rte_mbuf *send_begin(struct worker *worker)
{
	return rte_pktmbuf_alloc(worker->dataplane->pool);
}

struct rte_mbuf *send_begin_large(struct worker *worker)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(worker->dataplane->large_pool);

	/* Only the UDP header is written before the message: what is that large leaves in fragments. */
	if (mbuf)
		mbuf->data_off = sizeof(struct rte_udp_hdr);
	return mbuf;
}

/* Frames to a port by this worker's own queue. */
static void send_by_queue(struct worker *worker, uint16_t port_id, struct rte_mbuf **frames, uint16_t count)
{
	uint64_t bytes = 0;

	for (uint16_t i = 0; i < count; i++)
		bytes += rte_pktmbuf_data_len(frames[i]);
	uint16_t sent = rte_eth_tx_burst(port_id, (uint16_t)worker->index, frames, count);
	worker->counters->value[COUNTER_TRANSMITTED] += sent;
	worker->counters->value[COUNTER_TRANSMITTED_BYTES] += bytes;
	worker->counters->value[COUNTER_TRANSMIT_DROPPED] += count - sent;
	for (uint16_t i = sent; i < count; i++)
		rte_pktmbuf_free(frames[i]);
}

/* To the worker whose queue we share; it counts them when it sends them. */
static void send_by_ring(struct worker *worker, struct rte_ring *ring, struct rte_mbuf **frames, uint16_t count)
{
	uint32_t taken = rte_ring_sp_enqueue_burst(ring, (void **)frames, count, NULL);

	worker->counters->value[COUNTER_TRANSMIT_DROPPED] += count - taken;
	for (uint32_t i = taken; i < count; i++)
		rte_pktmbuf_free(frames[i]);
}

static void send_flush_buffer(struct worker *worker, uint32_t port)
{
	struct transmit_buffer *buffer = &worker->transmit[port];
	struct rte_ring *ring = worker->dataplane->transmit[port][worker->index];

	if (ring != NULL)
		send_by_ring(worker, ring, buffer->packet, buffer->count);
	else if (buffer->count > 0)
		send_by_queue(worker, worker->snapshot->wire->interface[port].port_id, buffer->packet, buffer->count);
	buffer->count = 0;
}

static void send_put(struct worker *worker, struct rte_mbuf *frame, const struct wire_interface *interface)
{
	uint32_t port = (uint32_t)(interface - worker->snapshot->wire->interface);
	struct transmit_buffer *buffer = &worker->transmit[port];
	uint16_t count = buffer->count;

	if (count == RTE_DIM(buffer->packet)) {
		send_flush_buffer(worker, port);
		count = 0;
	}
	buffer->packet[count] = frame;
	buffer->count = (uint16_t)(count + 1);
}

/* A secret start for each pair of addresses, then one apart; workers do not meet each other's (RFC 7739 5.3). */
static uint32_t send_next_id(struct worker *worker, const struct wire_hop *hop, const struct net_address *destination)
{
	uint8_t pair[32];
	uint64_t start;

	memcpy(pair, hop->source, 16);
	memcpy(pair + 16, destination->ip, 16);
	crypto_shorthash((uint8_t *)&start, pair, sizeof(pair), worker->fragment_key);
	return (uint32_t)start + worker->fragmented_count++ * worker->dataplane->worker_count + worker->index;
}

static void send_fragments(struct worker *worker, const struct rte_mbuf *datagram, const struct wire_hop *hop,
			   const struct net_address *destination, uint32_t mtu)
{
	struct frame_cut cut = {.id = send_next_id(worker, hop, destination), .mtu = mtu};

	worker->counters->value[COUNTER_FRAGMENTED]++;
	while (cut.offset < rte_pktmbuf_data_len(datagram)) {
		struct rte_mbuf *fragment =
			frame_write_next_fragment(worker->dataplane->pool, datagram, hop, destination, &cut);
		if (!fragment) {
			worker->counters->value[COUNTER_TRANSMIT_DROPPED]++;
			return;
		}
		send_put(worker, fragment, hop->interface);
	}
}

/* Result: NULL where no router may cut the packet, which then needs no id. */
static const struct frame_fragment *send_allow_cut(struct worker *worker, struct frame_fragment *whole,
						   uint32_t packet_bytes, const struct wire_hop *hop,
						   const struct net_address *destination)
{
	if (!net_address_is_v4(hop->source) || packet_bytes <= PATH_MTU_SAFE)
		return NULL;
	*whole = (struct frame_fragment){.id = send_next_id(worker, hop, destination)};
	return whole;
}

/* Apart, so that what is usual stays short. */
static __attribute__((noinline)) void send_any(struct worker *worker, struct rte_mbuf *message,
					       const struct wire_hop *hop, const struct net_address *destination)
{
	uint32_t mtu = RTE_MAX(RTE_MIN((uint32_t)hop->interface->mtu, worker->mtu_max), IPV4_MTU_MIN);
	bool sound = rte_pktmbuf_data_len(message) <= frame_write_message_bytes_max(hop) &&
		     frame_write_udp(message, hop, destination);
	uint32_t packet_bytes = rte_pktmbuf_data_len(message) + frame_write_ip_bytes(hop, false);
	struct frame_fragment whole;

	if (sound && packet_bytes > mtu) {
		send_fragments(worker, message, hop, destination, mtu);
	} else if (sound && frame_write_ip(message, hop, destination,
					   send_allow_cut(worker, &whole, packet_bytes, hop, destination))) {
		send_put(worker, message, hop->interface);
		return;
	} else {
		worker->counters->value[COUNTER_TRANSMIT_DROPPED]++;
	}
	rte_pktmbuf_free(message);
}

void send_frame(struct worker *worker, struct rte_mbuf *message, const struct wire_hop *hop,
		const struct net_address *destination)
{
	uint32_t packet_bytes = rte_pktmbuf_data_len(message) + SEND_IPV4_BYTES;

	if (packet_bytes <= PATH_MTU_SAFE && packet_bytes <= hop->interface->mtu && packet_bytes <= worker->mtu_max &&
	    net_address_is_v4(hop->source) && frame_write_usual(message, hop, destination))
		send_put(worker, message, hop->interface);
	else
		send_any(worker, message, hop, destination);
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
	const struct hop_way *way = hop_find(worker, destination->ip, entry);

	if (way->result == WIRE_OK) {
		send_frame(worker, message, &way->hop, destination);
		return;
	}
	if (way->result != WIRE_NO_ROUTE && send_through_kernel(worker, message, &way->hop, destination))
		return;
	worker->counters->value[COUNTER_TRANSMIT_DROPPED]++;
	rte_pktmbuf_free(message);
}

struct rte_mbuf *send_begin_copy(struct worker *worker, struct span text)
{
	struct rte_mbuf *mbuf = send_begin(worker);

	if (mbuf && rte_pktmbuf_tailroom(mbuf) < text.length) {
		rte_pktmbuf_free(mbuf);
		mbuf = send_begin_large(worker);
	}
	char *room = mbuf ? rte_pktmbuf_append(mbuf, (uint16_t)text.length) : NULL;
	if (!room) {
		rte_pktmbuf_free(mbuf);
		return NULL;
	}
	memcpy(room, text.at, text.length);
	return mbuf;
}

void send_copy(struct worker *worker, struct span text, const struct net_address *destination,
	       const struct net_entry *entry)
{
	struct rte_mbuf *mbuf = send_begin_copy(worker, text);

	if (mbuf)
		send_message(worker, mbuf, destination, entry);
	else
		worker->counters->value[COUNTER_TRANSMIT_DROPPED]++;
}

/* What workers without a queue of this port have given us. */
static void send_for_others(struct worker *worker, uint32_t port, uint16_t port_id)
{
	const struct dataplane *dataplane = worker->dataplane;
	uint32_t queues = dataplane->transmit_queue_count[port];
	struct rte_mbuf *frames[BURST_MAX];

	for (uint32_t from = worker->index + queues; from < dataplane->worker_count; from += queues) {
		uint32_t count =
			rte_ring_sc_dequeue_burst(dataplane->transmit[port][from], (void **)frames, BURST_MAX, NULL);
		if (count > 0)
			send_by_queue(worker, port_id, frames, (uint16_t)count);
	}
}

void send_flush(struct worker *worker)
{
	const struct wire *wire = worker->snapshot->wire;

	for (uint32_t i = 0; i < wire->interface_count; i++) {
		send_flush_buffer(worker, i);
		if (worker->dataplane->transmit[i][worker->index] == NULL)
			send_for_others(worker, i, wire->interface[i].port_id);
	}
}
