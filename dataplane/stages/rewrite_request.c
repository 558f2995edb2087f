#include "rewrite_request.h"

#include "address_parse.h"
#include "call_track.h"
#include "ipv4_write.h"
#include "message_facts.h"
#include "request_uri.h"
#include "rewrite_identity.h"
#include "rewrite_parts.h"

/*
 * "<sip:1001@192.0.2.7:5060>", nearly always: the host stands behind the first '@', and ends with one of three bytes.
 * Result: true when it is that IPv4 address; false: it may be elsewhere, or there may be none.
 */
static bool rewrite_request_is_usual_contact(struct span contact, const uint8_t ip[16])
{
	static const struct span begin = SPAN_LITERAL("<sip:");
	struct span rest = span_skip(contact, begin.length);
	const char *end = span_starts_with(contact, begin) ? memchr(rest.at, '>', rest.length) : NULL;
	const char *host = end ? memchr(rest.at, '@', (size_t)(end - rest.at)) : NULL;
	char own[IPV4_ROOM_BYTES];

	if (!host++ || !net_address_is_v4(ip))
		return false;
	uint32_t length = ipv4_write(own, ip + 12);
	return end - host >= (ptrdiff_t)length && memcmp(host, own, length) == 0 &&
	       (host[length] == '>' || host[length] == ':' || host[length] == ';');
}

/* Does the sender want requests of the dialog at another address than it has? A Contact that is none asks for nothing.
 */
static bool rewrite_request_is_contact_elsewhere(const struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	struct sip_address contact;
	struct sip_uri uri;

	/* Where it is right there, nothing else in it could make it wrong. */
	if (rewrite_request_is_usual_contact(sip_message_first(message, SIP_HEADER_CONTACT), packet->source.ip))
		return false;
	return message_facts_address(&contact, &uri, message, SIP_HEADER_CONTACT) &&
	       !uri_parse_ip_equals(uri.host, packet->source.ip);
}

/* Has the sender an address that the answers of others would not reach (R35, R30)? */
static bool rewrite_request_is_behind_nat(const struct packet *packet)
{
	return !uri_parse_ip_equals(sip_message_text(&packet->message, packet->message.via_host), packet->source.ip) ||
	       rewrite_request_is_contact_elsewhere(packet);
}

static bool rewrite_request_record_route(struct worker *worker, const struct packet *packet,
					 const struct own_address *own, struct span callee_from, struct span callee_to)
{
	const struct sip_message *message = &packet->message;
	const struct company *company = packet->decision.company;
	struct edit_list *edits = &worker->edits;
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct dialog_cookie cookie = {
		.company = company ? company->id : 0,
		.call = packet->call,
		.flags = DIALOG_CALLER_FLOW,
		.codecs = packet->branch ? packet->branch->codecs : CODEC_SET_ALL,
		.caller_tag_hash =
			call_track_hash_tag(worker->snapshot->keys, sip_message_text(message, message->from_tag)),
		.caller_from = packet->sender_from,
		.caller_to = packet->sender_to,
		.callee_from = callee_from,
		.callee_to = callee_to,
	};

	cookie.caller_flow = packet->source;
	cookie.caller_entry = net_entry_make(&packet->local, packet->interface);
	if (rewrite_request_is_behind_nat(packet))
		cookie.flags |= DIALOG_CALLER_NAT;
	if (packet->request.carrier)
		cookie.flags |= DIALOG_CALLER_CARRIER;
	if (packet->decision.outcome == ROUTE_OUTCOME_EXTERNAL)
		cookie.flags |= DIALOG_CALLEE_CARRIER;
	if (packet->binding) {
		cookie.flags |= DIALOG_CALLEE_FLOW | (packet->binding->behind_nat ? DIALOG_CALLEE_NAT : 0);
		cookie.callee_flow = binding_next_hop(packet->binding);
		cookie.callee_entry = binding_entry(packet->binding);
	}
	int length = route_cookie_seal_dialog(text, sizeof(text), &cookie, worker->snapshot->keys,
					      sip_message_text(message, message->call_id));
	if (length <= 0)
		return false;
	text_write_span(&edits->writer, span_make(own->record_route, own->record_route_length));
	text_write_span(&edits->writer, span_make(text, (size_t)length));
	text_write_literal(&edits->writer, ">\r\n");
	edit_list_insert(edits, rewrite_parts_above(message, SIP_HEADER_RECORD_ROUTE));
	return true;
}

static void rewrite_request_write_host(struct text_writer *writer, struct span host,
				       const struct net_address *destination)
{
	if (host.length) {
		text_write_span(writer, host);
		return;
	}
	struct net_address address = *destination;
	if (address.port == 5060)
		address.port = 0; /* R21: omitted from the URIs that we make */
	text_write_address(writer, &address);
}

/* Result: false when the contact is no URI that a number could be put into; then nothing was written. */
static bool rewrite_request_write_contact(struct text_writer *writer, struct span contact, struct span user)
{
	char text[REQUEST_URI_BYTES_MAX];
	int length = request_uri_write(text, sizeof(text), contact, user);

	if (length > 0)
		text_write_span(writer, span_make(text, (size_t)length));
	return length > 0;
}

static void rewrite_request_uri(struct edit_list *edits, const struct packet *packet,
				const struct route_presentation *shown)
{
	struct span user = shown->use_contact ? (struct span){0} : shown->request_user;

	if (!packet->binding ||
	    !rewrite_request_write_contact(&edits->writer, binding_contact(packet->binding), user)) {
		text_write_literal(&edits->writer, "sip:");
		text_write_span(&edits->writer, shown->request_user);
		text_write_char(&edits->writer, '@');
		rewrite_request_write_host(&edits->writer, shown->request_host, &packet->destination);
	}
	edit_list_replace(edits, packet->message.request_uri, edit_list_take(edits));
}

static struct span rewrite_request_from(struct edit_list *edits, const struct packet *packet,
					const struct route_presentation *shown)
{
	struct text_writer *writer = &edits->writer;

	if (shown->from_display.length) {
		text_write_span(writer, shown->from_display);
		text_write_char(writer, ' ');
	}
	text_write_literal(writer, "<sip:");
	text_write_span(writer, shown->from_user);
	text_write_char(writer, '@');
	if (shown->from_host.length)
		text_write_span(writer, shown->from_host);
	else
		text_write_ip(writer, packet->hop.source);
	text_write_char(writer, '>');
	return edit_list_take(edits);
}

static struct span rewrite_request_to(struct edit_list *edits, const struct packet *packet,
				      const struct route_presentation *shown)
{
	text_write_literal(&edits->writer, "<sip:");
	text_write_span(&edits->writer, shown->to_user);
	text_write_char(&edits->writer, '@');
	rewrite_request_write_host(&edits->writer, shown->to_host, &packet->destination);
	text_write_char(&edits->writer, '>');
	return edit_list_take(edits);
}

/* RFC 3327 5.3: the Path of the binding becomes the Route; routes that the endpoint asked for do not count. */
static void rewrite_request_route(struct edit_list *edits, const struct packet *packet)
{
	rewrite_parts_remove_headers(edits, &packet->message, SIP_HEADER_ROUTE);
	if (!packet->binding || !packet->binding->path_length)
		return;
	text_write_literal(&edits->writer, "Route: ");
	text_write_span(&edits->writer, binding_path(packet->binding));
	text_write_literal(&edits->writer, "\r\n");
	edit_list_insert(edits, rewrite_parts_top(&packet->message));
}

bool rewrite_request_initial(struct worker *worker, const struct packet *packet)
{
	struct edit_list *edits = &worker->edits;
	const struct sip_message *message = &packet->message;
	struct route_presentation *shown = &worker->presentation;
	const struct own_address *own = own_address_of_hop(worker, &packet->hop);

	if (!route_present(shown, &packet->request, &packet->decision))
		return false;
	struct span from = rewrite_request_from(edits, packet, shown);
	struct span to = rewrite_request_to(edits, packet, shown);
	/* In the order in which the lines stand, mostly: there is little to sort then. */
	rewrite_request_uri(edits, packet, shown);
	rewrite_parts_push_via(edits, packet, own);
	rewrite_request_route(edits, packet);
	rewrite_identity(edits, packet, shown);
	if (message->method == SIP_METHOD_INVITE && !rewrite_request_record_route(worker, packet, own, from, to))
		return false;
	rewrite_parts_max_forwards(edits, message, packet->decision.forward_count);
	rewrite_parts_replace_address(edits, message, &message->from, from);
	rewrite_parts_replace_address(edits, message, &message->to, to);
	rewrite_parts_remove_credentials(edits, message, worker->snapshot->directory, packet->digest_user);
	return true;
}

/* Screen has read the topmost Route. When nothing but its '>' stands behind our cookie, nothing else is in the line. */
static void rewrite_request_pop_route(struct edit_list *edits, const struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	uint8_t index = message->first[SIP_HEADER_ROUTE];
	struct span value = sip_message_header_value(message, index), rest = {0};
	struct sip_address address;

	if (packet->cookie.at + packet->cookie.length + 1 == value.at + value.length)
		rewrite_parts_remove_line(edits, message, index);
	else if (address_parse(&address, &rest, value))
		rewrite_parts_remove_first_value(edits, message, index, rest);
}

bool rewrite_request_in_dialog(struct worker *worker, const struct packet *packet)
{
	struct edit_list *edits = &worker->edits;
	const struct sip_message *message = &packet->message;
	const struct dialog_cookie *dialog = &packet->dialog;
	/* The callee's From is what we showed as To, and the other way round (R24). */
	struct span from = packet->from_caller ? dialog->callee_from : dialog->caller_to;
	struct span to = packet->from_caller ? dialog->callee_to : dialog->caller_from;

	rewrite_parts_push_via(edits, packet, own_address_of_hop(worker, &packet->hop));
	rewrite_parts_max_forwards(edits, message, 0);
	rewrite_parts_replace_address(edits, message, &message->from, from);
	rewrite_parts_replace_address(edits, message, &message->to, to);
	rewrite_request_pop_route(edits, packet);
	rewrite_identity_remove(edits, message);
	if (dialog->flags & (packet->from_caller ? DIALOG_CALLEE_CARRIER : DIALOG_CALLER_CARRIER))
		rewrite_parts_remove_private(edits, message);
	rewrite_parts_remove_credentials(edits, message, worker->snapshot->directory, (struct span){0});
	return true;
}
