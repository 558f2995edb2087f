#include "message_facts.h"
#include "send.h"
#include "stages.h"
#include "transact_warm.h"

/* Branches of the registrar's keep-alive OPTIONS start so (control/registrar): their answers go there. */
static const struct span screen_ping_branch = SPAN_LITERAL("z9hG4bKping");

/* The topmost Via names an address where SIP is spoken to us. */
static bool screen_is_own_via(const struct worker *worker, const struct sip_message *message)
{
	const struct wire_interface *interface = NULL;
	uint16_t port = message->via_port ? message->via_port : 5060;
	uint8_t ip[16];

	if (uri_parse_ip(ip, sip_message_text(message, message->via_host)))
		interface = wire_find_own(worker->snapshot->wire, ip);
	return interface && interface->sip_port == port;
}

static void screen_response(const struct worker *worker, struct packet *packet)
{
	const struct sip_message *message = &packet->message;

	packet->kind = PACKET_RESPONSE;
	if (!own_address_is_via(worker, message) && !screen_is_own_via(worker, message)) {
		packet_end(packet, VERDICT_DROP, REASON_RESPONSE_NOT_OURS);
	} else if (span_starts_with(sip_message_text(message, message->via_branch), screen_ping_branch)) {
		packet->punt_kind = PUNT_PING_ANSWER;
		packet_end(packet, VERDICT_PUNT, REASON_PUNTED_PING_ANSWER);
	}
}

/* Request validation before anything else (RFC 3261 16.3). */
static enum reason screen_validate(struct packet *packet)
{
	const struct sip_message *message = &packet->message;

	if (!uri_parse(&packet->request_uri, sip_message_text(message, message->request_uri)))
		return REASON_MALFORMED_URI;
	if (packet->request_uri.scheme != URI_SCHEME_SIP)
		return REASON_URI_SCHEME;
	/* RFC 3261 19.1.1: headers have no place in a Request-URI, and must not pass in one (RFC 4475 3.1.2.11). */
	if (packet->request_uri.headers.length)
		return REASON_MALFORMED_URI;
	if (message->max_forwards == 0)
		return REASON_TOO_MANY_HOPS;
	if (sip_message_has(message, SIP_HEADER_PROXY_REQUIRE) && message->method != SIP_METHOD_ACK &&
	    message->method != SIP_METHOD_CANCEL)
		return REASON_BAD_EXTENSION;
	return REASON_NONE;
}

/*
 * A Route with the very words of our Record-Route, "<sip:192.0.2.1:5060;lr;c=cookie>": its beginning and its end. What
 * is between is the cookie, or route finds that it is more when it does not open. Result: false when it has other
 * words, or an address that we do not remember; then it has to be taken apart.
 */
static bool screen_read_own_route(struct span *cookie, const struct worker *worker, struct span value)
{
	uint32_t begin = own_address_begins_route(worker, value);

	if (begin == 0 || begin == value.length)
		return false;
	*cookie = span_make(value.at + begin, value.length - begin - 1);
	return value.at[value.length - 1] == '>';
}

/* Our cookie in the topmost Route, if that Route is ours (R30). */
static struct span screen_find_cookie(const struct worker *worker, const struct sip_message *message)
{
	struct span cookie, value = sip_message_first(message, SIP_HEADER_ROUTE);

	if (!value.length)
		return (struct span){0};
	return screen_read_own_route(&cookie, worker, value) ? cookie
							     : message_facts_cookie(message, worker->snapshot->wire);
}

/* R29. The router is the one that answers, so Require is meant for it (RFC 3261 8.2.2.3). */
static enum reason screen_options(const struct worker *worker, const struct packet *packet)
{
	struct span host = packet->request_uri.host;

	if (!message_facts_is_own_host(worker->snapshot->wire, host) &&
	    !company_find_by_domain(worker->snapshot->directory, host))
		return REASON_FOREIGN_DOMAIN;
	return sip_message_has(&packet->message, SIP_HEADER_REQUIRE) ? REASON_BAD_EXTENSION : REASON_OPTIONS_ANSWERED;
}

/* Requests without To tag: they create a dialog or stand alone (R29). */
static void screen_outside_dialog(const struct worker *worker, struct packet *packet)
{
	switch (packet->message.method) {
	case SIP_METHOD_INVITE:
	case SIP_METHOD_MESSAGE:
	case SIP_METHOD_REGISTER:
		packet->kind = PACKET_INITIAL;
		break;
	case SIP_METHOD_OPTIONS:
		packet_refuse(packet, screen_options(worker, packet));
		break;
	case SIP_METHOD_SUBSCRIBE:
	case SIP_METHOD_PUBLISH:
		packet_refuse(packet, REASON_EVENT_NOT_SUPPORTED);
		break;
	default:
		packet_refuse(packet, REASON_METHOD_NOT_ALLOWED);
	}
}

static void screen_request(const struct worker *worker, struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	enum reason reason = screen_validate(packet);

	if (reason != REASON_NONE) {
		packet_refuse(packet, reason);
		return;
	}
	packet->cookie = screen_find_cookie(worker, message);
	/* The CANCEL of a re-INVITE has all that makes its INVITE one of a dialog, and goes no further than here. */
	bool is_in_dialog = message->to_tag.length && packet->cookie.length && message->method != SIP_METHOD_CANCEL;
	if (is_in_dialog)
		packet->kind = PACKET_IN_DIALOG;
	else if (message->method == SIP_METHOD_CANCEL || message->method == SIP_METHOD_ACK)
		packet->kind = PACKET_HOP;
	else if (message->to_tag.length && message->method != SIP_METHOD_REGISTER)
		packet_refuse(packet, REASON_NO_COOKIE);
	else
		screen_outside_dialog(worker, packet);
}

void screen_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (packet->verdict || packet->is_unreachable)
			continue;
		if (packet->message.is_request)
			screen_request(worker, packet);
		else
			screen_response(worker, packet);
	}
	transact_warm_screened(worker);
	send_reserve_burst(worker);
}
