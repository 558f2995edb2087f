#include <rte_mbuf.h>

#include "frame_read.h"
#include "stages.h"

static void reassemble_key(struct datagram_key *key, const struct packet *packet)
{
	memset(key, 0, sizeof(*key));
	memcpy(key->source, packet->source.ip, sizeof(key->source));
	memcpy(key->destination, packet->local.ip, sizeof(key->destination));
	key->id = packet->fragment.id;
	key->protocol = net_address_is_v4(packet->local.ip) ? packet->fragment.next_header : 0;
}

/* Result: false when the pool has no buffer for it; the slot is free again. */
static bool reassemble_give_buffer(struct worker *worker, struct datagram *datagram)
{
	if (datagram->buffer != NULL)
		return true;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(worker->dataplane->large_pool);
	if (mbuf == NULL) {
		datagram_table_close(worker->datagrams, datagram);
		return false;
	}
	mbuf->data_off = 0;
	datagram->buffer = mbuf;
	datagram->bytes = rte_pktmbuf_mtod(mbuf, char *);
	return true;
}

/* The packet that completed the datagram becomes it. Its checksum covers all of it, and no port has seen that. */
static enum reason reassemble_finish(struct worker *worker, struct packet *packet, struct datagram *datagram)
{
	const struct wire_interface *own = wire_find_own(worker->snapshot->wire, packet->local.ip);

	rte_pktmbuf_free(packet->mbuf);
	packet->mbuf = datagram->buffer;
	datagram->buffer = NULL;
	rte_pktmbuf_data_len(packet->mbuf) = (uint16_t)datagram->end;
	rte_pktmbuf_pkt_len(packet->mbuf) = datagram->end;
	packet->bytes = span_make(datagram->bytes, datagram->end);
	datagram_table_close(worker->datagrams, datagram);
	worker->counters->value[COUNTER_REASSEMBLED]++;
	return frame_read_udp(packet, datagram->next_header, own->sip_port);
}

/* Result: REASON_NONE when packet->bytes is a whole message now. */
static enum reason reassemble_take(struct worker *worker, struct packet *packet)
{
	struct datagram_fragment fragment = {
		.bytes = packet->bytes,
		.offset = packet->fragment.offset,
		.more = packet->fragment.more,
		.next_header = packet->fragment.next_header,
	};
	struct datagram_key key;
	bool gave_way;

	if (!datagram_table_is_sound(&fragment, DATAGRAM_BYTES_MAX - packet->fragment.header_bytes))
		return REASON_FRAGMENT_UNSOUND;
	reassemble_key(&key, packet);
	struct datagram *datagram = datagram_table_open(worker->datagrams, &key, worker->now_tsc, &gave_way);
	worker->counters->value[COUNTER_REASSEMBLY_GAVE_WAY] += gave_way;
	if (!reassemble_give_buffer(worker, datagram))
		return REASON_NO_BUFFER;
	switch (datagram_table_add(datagram, &fragment)) {
	case DATAGRAM_COMPLETE:
		return reassemble_finish(worker, packet, datagram);
	case DATAGRAM_DUPLICATE:
		return REASON_FRAGMENT_DUPLICATE;
	case DATAGRAM_CONFLICT:
		return REASON_FRAGMENT_CONFLICT;
	case DATAGRAM_TOO_MANY:
		return REASON_FRAGMENT_TOO_MANY;
	default:
		return REASON_FRAGMENT_ABSORBED;
	}
}

void reassemble_burst(struct worker *worker)
{
	worker->counters->value[COUNTER_REASSEMBLY_TIMEOUTS] +=
		datagram_table_expire(worker->datagrams, worker->now_tsc);
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (!packet->fragment.present || packet->verdict)
			continue;
		enum reason reason = reassemble_take(worker, packet);
		if (reason != REASON_NONE)
			packet_end(packet, reason == REASON_FRAGMENT_ABSORBED ? VERDICT_ABSORB : VERDICT_DROP, reason);
	}
}
