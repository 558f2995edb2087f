#include <rte_mbuf.h>

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

static void rewrite_packet(struct worker *worker, struct packet *packet)
{
	if (!rewrite_collect(worker, packet)) {
		packet_refuse(packet, REASON_TOO_LARGE);
		return;
	}
	struct rte_mbuf *out = send_begin(worker);
	if (!out) {
		packet_end(packet, VERDICT_DROP, REASON_NO_BUFFER);
		return;
	}
	int length = edit_list_apply(
		&worker->edits, rte_pktmbuf_mtod(out, char *), rte_pktmbuf_tailroom(out),
		span_make(packet->message.bytes.at, packet->message.body.offset + packet->message.body.length));
	if (length < 0) {
		rte_pktmbuf_free(out);
		packet_refuse(packet, REASON_TOO_LARGE);
		return;
	}
	rte_pktmbuf_data_len(out) = (uint16_t)length;
	rte_pktmbuf_pkt_len(out) = (uint32_t)length;
	packet->out = out;
	enum reason kernel = send_needs_kernel(&packet->hop, (enum wire_result)packet->hop_result, (uint32_t)length);
	packet->punt_kind = PUNT_KERNEL_SEND;
	packet_end(packet, kernel == REASON_NONE ? VERDICT_FORWARD : VERDICT_PUNT,
		   kernel == REASON_NONE ? rewrite_forwarded(packet) : kernel);
}

void rewrite_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (!worker->packet[i].verdict)
			rewrite_packet(worker, &worker->packet[i]);
}
