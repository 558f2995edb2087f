#include <rte_mbuf.h>

#include "frame_write.h"
#include "fork.h"
#include "message_hold.h"
#include "prefetch.h"
#include "rewrite.h"
#include "rewrite_body.h"
#include "rewrite_request.h"
#include "rewrite_response.h"
#include "send.h"
#include "server_transaction.h"
#include "stages.h"

/* Whose buffer is asked for while a message is written. */
#define REWRITE_AHEAD 2

/* A phone's offer. */
#define REWRITE_PREFETCH_BYTES 512

static bool rewrite_collect(struct worker *worker, struct packet *packet)
{
	edit_list_init(&worker->edits);
	if (packet->kind == PACKET_RESPONSE)
		return rewrite_response(worker, packet);
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
	default:
		return REASON_FORWARDED_REQUEST;
	}
}

static struct span rewrite_received(const struct packet *packet)
{
	const struct sip_message *message = &packet->message;

	return span_make(message->bytes.at, message->body.offset + message->body.length);
}

/* Result: NULL when it does not fit there, or has to stay as it is; the edits are as they were. */
static struct rte_mbuf *rewrite_over_received(struct worker *worker, struct packet *packet)
{
	struct span received = rewrite_received(packet);

	if (!send_may_overwrite(worker, packet))
		return NULL;
	int64_t room = received.at - (const char *)packet->mbuf->buf_addr - RTE_PKTMBUF_HEADROOM;
	if (room < 0 || (uint64_t)room + received.length > frame_write_message_bytes_max(&packet->hop))
		return NULL;
	char *start = edit_list_apply_in_place(&worker->edits, (uint32_t)room, received);
	return start ? send_begin_received(packet, start, (uint32_t)(received.at + received.length - start)) : NULL;
}

/* Applies the edits. Result: false when it does not fit into `out`, which may be NULL, or what UDP carries that way. */
static bool rewrite_apply(struct worker *worker, const struct packet *packet, struct rte_mbuf *out)
{
	if (!out)
		return false;
	uint32_t room = RTE_MIN((uint32_t)rte_pktmbuf_tailroom(out), frame_write_message_bytes_max(&packet->hop));
	int length = edit_list_apply(&worker->edits, rte_pktmbuf_mtod(out, char *), room, rewrite_received(packet));
	rte_pktmbuf_data_len(out) = (uint16_t)(length < 0 ? 0 : length);
	rte_pktmbuf_pkt_len(out) = rte_pktmbuf_data_len(out);
	return length >= 0;
}

/* Nobody has looked at the body since it came: asked for while the headers are written. */
static void rewrite_prefetch_body(const struct sip_message *message)
{
	prefetch_lines(message->bytes.at + message->body.offset, RTE_MIN(message->body.length, REWRITE_PREFETCH_BYTES));
}

/* A request that has a branch is kept by it. */
static enum reason rewrite_admit(const struct worker *worker, const struct packet *packet, const struct rte_mbuf *out)
{
	bool is_kept = packet->kind != PACKET_RESPONSE && packet->branch;

	if (is_kept && !message_hold_has_room(worker, out, rte_pktmbuf_data_len(out), 1))
		return REASON_TRANSACTIONS_FULL;
	return REASON_NONE;
}

enum reason rewrite_packet(struct worker *worker, struct packet *packet)
{
	packet->out = NULL;
	rewrite_prefetch_body(&packet->message);
	if (!rewrite_collect(worker, packet))
		return REASON_TOO_LARGE;
	enum reason unfit = rewrite_body(worker, packet);
	if (unfit != REASON_NONE)
		return unfit;
	packet->out = rewrite_over_received(worker, packet);
	if (packet->out)
		return REASON_NONE;
	struct rte_mbuf *out = send_begin_reserved(worker, packet);
	bool fits = rewrite_apply(worker, packet, out);
	if (out && !fits) {
		rte_pktmbuf_free(out);
		out = send_begin_large(worker);
		fits = rewrite_apply(worker, packet, out);
	}
	enum reason reason = fits ? rewrite_admit(worker, packet, out) : out ? REASON_TOO_LARGE : REASON_NO_BUFFER;
	if (reason == REASON_NONE)
		packet->out = out;
	else
		rte_pktmbuf_free(out);
	return reason;
}

static void rewrite_complete(struct worker *worker, struct packet *packet)
{
	if (packet->kind == PACKET_RESPONSE)
		server_transaction_keep(worker, packet->transaction, packet->out, packet->message.status_code);
	else
		fork_complete(worker, packet);
	packet->punt_kind = PUNT_KERNEL_SEND;
	if (packet->hop_result == WIRE_NEIGHBOUR_UNKNOWN)
		packet_end(packet, VERDICT_PUNT, REASON_PUNTED_UNRESOLVED_NEIGHBOUR);
	else
		packet_end(packet, VERDICT_FORWARD, rewrite_forwarded(packet));
}

static void rewrite_refuse(struct worker *worker, struct packet *packet, enum reason reason)
{
	if (packet->kind != PACKET_RESPONSE) {
		fork_fail(worker, packet, reason);
		return;
	}
	/* A provisional one may be beside its final one in the burst. */
	if (packet->transaction->state == TRANSACTION_COMPLETED && packet->message.status_code >= 200)
		server_transaction_refuse(worker, packet->transaction, REASON_RESPONSE_NOT_WRITTEN);
	packet_refuse(packet, reason);
}

/* The buffer of the 100 Trying that goes out when all are written. */
static void rewrite_reserve_trying(struct worker *worker, struct packet *packet)
{
	if (packet->kind != PACKET_RESPONSE && packet->transaction && packet->transaction->is_invite)
		send_reserve_answer(worker, packet);
}

/*
 * Two passes: the code of both does not fit into the cache of a core, 32 KB, and would be fetched again for each
 * packet. What takes of a share of few buffers is kept at once: the next one asks for what is left (rewrite_admit).
 */
void rewrite_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (i + REWRITE_AHEAD < worker->packet_count)
			send_prefetch_reserved_again(worker, &worker->packet[i + REWRITE_AHEAD]);
		if (packet->verdict)
			continue;
		enum reason reason = rewrite_packet(worker, packet);
		if (reason != REASON_NONE)
			rewrite_refuse(worker, packet, reason);
		else if (packet->out->pool != worker->dataplane->pool)
			rewrite_complete(worker, packet);
		else
			rewrite_reserve_trying(worker, packet);
	}
	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (!worker->packet[i].verdict)
			rewrite_complete(worker, &worker->packet[i]);
}
