#include "gun_wire.h"

#include <rte_ethdev.h>

/* A device that is full is asked again so often: an af_packet sends in the meantime, a router on a memif reads. */
#define TRIES_MAX 64

void gun_wire_init(struct gun_wire *wire, const struct gun_ports *ports, const struct gun_options *options)
{
	memset(wire, 0, sizeof(*wire));
	wire->pool = ports->pool;
	wire->device_count = ports->count;
	for (uint32_t i = 0; i < GUN_SIDES; i++)
		wire->port[i] = ports->id[i < ports->count ? i : 0];
	wire->loss_limit = (uint64_t)(options->loss_percent / 100 * 4294967296.0);
	wire->random = options->seed;
	wire->kept_max = options->buffers - options->buffers / 4;
}

uint64_t gun_wire_random(uint64_t *state)
{
	uint64_t mixed = *state += 0x9e3779b97f4a7c15ull;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ull;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebull;
	return mixed ^ mixed >> 31;
}

struct rte_mbuf *gun_wire_take(struct gun_wire *wire)
{
	struct rte_mbuf *packet = rte_pktmbuf_alloc(wire->pool);

	if (unlikely(packet == NULL))
		wire->counts.no_buffer++;
	return packet;
}

bool gun_wire_finish(struct gun_wire *wire, struct rte_mbuf *packet, const struct gun_frame *frame, uint32_t bytes)
{
	if (unlikely(bytes == 0 || bytes > GUN_FRAME_MESSAGE_MAX)) {
		wire->counts.too_long++;
		rte_pktmbuf_free(packet);
		return false;
	}
	gun_frame_write(rte_pktmbuf_mtod(packet, uint8_t *), frame, bytes);
	packet->data_len = (uint16_t)(GUN_FRAME_HEADER_BYTES + bytes);
	packet->pkt_len = packet->data_len;
	return true;
}

static void flush_device(struct gun_wire *wire, uint32_t device)
{
	struct rte_mbuf **queue = wire->queue[device];
	uint32_t count = wire->queued[device], sent = 0;

	for (uint32_t tries = 0; sent < count && tries < TRIES_MAX; tries++)
		sent += rte_eth_tx_burst(wire->port[device], 0, queue + sent, (uint16_t)(count - sent));
	if (unlikely(sent < count)) {
		wire->counts.device_full += count - sent;
		rte_pktmbuf_free_bulk(queue + sent, count - sent);
	}
	wire->queued[device] = 0;
}

void gun_wire_send_other(struct gun_wire *wire, enum gun_side_name side, struct rte_mbuf *packet)
{
	uint32_t device = side < wire->device_count ? side : 0;

	wire->queue[device][wire->queued[device]++] = packet;
	if (wire->queued[device] == GUN_WIRE_BURST)
		flush_device(wire, device);
}

void gun_wire_send(struct gun_wire *wire, enum gun_side_name side, struct rte_mbuf *packet)
{
	wire->counts.sent++;
	if (wire->loss_limit != 0 && (uint32_t)gun_wire_random(&wire->random) < wire->loss_limit) {
		wire->counts.lost++;
		rte_pktmbuf_free(packet);
		return;
	}
	gun_wire_send_other(wire, side, packet);
}

struct rte_mbuf *gun_wire_keep(struct gun_wire *wire, struct rte_mbuf *packet)
{
	if (unlikely(wire->kept == wire->kept_max)) {
		wire->counts.not_kept++;
		return NULL;
	}
	wire->kept++;
	rte_mbuf_refcnt_update(packet, 1);
	return packet;
}

void gun_wire_send_again(struct gun_wire *wire, enum gun_side_name side, struct rte_mbuf *kept)
{
	rte_mbuf_refcnt_update(kept, 1);
	gun_wire_send(wire, side, kept);
}

void gun_wire_drop(struct gun_wire *wire, struct rte_mbuf *kept)
{
	if (kept == NULL)
		return;
	wire->kept--;
	rte_pktmbuf_free(kept);
}

void gun_wire_flush(struct gun_wire *wire)
{
	for (uint32_t device = 0; device < wire->device_count; device++)
		if (wire->queued[device] > 0)
			flush_device(wire, device);
}
