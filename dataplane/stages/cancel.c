#include "cancel.h"

#include "message_facts.h"
#include "response_context.h"

/* A CANCEL takes the way of its INVITE, which ended here: a Route that leads elsewhere was not the INVITE's (9.1). */
static bool is_routed_elsewhere(const struct worker *worker, const struct packet *packet)
{
	struct sip_address address;
	struct sip_uri uri;

	if (!sip_message_has(&packet->message, SIP_HEADER_ROUTE))
		return false;
	return !message_facts_address(&address, &uri, &packet->message, SIP_HEADER_ROUTE) ||
	       !message_facts_is_own_host(worker->snapshot->wire, uri.host);
}

void cancel_receive(struct worker *worker, struct packet *packet, struct transaction *transaction)
{
	if (!transaction || !transaction->is_invite || is_routed_elsewhere(worker, packet)) {
		packet_refuse(packet, REASON_UNKNOWN_TRANSACTION);
		return;
	}
	if (transaction->state == TRANSACTION_PROCEEDING && !transaction->cancelled) {
		transaction->cancelled = true;
		response_context_cancel_pending(worker, transaction);
	}
	packet_refuse(packet, REASON_CANCEL_ANSWERED);
}
