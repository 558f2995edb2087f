#include "rewrite_response.h"

#include "address_parse.h"
#include "rewrite_parts.h"
#include "via_parse.h"

/*
 * Our Record-Route names the address that faces the callee; a caller behind another interface gets the one that faces
 * it (RFC 3261 16.7 step 8).
 */
static void rewrite_response_record_route(struct edit_list *edits, const struct packet *packet, struct span value)
{
	struct sip_address address;
	struct sip_uri uri;
	struct span cookie, rest;
	uint8_t ip[16];

	for (; value.length && address_parse(&address, &rest, value); value = rest) {
		if (!uri_parse(&uri, address.uri) || !uri_find_parameter(&cookie, uri.parameters, SPAN_LITERAL("c")) ||
		    !uri_parse_ip(ip, uri.host) || memcmp(ip, packet->local.ip, sizeof(ip)) != 0)
			continue;
		const char *end = uri.parameters.at - 1; /* the ';' */
		rewrite_parts_write_own(&edits->writer, packet);
		edit_list_replace(
			edits,
			rewrite_parts_slice(&packet->message, span_make(uri.host.at, (size_t)(end - uri.host.at))),
			edit_list_take(edits));
		return;
	}
}

void rewrite_response(struct worker *worker, const struct packet *packet)
{
	struct edit_list *edits = &worker->edits;
	const struct sip_message *message = &packet->message;
	uint8_t via_index = message->first[SIP_HEADER_VIA];
	struct sip_via via;
	struct span rest = {0};

	if (via_parse(&via, &rest, sip_message_header_value(message, via_index)))
		rewrite_parts_remove_first_value(edits, message, via_index, rest);
	if (packet->branch.sender_from.length)
		rewrite_parts_replace_address(edits, message, SIP_HEADER_FROM, packet->branch.sender_from);
	if (packet->branch.sender_to.length)
		rewrite_parts_replace_address(edits, message, SIP_HEADER_TO, packet->branch.sender_to);
	if (memcmp(packet->hop.source, packet->local.ip, sizeof(packet->hop.source)) == 0)
		return;
	for (uint8_t i = message->first[SIP_HEADER_RECORD_ROUTE]; i != SIP_HEADER_NONE;
	     i = sip_message_next(message, i))
		rewrite_response_record_route(edits, packet, sip_message_header_value(message, i));
}
