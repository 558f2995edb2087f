#include <rte_mbuf.h>

#include "frame_write.h"
#include "rewrite_request.h"
#include "rewrite_response.h"
#include "send.h"
#include "stages.h"

static bool rewrite_collect(struct worker *worker, const struct packet *packet)
{
	edit_list_init(&worker->edits);
	if (packet->kind == PACKET_RESPONSE) {
		rewrite_response(worker, packet);
		return true;
	}
	return packet->kind == PACKET_IN_DIALOG ? rewrite_request_in_dialog(worker, packet)
						: rewrite_request_initial(worker, packet);
}

static enum reason rewrite_forwarded(const struct packet *packet)
{
	switch (packet->kind) {
	case PACKET_RESPONSE:
		return REASON_FORWARDED_RESPONSE;
	case PACKET_IN_DIALOG:
		return REASON_FORWARDED_IN_DIALOG;
	case PACKET_HOP:
		return packet->message.method == SIP_METHOD_ACK ? REASON_FORWARDED_ACK : REASON_FORWARDED_CANCEL;
	default:
		return REASON_FORWARDED_REQUEST;
	}
}

/* Applies the edits. Result: false when it does not fit into `out`, which may be NULL, or what UDP carries that way. */
static bool rewrite_apply(struct worker *worker, const struct packet *packet, struct rte_mbuf *out)
{
	const struct sip_message *message = &packet->message;

	if (!out)
		return false;
	uint32_t room = RTE_MIN((uint32_t)rte_pktmbuf_tailroom(out), frame_write_message_bytes_max(&packet->hop));
	int length = edit_list_apply(&worker->edits, rte_pktmbuf_mtod(out, char *), room,
				     span_make(message->bytes.at, message->body.offset + message->body.length));
	rte_pktmbuf_data_len(out) = (uint16_t)(length < 0 ? 0 : length);
	rte_pktmbuf_pkt_len(out) = rte_pktmbuf_data_len(out);
	return length >= 0;
}

static void rewrite_packet(struct worker *worker, struct packet *packet)
{
	if (!rewrite_collect(worker, packet)) {
		packet_refuse(packet, REASON_TOO_LARGE);
		return;
	}
	struct rte_mbuf *out = send_begin(worker);
	bool fits = rewrite_apply(worker, packet, out);
	if (out && !fits) {
		rte_pktmbuf_free(out);
		out = send_begin_large(worker);
		fits = rewrite_apply(worker, packet, out);
	}
	if (!out) {
		packet_end(packet, VERDICT_DROP, REASON_NO_BUFFER);
		return;
	}
	if (!fits) {
		rte_pktmbuf_free(out);
		packet_refuse(packet, REASON_TOO_LARGE);
		return;
	}
	packet->out = out;
	packet->punt_kind = PUNT_KERNEL_SEND;
	if (packet->hop_result == WIRE_NEIGHBOUR_UNKNOWN)
		packet_end(packet, VERDICT_PUNT, REASON_PUNTED_UNRESOLVED_NEIGHBOUR);
	else
		packet_end(packet, VERDICT_FORWARD, rewrite_forwarded(packet));
}

void rewrite_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (!worker->packet[i].verdict)
			rewrite_packet(worker, &worker->packet[i]);
}
