#include "message_facts.h"

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

bool message_facts_is_no_privacy(struct span value)
{
	return value.length == 0 || span_equals_nocase(value, SPAN_LITERAL("none"));
}

uint8_t message_facts_find_privacy(const struct sip_message *message)
{
	uint8_t i = message->first[SIP_HEADER_PRIVACY];

	while (i != SIP_HEADER_NONE && message_facts_is_no_privacy(sip_message_header_value(message, i)))
		i = sip_message_next(message, i);
	return i;
}

/* RFC 3323 4.2: values stand behind semicolons; peers also write commas. */
static bool has_privacy_value(struct span values, struct span wanted)
{
	uint32_t from = 0;

	for (uint32_t i = 0; i <= values.length; i++) {
		if (i < values.length && values.at[i] != ';' && values.at[i] != ',')
			continue;
		if (span_equals_nocase(span_trim(span_make(values.at + from, i - from)), wanted))
			return true;
		from = i + 1;
	}
	return false;
}

bool message_facts_hides_identity(const struct sip_message *message)
{
	for (uint8_t i = message->first[SIP_HEADER_PRIVACY]; i != SIP_HEADER_NONE; i = sip_message_next(message, i))
		if (has_privacy_value(sip_message_header_value(message, i), SPAN_LITERAL("id")))
			return true;
	return false;
}

bool message_facts_is_own_host(const struct wire *wire, struct span host)
{
	uint8_t ip[16];
	return uri_parse_ip(ip, host) && wire_find_own(wire, ip);
}

struct span message_facts_cookie(const struct sip_message *message, const struct wire *wire)
{
	struct sip_address address;
	struct sip_uri uri;
	struct span cookie;

	if (!message_facts_address(&address, &uri, message, SIP_HEADER_ROUTE) ||
	    !message_facts_is_own_host(wire, uri.host) ||
	    !uri_find_parameter(&cookie, uri.parameters, SPAN_LITERAL("c")))
		return (struct span){0};
	return cookie;
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
