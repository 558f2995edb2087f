#include "message_facts.h"

#define MAX_FORWARDS_DEFAULT 70
#define MAX_FORWARDS_MAX     255

bool message_facts_address(struct sip_address *address, struct sip_uri *uri, const struct sip_message *message,
			   enum sip_header_name name)
{
	struct span rest;
	struct span value = sip_message_first(message, name);

	if (name == SIP_HEADER_FROM || name == SIP_HEADER_TO) {
		/* The parser has been there. */
		const struct sip_party *party = name == SIP_HEADER_FROM ? &message->from : &message->to;
		*address = (struct sip_address){.value = sip_message_text(message, party->address),
						.display = sip_message_text(message, party->display),
						.uri = sip_message_text(message, party->uri)};
		return address->uri.length && uri_parse(uri, address->uri);
	}
	return value.length && address_parse(address, &rest, value) && uri_parse(uri, address->uri);
}

bool message_facts_is_own_host(const struct wire *wire, struct span host)
{
	uint8_t ip[16];
	return uri_parse_ip(ip, host) && wire_find_own(wire, ip);
}

void message_facts_caller(struct caller_facts *facts, const struct packet *packet, const struct wire *wire)
{
	struct sip_address address;
	struct sip_uri uri;

	*facts = (struct caller_facts){.source = packet->source, .request_host = packet->request_uri.host};
	if (message_facts_address(&address, &uri, &packet->message, SIP_HEADER_FROM) &&
	    uri.scheme != URI_SCHEME_OTHER) {
		facts->from_host = uri.host;
		facts->from_user = uri.user;
	}
	facts->from_host_is_own = message_facts_is_own_host(wire, facts->from_host);
	facts->request_host_is_own = message_facts_is_own_host(wire, facts->request_host);
}

uint32_t message_facts_max_forwards(const struct sip_message *message)
{
	struct span value = sip_message_first(message, SIP_HEADER_MAX_FORWARDS);
	uint32_t number = 0;

	if (!value.length)
		return MAX_FORWARDS_DEFAULT;
	for (uint32_t i = 0; i < value.length && number <= MAX_FORWARDS_MAX; i++)
		number = number * 10 + (uint32_t)(value.at[i] - '0');
	return number > MAX_FORWARDS_MAX ? MAX_FORWARDS_MAX : number;
}
