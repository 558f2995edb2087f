#include "call_track.h"
#include "message_facts.h"
#include "prefetch.h"
#include "stages.h"
#include "target.h"

#define SIP_PORT_DEFAULT 5060

/* Whose caller is asked for while another call is decided. */
#define ROUTE_AHEAD 2

static enum reason route_initial(struct worker *worker, struct packet *packet)
{
	enum reason reason = target_reach(worker, packet, TARGET_Q_ABOVE_ALL);

	if (reason != REASON_NONE && packet->message.method == SIP_METHOD_INVITE)
		call_track_refused(worker, packet, reason);
	return reason;
}

static enum reason route_to_uri(struct packet *packet, const struct sip_uri *uri)
{
	packet->destination = (struct net_address){.port = uri->port ? uri->port : SIP_PORT_DEFAULT};
	return uri_parse_ip(packet->destination.ip, uri->host) ? REASON_NONE : REASON_NEXT_HOP_HOST_NAME;
}

/* The Route after ours, else the Request-URI (RFC 3261 16.12). */
static enum reason route_by_message(struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	struct sip_address address;
	struct sip_uri uri;
	struct span rest = {0};

	uint8_t route = message->first[SIP_HEADER_ROUTE];
	struct span own = sip_message_header_value(message, route);
	/* Screen has read it. When nothing but its '>' stands behind our cookie, nothing else is in the line. */
	bool is_alone = packet->cookie.at + packet->cookie.length + 1 == own.at + own.length;
	if (!is_alone && !address_parse(&address, &rest, own))
		return REASON_MALFORMED_ROUTE;
	route = sip_message_next(message, route);
	if (rest.length == 0 && route != SIP_HEADER_NONE)
		rest = sip_message_header_value(message, route);
	if (rest.length == 0)
		return route_to_uri(packet, &packet->request_uri);
	if (!address_parse(&address, &rest, rest) || !uri_parse(&uri, address.uri))
		return REASON_MALFORMED_ROUTE;
	return route_to_uri(packet, &uri);
}

/* A side behind NAT is where it was; one that is not is where it says, and by the same way if that is the same host. */
static enum reason route_in_dialog_destination(struct packet *packet)
{
	const struct dialog_cookie *dialog = &packet->dialog;
	bool callee = packet->from_caller;
	const struct net_address *flow = callee ? &dialog->callee_flow : &dialog->caller_flow;
	enum reason reason = REASON_NONE;

	if (dialog->flags & (callee ? DIALOG_CALLEE_NAT : DIALOG_CALLER_NAT))
		packet->destination = *flow;
	else
		reason = route_by_message(packet);
	if (dialog->flags & (callee ? DIALOG_CALLEE_FLOW : DIALOG_CALLER_FLOW) &&
	    net_address_same_ip(&packet->destination, flow))
		packet->entry = callee ? &dialog->callee_entry : &dialog->caller_entry;
	return reason;
}

static bool route_is_caller_tag(const struct worker *worker, const struct dialog_cookie *dialog, struct span tag)
{
	uint32_t hash = dialog->caller_tag_is_siphashed ? route_cookie_hash_tag(worker->snapshot->keys, tag)
							: call_track_hash_tag(worker->snapshot->keys, tag);

	return hash == dialog->caller_tag_hash;
}

static bool route_open_cookie(struct worker *worker, struct packet *packet)
{
	const struct sip_message *message = &packet->message;

	return route_cookie_open_dialog(&packet->dialog, worker->plain[packet - worker->packet], packet->cookie,
					worker->snapshot->keys, sip_message_text(message, message->call_id));
}

/* Screen has seen where our Route ends, and not whether something stands there behind the cookie. */
static bool route_open(struct worker *worker, struct packet *packet)
{
	if (route_open_cookie(worker, packet))
		return true;
	uint32_t length = packet->cookie.length;
	packet->cookie = message_facts_cookie(&packet->message, worker->snapshot->wire);
	return packet->cookie.length && packet->cookie.length != length && route_open_cookie(worker, packet);
}

static enum reason route_in_dialog(struct worker *worker, struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	struct dialog_cookie *dialog = &packet->dialog;

	if (!route_open(worker, packet))
		return packet->cookie.length ? REASON_BAD_COOKIE : REASON_NO_COOKIE;
	packet->from_caller = route_is_caller_tag(worker, dialog, sip_message_text(message, message->from_tag));
	if (!packet->from_caller && !route_is_caller_tag(worker, dialog, sip_message_text(message, message->to_tag)))
		return REASON_BAD_COOKIE;
	packet->call = dialog->call;
	enum reason reason = route_in_dialog_destination(packet);
	return reason == REASON_NONE ? target_find_hop(worker, packet) : reason;
}

static void route_packet(struct worker *worker, struct packet *packet)
{
	enum reason reason;

	if (packet->kind == PACKET_RESPONSE) {
		reason = target_find_hop(worker, packet);
	} else if (packet->kind == PACKET_IN_DIALOG) {
		packet->entry = NULL;
		reason = route_in_dialog(worker, packet);
	} else {
		reason = route_initial(worker, packet);
	}
	if (reason != REASON_NONE)
		packet_refuse(packet, reason);
}

static bool route_is_asked(const struct packet *packet)
{
	return !packet->verdict && packet->kind != PACKET_HOP;
}

static bool route_is_initial(const struct packet *packet)
{
	return route_is_asked(packet) && packet->kind == PACKET_INITIAL;
}

static bool route_has_target(const struct packet *packet)
{
	return packet->decision.outcome != ROUTE_OUTCOME_REJECT && packet->decision.target;
}

/* Asked for by authenticate, but others had the nearest cache since. */
static void route_prefetch_caller(const struct packet *packet)
{
	if (route_is_initial(packet) && packet->caller.endpoint)
		prefetch_line(packet->caller.endpoint->extension.at);
}

/* What this stage and the next ones will look at of the target. */
static void route_prefetch_target(const struct packet *packet)
{
	const struct endpoint *target = packet->decision.target;

	if (!route_has_target(packet))
		return;
	prefetch_line(target);
	prefetch_line(&target->direct);
	prefetch_line(target->aor_key);
}

/* What its row leads to; fork describes the call with the name. */
static void route_prefetch_of_target(const struct worker *worker, const struct packet *packet)
{
	const struct endpoint *target = packet->decision.target;

	if (!route_has_target(packet))
		return;
	prefetch_line(target->name.at);
	if (!target->is_direct)
		location_prefetch(worker->snapshot->location, target->aor_key);
}

/*
 * The rules decide for the whole burst before the first packet goes its way, so that the cache misses of all tables
 * overlap (what they look at of the company was asked for by authenticate); a decision changes nothing but its packet.
 */
static void route_decide_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (!route_is_initial(packet))
			continue;
		if (i + ROUTE_AHEAD < worker->packet_count)
			route_prefetch_caller(&worker->packet[i + ROUTE_AHEAD]);
		target_decide_number(worker, packet);
		route_prefetch_target(packet);
	}
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (!route_is_initial(packet))
			continue;
		target_decide_forwards(worker, packet);
		route_prefetch_of_target(worker, packet);
	}
}

void route_burst(struct worker *worker)
{
	route_decide_burst(worker);
	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (route_is_asked(&worker->packet[i]))
			route_packet(worker, &worker->packet[i]);
}
