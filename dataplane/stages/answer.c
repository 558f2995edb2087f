#include <rte_mbuf.h>

#include "answer_make.h"
#include "server_transaction.h"
#include "stages.h"
#include "via_stamp.h"

/* A request that was refused when its transaction had begun: its final response, or none, and it comes again. */
static void answer_in_transaction(struct worker *worker, struct packet *packet)
{
	struct transaction *transaction = packet->transaction;

	if (!packet->out) {
		transaction_table_remove(&worker->transactions, transaction);
		packet->transaction = NULL;
		return;
	}
	server_transaction_answered(worker, transaction, reason_rows[packet->reason].status);
	server_transaction_keep(worker, transaction, packet->out, reason_rows[packet->reason].status);
}

static void answer_packet(struct worker *worker, struct packet *packet)
{
	/* With branches that were sent and only this packet's own way out gone (PUNT_RING_FULL), it goes on without it.
	 */
	bool in_transaction =
		packet->transaction && packet->kind != PACKET_HOP && packet->transaction->pending_count == 0;
	packet->via_stays = packet->via_stays || !via_stamp_is_needed(&packet->message, &packet->source);
	enum reason reason = answer_make_refusal(&packet->out, worker, packet);

	if (in_transaction)
		answer_in_transaction(worker, packet);
	if (reason != REASON_NONE)
		packet_end(packet, VERDICT_DROP, reason);
	else
		answer_destination(&packet->destination, &packet->message, &packet->source, packet->via_stays);
}

void answer_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		if (worker->packet[i].verdict != VERDICT_ANSWER)
			continue;
		/* What was prepared to go out before the refusal does not. */
		rte_pktmbuf_free(worker->packet[i].out);
		worker->packet[i].out = NULL;
		answer_packet(worker, &worker->packet[i]);
	}
}
