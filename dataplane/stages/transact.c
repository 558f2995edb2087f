#include <sodium.h>

#include "message_facts.h"
#include "stages.h"
#include "transact_unreachable.h"

static uint64_t transact_hash(struct span text, const uint8_t key[16])
{
	uint64_t hash;
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)text.at, text.length, key);
	return hash;
}

/*
 * INVITE, its CANCEL and the ACK of its non-2xx have Call-ID, topmost branch and CSeq number in common (RFC
 * 3261 9.1, 17.1.1.3). Keyed, so that nobody can make two transactions meet.
 */
static uint64_t transact_name(const struct sip_message *message, const uint8_t key[16])
{
	uint64_t call_id = transact_hash(sip_message_text(message, message->call_id), key);
	uint64_t branch = transact_hash(sip_message_text(message, message->via_branch), key);
	return (call_id ^ (branch << 17 | branch >> 47)) + message->cseq * 0x9e3779b97f4a7c15ull;
}

/*
 * After a 180 with Contact, chan_sip puts that Contact into the Request-URI of its ACK for a non-2xx. Such an ACK
 * belongs to its INVITE by its branch, whatever it asks for: when the lcore passed that INVITE, To says what was
 * dialled.
 */
static void transact_restore_dialled(const struct worker *worker, struct packet *packet)
{
	const struct snapshot *snapshot = worker->snapshot;
	struct sip_address address;
	struct sip_uri to;

	if (packet->kind != PACKET_HOP || packet->message.method != SIP_METHOD_ACK ||
	    message_facts_is_own_host(snapshot->wire, packet->request_uri.host) ||
	    company_find_by_domain(snapshot->directory, packet->request_uri.host) ||
	    !caller_memory_find(&worker->caller_memory, packet->transaction))
		return;
	if (message_facts_address(&address, &to, &packet->message, SIP_HEADER_TO) && to.scheme == URI_SCHEME_SIP)
		packet->request_uri = to;
}

void transact_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (packet->verdict)
			continue;
		if (packet->is_unreachable)
			transact_unreachable(worker, packet);
		if (packet->verdict || !packet->message.is_request)
			continue;
		packet->transaction = transact_name(&packet->message, worker->snapshot->keys->steer_key);
		transact_restore_dialled(worker, packet);
	}
}
