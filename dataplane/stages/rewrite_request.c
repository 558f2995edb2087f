#include "rewrite_request.h"

#include "address_parse.h"
#include "call_track.h"
#include "copy_bytes.h"
#include "ipv4_write.h"
#include "message_facts.h"
#include "request_uri.h"
#include "rewrite_identity.h"
#include "rewrite_parts.h"

/*
 * "<sip:1001@192.0.2.7:5060>", nearly always: the host stands behind the first '@', and ends with one of three bytes.
 * Result: true when it is spelled as `host`; false: it may be elsewhere, or there may be none.
 */
static bool rewrite_request_is_usual_contact(struct span contact, struct span host)
{
	static const struct span begin = SPAN_LITERAL("<sip:");
	struct span rest = span_skip(contact, begin.length);
	const char *end = span_starts_with(contact, begin) ? memchr(rest.at, '>', rest.length) : NULL;
	const char *at = end ? memchr(rest.at, '@', (size_t)(end - rest.at)) : NULL;

	if (!at || host.length == 0)
		return false;
	at++;
	return end - at >= (ptrdiff_t)host.length && span_equals_nocase(span_make(at, host.length), host) &&
	       (at[host.length] == '>' || at[host.length] == ':' || at[host.length] == ';');
}

/* Does a sender whose Via names the address that it has want requests of the dialog elsewhere? A Contact that is none
 * asks for nothing. */
static bool rewrite_request_is_contact_elsewhere(const struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	struct sip_address contact;
	struct sip_uri uri;

	/* Where it is right there, nothing else in it could make it wrong. */
	if (rewrite_request_is_usual_contact(sip_message_first(message, SIP_HEADER_CONTACT),
					     sip_message_text(message, message->via_host)))
		return false;
	return message_facts_address(&contact, &uri, message, SIP_HEADER_CONTACT) &&
	       !uri_parse_ip_equals(uri.host, packet->source.ip);
}

/* Has the sender an address that the answers of others would not reach (R35, R30)? A Via that can stay has the right
 * one. */
static bool rewrite_request_is_behind_nat(const struct packet *packet)
{
	return (!packet->via_stays && !uri_parse_ip_equals(sip_message_text(&packet->message, packet->message.via_host),
							   packet->source.ip)) ||
	       rewrite_request_is_contact_elsewhere(packet);
}

static uint8_t rewrite_request_dialog_flags(const struct packet *packet)
{
	uint8_t flags = DIALOG_CALLER_FLOW;

	if (rewrite_request_is_behind_nat(packet))
		flags |= DIALOG_CALLER_NAT;
	if (packet->request.carrier)
		flags |= DIALOG_CALLER_CARRIER;
	if (packet->decision.outcome == ROUTE_OUTCOME_EXTERNAL)
		flags |= DIALOG_CALLEE_CARRIER;
	if (packet->binding)
		flags |= DIALOG_CALLEE_FLOW | (packet->binding->behind_nat ? DIALOG_CALLEE_NAT : 0);
	return flags;
}

/* What our Record-Route will seal. Result: its length; -1: it does not fit. */
static int rewrite_request_put_cookie(char plain[ROUTE_COOKIE_CONTENTS_ROOM], const struct worker *worker,
				      const struct packet *packet, struct span callee_from, struct span callee_to)
{
	const struct sip_message *message = &packet->message;
	const struct company *company = packet->decision.company;
	struct dialog_cookie cookie;

	cookie.company = company ? company->id : 0;
	cookie.call = packet->call;
	cookie.flags = rewrite_request_dialog_flags(packet);
	cookie.codecs = packet->branch ? packet->branch->codecs : CODEC_SET_ALL;
	cookie.caller_tag_hash =
		call_track_hash_tag(worker->snapshot->keys, sip_message_text(message, message->from_tag));
	cookie.caller_from = packet->sender_from;
	cookie.caller_to = packet->sender_to;
	cookie.callee_from = callee_from;
	cookie.callee_to = callee_to;
	cookie.caller_flow = packet->source;
	cookie.caller_entry = net_entry_make(&packet->local, packet->interface);
	if (packet->binding) {
		cookie.callee_flow = binding_next_hop(packet->binding);
		cookie.callee_entry = binding_entry(packet->binding);
	}
	return route_cookie_put_dialog(plain, &cookie);
}

/* Our line around the cookie of these contents, which is written in its place. */
static bool rewrite_request_record_route(struct worker *worker, const struct packet *packet,
					 const struct own_address *own, struct span plain)
{
	static const struct span end = SPAN_LITERAL(">\r\n");
	const struct sip_message *message = &packet->message;
	struct edit_list *edits = &worker->edits;
	uint32_t around = sizeof(own->record_route) + (uint32_t)end.length, room = edits->writer.capacity;
	char *at = edit_list_room(edits, around);

	if (!at)
		return false;
	memcpy(at, own->record_route, sizeof(own->record_route));
	struct text_writer sealed = text_write_begin(at + own->record_route_length, room - around);
	int length = route_cookie_seal(&sealed, plain, &worker->snapshot->keys->cookie,
				       sip_message_text(message, message->call_id));
	if (length <= 0)
		return false;
	at = sealed.at + length;
	copy_bytes(at, end.at, end.length);
	edits->writer.length = own->record_route_length + (uint32_t)length + end.length;
	edit_list_insert(edits, rewrite_parts_above(message, SIP_HEADER_RECORD_ROUTE));
	return true;
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

/* An address of ours or of a next hop, where the rules name no host. */
#define HOST_ROOM_BYTES (IP_TEXT_BYTES + IPV4_ROOM_BYTES)

/* R21: the port that is usual is omitted from the URIs that we make. */
static struct span rewrite_request_host(char room[HOST_ROOM_BYTES], struct span host,
					const struct net_address *destination)
{
	struct text_writer writer = text_write_begin(room, HOST_ROOM_BYTES);
	struct net_address address = *destination;

	if (host.length)
		return host;
	if (address.port == 5060)
		address.port = 0;
	text_write_address(&writer, &address);
	return text_written(&writer);
}

static void rewrite_request_uri(struct edit_list *edits, const struct packet *packet,
				const struct route_presentation *shown)
{
	struct span user = shown->use_contact ? (struct span){0} : shown->request_user;
	char room[HOST_ROOM_BYTES];

	if (packet->binding && rewrite_request_write_contact(&edits->writer, binding_contact(packet->binding), user)) {
		edit_list_replace(edits, packet->message.request_uri, edit_list_take(edits));
		return;
	}
	struct span host = rewrite_request_host(room, shown->request_host, &packet->destination);
	edit_list_replace(edits, packet->message.request_uri,
			  rewrite_parts_address(edits, ADDRESS_URI, shown->request_user, host));
}

static struct span rewrite_request_from(struct edit_list *edits, const struct route_presentation *shown,
					const struct own_address *own)
{
	struct span host = shown->from_host.length ? shown->from_host : own_address_host(own);

	if (!shown->from_display.length)
		return rewrite_parts_address(edits, ADDRESS_IN_BRACKETS, shown->from_user, host);
	text_write_span(&edits->writer, shown->from_display);
	text_write_char(&edits->writer, ' ');
	struct span display = edit_list_take(edits);
	struct span address = rewrite_parts_address(edits, ADDRESS_IN_BRACKETS, shown->from_user, host);
	return span_make(display.at, display.length + address.length);
}

static struct span rewrite_request_to(struct edit_list *edits, const struct packet *packet,
				      const struct route_presentation *shown)
{
	char room[HOST_ROOM_BYTES];

	return rewrite_parts_address(edits, ADDRESS_IN_BRACKETS, shown->to_user,
				     rewrite_request_host(room, shown->to_host, &packet->destination));
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
	char cookie[ROUTE_COOKIE_CONTENTS_ROOM];
	bool is_recorded = message->method == SIP_METHOD_INVITE;
	int cookie_length = 0;

	if (!route_present(shown, &packet->request, &packet->decision))
		return false;
	struct span from = rewrite_request_from(edits, shown, own);
	struct span to = rewrite_request_to(edits, packet, shown);
	/* Long before it is sealed, which reads as a whole what is put here in parts. */
	if (is_recorded)
		cookie_length = rewrite_request_put_cookie(cookie, worker, packet, from, to);
	/* In the order in which the lines stand, mostly: there is little to sort then. */
	rewrite_request_uri(edits, packet, shown);
	rewrite_parts_push_via(edits, packet, own);
	rewrite_request_route(edits, packet);
	rewrite_identity(edits, packet, shown, own);
	if (is_recorded &&
	    (cookie_length < 0 ||
	     !rewrite_request_record_route(worker, packet, own, span_make(cookie, (size_t)cookie_length))))
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
