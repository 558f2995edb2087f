#include "kept_request.h"

#include "message_facts.h"
#include "message_parse.h"

bool kept_request_read(struct packet *packet, const struct transaction *transaction)
{
	struct span text = kept_message_text(&transaction->request);

	if (text.length == 0)
		return false;
	memset(packet, 0, offsetof(struct packet, message));
	packet->bytes = text;
	packet->source = transaction->source;
	memcpy(packet->local.ip, transaction->entry.ip, sizeof(packet->local.ip));
	packet->interface = transaction->entry.interface;
	packet->kind = transaction->kind;
	packet->call = transaction->call;
	/* It was sound when it came. */
	if (message_parse(&packet->message, text) != REASON_NONE)
		return false;
	packet->sender_from = sip_message_text(&packet->message, transaction->from);
	packet->sender_to = sip_message_text(&packet->message, transaction->to);
	return uri_parse(&packet->request_uri, sip_message_text(&packet->message, packet->message.request_uri));
}

bool kept_request_find_caller(struct worker *worker, struct packet *packet, const struct transaction *transaction)
{
	struct caller *caller = &packet->caller;

	message_facts_caller(&packet->facts, packet, worker->snapshot->wire);
	if (caller_identify(caller, worker->snapshot->directory, &packet->facts) != REASON_NONE)
		return false;
	if (transaction->endpoint == TRANSACTION_NONE)
		return caller->carrier != NULL;
	const struct company *company = caller->company;
	if (caller->carrier || company->id != transaction->company_id ||
	    transaction->endpoint >= company->endpoint_count ||
	    name_table_hash(company->endpoint[transaction->endpoint].name, false) != transaction->endpoint_hash)
		return false;
	caller->endpoint = &company->endpoint[transaction->endpoint];
	return true;
}
