#include "message_facts.h"
#include "stages.h"
#include "via_parse.h"

#define SIP_PORT_DEFAULT 5060

/* User part of a URI as people dial it; tel: URIs have nothing but a number (RFC 3966). */
static struct span route_uri_user(struct span uri_text)
{
	static const struct span tel = SPAN_LITERAL("tel:");
	struct sip_uri uri;

	if (uri_text.length > tel.length && span_equals_nocase(span_make(uri_text.at, tel.length), tel)) {
		struct span number = span_skip(uri_text, tel.length);
		const char *end = memchr(number.at, ';', number.length);
		return end ? span_make(number.at, (size_t)(end - number.at)) : number;
	}
	return uri_parse(&uri, uri_text) && uri.scheme != URI_SCHEME_OTHER ? uri.user : (struct span){0};
}

static struct span route_header_user(const struct sip_message *message, enum sip_header_name name)
{
	struct sip_address address;
	struct span rest, value = sip_message_first(message, name);

	return value.length && address_parse(&address, &rest, value) ? route_uri_user(address.uri) : (struct span){0};
}

/* R14: P-Asserted-Identity, else P-Preferred-Identity, else Remote-Party-ID. */
static struct span route_identity_user(const struct sip_message *message)
{
	static const uint8_t names[] = {SIP_HEADER_P_ASSERTED_IDENTITY, SIP_HEADER_P_PREFERRED_IDENTITY,
					SIP_HEADER_REMOTE_PARTY_ID};
	struct span user = {0};

	for (uint32_t i = 0; i < sizeof(names) && user.length == 0; i++)
		if (sip_message_has(message, names[i]))
			user = route_header_user(message, names[i]);
	return user;
}

static void route_read_request(struct route_request *request, struct worker *worker, const struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	struct span privacy = sip_message_first(message, SIP_HEADER_PRIVACY);
	struct sip_address from;
	struct sip_uri uri;

	*request = (struct route_request){
		.directory = worker->snapshot->directory,
		.scratch = &worker->snapshot->scratch[worker->index],
		.company = packet->caller.company,
		.caller = packet->caller.endpoint,
		.carrier = packet->caller.carrier,
		.number = packet->request_uri.user,
		.identity_user = route_identity_user(message),
		.diversion_user = route_header_user(message, SIP_HEADER_DIVERSION),
		.max_forwards = (uint8_t)message_facts_max_forwards(message),
	};
	if (message_facts_address(&from, &uri, message, SIP_HEADER_FROM)) {
		request->from_user = uri.user;
		request->from_display = from.display;
	}
	request->anonymous = (privacy.length && !span_equals_nocase(privacy, SPAN_LITERAL("none"))) ||
			     span_equals_nocase(request->from_user, SPAN_LITERAL("anonymous"));
}

/* R19, R12. Result: NULL when no binding is alive. */
static const struct binding *route_find_binding(const struct worker *worker, const struct endpoint *target)
{
	const struct binding_set *set = location_find(worker->snapshot->location, target->aor_key);

	for (uint32_t i = 0; set && i < set->count; i++)
		if (set->binding[i].expires_tsc > worker->now_tsc)
			return &set->binding[i];
	return NULL;
}

static enum reason route_find_destination(const struct worker *worker, struct packet *packet)
{
	const struct route_decision *decision = &packet->decision;

	packet->binding = NULL;
	if (decision->outcome == ROUTE_OUTCOME_EXTERNAL) {
		packet->destination = decision->carrier->address[decision->carrier_address];
	} else if (decision->target->is_direct) {
		packet->destination = decision->target->direct;
	} else {
		packet->binding = route_find_binding(worker, decision->target);
		if (!packet->binding)
			return decision->outcome == ROUTE_OUTCOME_USER ? REASON_NOT_REGISTERED
								       : REASON_TARGET_UNREACHABLE;
		packet->destination = packet->binding->next_hop;
		packet->entry = &packet->binding->entry;
	}
	return REASON_NONE;
}

static enum reason route_initial(struct worker *worker, struct packet *packet)
{
	route_read_request(&packet->request, worker, packet);
	uint32_t given_up = packet->request.scratch->given_up;
	route_decide(&packet->decision, &packet->request, NULL);
	worker->counters->value[COUNTER_PATTERNS_GIVEN_UP] += packet->request.scratch->given_up - given_up;
	if (packet->decision.outcome == ROUTE_OUTCOME_REJECT)
		return (enum reason)packet->decision.reason;
	return route_find_destination(worker, packet);
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
	if (!address_parse(&address, &rest, sip_message_header_value(message, route)))
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

static enum reason route_in_dialog(struct worker *worker, struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	const struct secret_keys *keys = worker->snapshot->keys;
	struct dialog_cookie *dialog = &packet->dialog;

	if (!route_cookie_open_dialog(dialog, worker->plain[packet - worker->packet], packet->cookie, keys,
				      sip_message_text(message, message->call_id)))
		return REASON_BAD_COOKIE;
	packet->from_caller =
		route_cookie_hash_tag(keys, sip_message_text(message, message->from_tag)) == dialog->caller_tag_hash;
	if (!packet->from_caller &&
	    route_cookie_hash_tag(keys, sip_message_text(message, message->to_tag)) != dialog->caller_tag_hash)
		return REASON_BAD_COOKIE;
	return route_in_dialog_destination(packet);
}

static bool route_is_unusable(const uint8_t ip[16])
{
	static const uint8_t none[16];

	if (!net_address_is_v4(ip))
		return ip[0] == 0xff || memcmp(ip, none, sizeof(none)) == 0;
	return ip[12] == 0 || ip[12] >= 224; /* this network, multicast, broadcast */
}

/* RFC 3261 18.2.2: received and rport, which we or an earlier hop of ours put there, else sent-by. */
static enum reason route_response(struct worker *worker, struct packet *packet)
{
	static const struct span magic = SPAN_LITERAL("z9hG4bK");
	const struct sip_message *message = &packet->message;
	struct span branch = sip_message_text(message, message->via_branch);
	struct sip_via via;
	uint32_t port = 0;

	if (!span_starts_with(branch, magic) ||
	    !route_cookie_open_branch(&packet->branch, worker->plain[packet - worker->packet],
				      span_skip(branch, magic.length), worker->snapshot->keys,
				      sip_message_text(message, message->call_id)))
		return REASON_RESPONSE_FORGED;
	if (!via_parse_nth(&via, message, 1))
		return REASON_RESPONSE_WITHOUT_NEXT_VIA;
	if (!uri_parse_ip(packet->destination.ip, via.received.length ? via.received : via.host))
		return REASON_NEXT_HOP_HOST_NAME;
	for (uint32_t i = 0; i < via.rport.length && port <= UINT16_MAX; i++)
		port = port * 10 + (uint32_t)(via.rport.at[i] - '0');
	if (port == 0 || port > UINT16_MAX)
		port = via.port ? via.port : SIP_PORT_DEFAULT;
	packet->destination.port = (uint16_t)port;
	packet->destination.transport = TRANSPORT_UDP;
	packet->entry = &packet->branch.entry;
	return route_is_unusable(packet->destination.ip) ? REASON_RESPONSE_TO_BROADCAST : REASON_NONE;
}

/* The link-layer side of the way: who is next on the wire, and from which of our addresses. */
static enum reason route_find_hop(struct worker *worker, struct packet *packet)
{
	const struct wire *wire = worker->snapshot->wire;
	const struct wire_interface *own = wire_find_own(wire, packet->destination.ip);

	if (own && own->sip_port == packet->destination.port)
		return packet->message.is_request ? REASON_FOREIGN_DOMAIN : REASON_RESPONSE_TO_BROADCAST;
	packet->hop_result =
		(uint8_t)(packet->entry ? wire_find_way_back(&packet->hop, wire, packet->destination.ip, packet->entry)
					: wire_find_hop(&packet->hop, wire, packet->destination.ip));
	return packet->hop_result == WIRE_NO_ROUTE ? REASON_NO_ROUTE_TO_HOST : REASON_NONE;
}

static void route_packet(struct worker *worker, struct packet *packet)
{
	enum reason reason;

	packet->entry = NULL;
	if (packet->kind == PACKET_RESPONSE)
		reason = route_response(worker, packet);
	else if (packet->kind == PACKET_IN_DIALOG)
		reason = route_in_dialog(worker, packet);
	else
		reason = route_initial(worker, packet);
	if (reason == REASON_NONE)
		reason = route_find_hop(worker, packet);
	if (reason != REASON_NONE)
		packet_refuse(packet, reason);
}

void route_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (!worker->packet[i].verdict)
			route_packet(worker, &worker->packet[i]);
}
