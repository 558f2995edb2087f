#include "rewrite_response.h"

#include "address_parse.h"
#include "rewrite_parts.h"
#include "via_parse.h"

/*
 * Our Record-Route names the address that faces the callee; a caller behind another interface gets the one that faces
 * it (RFC 3261 16.7 step 8).
 */
static void rewrite_response_record_route(struct worker *worker, const struct packet *packet, struct span value)
{
	struct edit_list *edits = &worker->edits;
	struct sip_address address;
	struct sip_uri uri;
	struct span cookie, rest;
	uint8_t ip[16];

	for (; value.length && address_parse(&address, &rest, value); value = rest) {
		if (!uri_parse(&uri, address.uri) || !uri_find_parameter(&cookie, uri.parameters, SPAN_LITERAL("c")) ||
		    !uri_parse_ip(ip, uri.host) || memcmp(ip, packet->local.ip, sizeof(ip)) != 0)
			continue;
		const char *end = uri.parameters.at - 1; /* the ';' */
		text_write_span(&edits->writer, own_address_text(own_address_of_hop(worker, &packet->hop)));
		edit_list_replace(
			edits,
			rewrite_parts_slice(&packet->message, span_make(uri.host.at, (size_t)(end - uri.host.at))),
			edit_list_take(edits));
		return;
	}
}

/* Our cookie in one Record-Route value: tells what the caller wrote. Result: false when it is not there. */
static bool rewrite_response_open_cookie(struct worker *worker, struct packet *packet, struct span value)
{
	const struct sip_message *message = &packet->message;
	struct sip_address address;
	struct sip_uri uri;
	struct span cookie, rest;
	char *plain = worker->plain[packet - worker->packet];

	for (; value.length && address_parse(&address, &rest, value); value = rest)
		if (uri_parse(&uri, address.uri) && uri_find_parameter(&cookie, uri.parameters, SPAN_LITERAL("c")) &&
		    route_cookie_open_dialog(&packet->dialog, plain, cookie, worker->snapshot->keys,
					     sip_message_text(message, message->call_id)))
			return true;
	return false;
}

/* The request is not kept any more. Only packets of the burst come here: what we kept ourselves has its request. */
static bool rewrite_response_recall_sender(struct worker *worker, struct packet *packet)
{
	const struct sip_message *message = &packet->message;

	for (uint8_t i = message->first[SIP_HEADER_RECORD_ROUTE]; i != SIP_HEADER_NONE;
	     i = sip_message_next(message, i))
		if (rewrite_response_open_cookie(worker, packet, sip_message_header_value(message, i))) {
			packet->sender_from = packet->dialog.caller_from;
			packet->sender_to = packet->dialog.caller_to;
			return true;
		}
	return false;
}

/* Our Via, which the parser has read without a fault. */
static void rewrite_response_pop_via(struct edit_list *edits, const struct sip_message *message)
{
	uint8_t index = message->first[SIP_HEADER_VIA];
	struct sip_via via;
	struct span rest;

	if (message->via_is_alone)
		rewrite_parts_remove_line(edits, message, index);
	else if (via_parse(&via, &rest, sip_message_header_value(message, index)))
		rewrite_parts_remove_first_value(edits, message, index, rest);
}

bool rewrite_response(struct worker *worker, struct packet *packet)
{
	struct edit_list *edits = &worker->edits;
	const struct sip_message *message = &packet->message;

	if (!packet->sender_from.length && !rewrite_response_recall_sender(worker, packet))
		return false;
	rewrite_response_pop_via(edits, message);
	rewrite_parts_replace_address(edits, message, &message->from, packet->sender_from);
	rewrite_parts_replace_address(edits, message, &message->to, packet->sender_to);
	if (packet->transaction->asked_by_carrier)
		rewrite_parts_remove_private(edits, message);
	if (memcmp(packet->hop.source, packet->local.ip, sizeof(packet->hop.source)) == 0)
		return true;
	for (uint8_t i = message->first[SIP_HEADER_RECORD_ROUTE]; i != SIP_HEADER_NONE;
	     i = sip_message_next(message, i))
		rewrite_response_record_route(worker, packet, sip_message_header_value(message, i));
	return true;
}
