#include "request_read.h"

#include "message_facts.h"
#include "route_caller.h"

/* tel: URIs have nothing but a number (RFC 3966). */
struct span request_read_user(struct span uri_text)
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

static struct span first_user(const struct sip_message *message, enum sip_header_name name)
{
	struct sip_address address;
	struct span rest, value = sip_message_first(message, name);

	return value.length && address_parse(&address, &rest, value) ? request_read_user(address.uri)
								     : (struct span){0};
}

/* RFC 3325 9.1: one header may name the caller twice, by sip: and by tel:. */
static struct span first_number(const struct sip_message *message, enum sip_header_name name)
{
	struct sip_address address;

	for (uint8_t i = message->first[name]; i != SIP_HEADER_NONE; i = sip_message_next(message, i)) {
		struct span rest, value = sip_message_header_value(message, i);
		for (; value.length && address_parse(&address, &rest, value); value = rest) {
			struct span user = request_read_user(address.uri);
			if (route_caller_is_named(user))
				return user;
		}
	}
	return (struct span){0};
}

static struct span identity_user(const struct sip_message *message, bool is_carrier)
{
	struct span user = {0};

	if ((message->first[SIP_HEADER_P_ASSERTED_IDENTITY] & message->first[SIP_HEADER_P_PREFERRED_IDENTITY] &
	     message->first[SIP_HEADER_REMOTE_PARTY_ID]) == SIP_HEADER_NONE) /* phones send none */
		return user;
	user = first_number(message, SIP_HEADER_P_ASSERTED_IDENTITY);

	/* R33: what a peer would prefer to be is nothing that a network says of its callers. */
	if (!user.length && !is_carrier)
		user = first_number(message, SIP_HEADER_P_PREFERRED_IDENTITY);
	return user.length ? user : first_number(message, SIP_HEADER_REMOTE_PARTY_ID);
}

/* Whoever has found out the caller has parsed From; of a URI that is no sip: URI it knows nothing. */
static struct span from_user(const struct packet *packet)
{
	const struct sip_message *message = &packet->message;

	return packet->facts.from_host.length ? packet->facts.from_user
					      : request_read_user(sip_message_text(message, message->from.uri));
}

void request_read(struct route_request *request, struct worker *worker, const struct packet *packet)
{
	const struct sip_message *message = &packet->message;

	request->directory = worker->snapshot->directory;
	request->scratch = &worker->snapshot->scratch[worker->index];
	request->company = packet->caller.company;
	request->caller = packet->caller.endpoint;
	request->carrier = packet->caller.carrier;
	request->number = packet->request_uri.user;
	request->identity_user = identity_user(message, packet->caller.carrier != NULL);
	request->from_user = from_user(packet);
	request->from_display = sip_message_text(message, message->from.display);
	request->diversion_user = first_user(message, SIP_HEADER_DIVERSION);
	request->max_forwards = message->max_forwards;
	request->anonymous =
		message_facts_find_privacy(message) != SIP_HEADER_NONE || route_caller_is_anonymous(request->from_user);
}
