#include "rewrite_identity.h"

#include "address_parse.h"
#include "message_facts.h"
#include "rewrite_parts.h"

/* More than any call is diverted; what stands below these is kept as it came, so that the work has an end. */
#define DIVERSIONS_MAX 20

void rewrite_identity_remove(struct edit_list *edits, const struct sip_message *message)
{
	rewrite_parts_remove_headers(edits, message, SIP_HEADER_P_ASSERTED_IDENTITY);
	rewrite_parts_remove_headers(edits, message, SIP_HEADER_P_PREFERRED_IDENTITY);
	rewrite_parts_remove_headers(edits, message, SIP_HEADER_REMOTE_PARTY_ID);
}

static void rewrite_identity_assert(struct edit_list *edits, const struct packet *packet,
				    const struct route_presentation *shown, const struct own_address *own)
{
	struct span host = shown->identity_host.length ? shown->identity_host : own_address_host(own);

	if (!shown->identity_user.length)
		return;
	struct span line = rewrite_parts_address(edits, ADDRESS_ASSERTED, shown->identity_user, host);
	edit_list_insert_taken(edits, rewrite_parts_top(&packet->message), line);
}

/*
 * R23. A call that is anonymous by its From, or by a Privacy that does not speak of the identity, asks for it in words
 * that carriers understand. What else it asks for stays (RFC 3323 4.2), but for `none`.
 */
static void rewrite_identity_privacy(struct edit_list *edits, const struct sip_message *message,
				     const struct route_presentation *shown)
{
	uint8_t asked = message_facts_find_privacy(message);

	if (!shown->anonymous || message_facts_hides_identity(message))
		return;
	if (asked == SIP_HEADER_NONE)
		edit_list_replace(edits, (struct slice){rewrite_parts_top(message), 0},
				  SPAN_LITERAL("Privacy: id\r\n"));
	else
		edit_list_replace(edits, (struct slice){message->header[asked].value, 0}, SPAN_LITERAL("id;"));
	for (uint8_t i = message->first[SIP_HEADER_PRIVACY]; i != SIP_HEADER_NONE; i = sip_message_next(message, i))
		if (message_facts_is_no_privacy(sip_message_header_value(message, i)))
			rewrite_parts_remove_line(edits, message, i);
}

/* The number of one kept Diversion in the called side's dial format (R23); its host and reason are of whoever wrote it.
 */
static void rewrite_identity_diverted(struct edit_list *edits, const struct packet *packet, struct span uri_text)
{
	struct number dialled;
	struct sip_uri uri;

	if (!uri_parse(&uri, uri_text) || uri.scheme == URI_SCHEME_OTHER || uri.user.length == 0)
		return;
	const char *end = memchr(uri.user.at, ';', uri.user.length);
	struct span user = end ? span_make(uri.user.at, (size_t)(end - uri.user.at)) : uri.user;
	if (!route_present_diverted(&dialled, &packet->request, &packet->decision, user) ||
	    span_equals(number_text(&dialled), user))
		return;
	text_write_span(&edits->writer, number_text(&dialled));
	edit_list_replace(edits, rewrite_parts_slice(&packet->message, user), edit_list_take(edits));
}

static void rewrite_identity_keep_diversions(struct edit_list *edits, const struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	struct sip_address address;
	uint32_t count = 0;

	for (uint8_t i = message->first[SIP_HEADER_DIVERSION]; i != SIP_HEADER_NONE; i = sip_message_next(message, i)) {
		struct span rest, value = sip_message_header_value(message, i);
		for (; value.length && count < DIVERSIONS_MAX && address_parse(&address, &rest, value); value = rest) {
			rewrite_identity_diverted(edits, packet, address.uri);
			count++;
		}
	}
}

/* R27: a line for each forward, above those that were received and may stay. */
static void rewrite_identity_diversion(struct edit_list *edits, const struct packet *packet,
				       const struct route_presentation *shown)
{
	const struct sip_message *message = &packet->message;
	uint8_t first = message->first[SIP_HEADER_DIVERSION];

	if (shown->keep_diversion)
		rewrite_identity_keep_diversions(edits, packet);
	else
		rewrite_parts_remove_headers(edits, message, SIP_HEADER_DIVERSION);
	if (!shown->diversion.length)
		return;
	uint16_t place = first == SIP_HEADER_NONE ? rewrite_parts_top(message) : message->header[first].start;
	edit_list_replace(edits, (struct slice){place, 0}, shown->diversion);
}

void rewrite_identity(struct edit_list *edits, const struct packet *packet, const struct route_presentation *shown,
		      const struct own_address *own)
{
	const struct sip_message *message = &packet->message;

	rewrite_identity_remove(edits, message);
	if (shown->strip_private)
		rewrite_parts_remove_private(edits, message);
	rewrite_identity_assert(edits, packet, shown, own);
	rewrite_identity_privacy(edits, message, shown);
	rewrite_identity_diversion(edits, packet, shown);
}
