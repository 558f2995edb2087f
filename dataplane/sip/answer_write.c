#include "answer_write.h"
#include "keyed_hash.h"
#include "text_write.h"

#include <sodium.h>

#define SIP_PORT_DEFAULT 5060
#define IP_TEXT_BYTES	 41
#define TAG_MAC_BYTES	 (ANSWER_TAG_BYTES / 2)

/* Length of the part that starts at text[0], up to the next ';' or ',' outside quotes. A ';' at text[0] itself belongs
 * to the part. */
static uint32_t part_length(struct span text)
{
	bool quoted = false;

	for (uint32_t i = 0; i < text.length; i++) {
		char byte = text.at[i];
		if (quoted && byte == '\\')
			i++;
		else if (byte == '"')
			quoted = !quoted;
		else if (!quoted && ((byte == ';' && i != 0) || byte == ','))
			return i;
	}
	return text.length;
}

static bool parameter_is(struct span part, struct span name)
{
	if (part.length == 0 || *part.at != ';')
		return false;
	part = span_skip(part, 1);

	const char *equals = memchr(part.at, '=', part.length);
	if (equals)
		part.length = (uint32_t)(equals - part.at);
	return span_equals_nocase(span_trim(part), name);
}

/* Without brackets: the grammar of received= (RFC 3261 25.1) has them for no address. */
static struct span received_text(char buffer[IP_TEXT_BYTES], const struct net_address *source)
{
	struct text_writer writer = text_write_begin(buffer, IP_TEXT_BYTES);

	text_write_ip(&writer, source->ip);
	if (net_address_is_v4(source->ip))
		return text_written(&writer);
	return span_make(buffer + 1, writer.length - 2);
}

/* Another spelling of the same IPv6 address counts as different: a received= too much does no harm. */
static bool sent_by_is_source(const struct sip_message *request, struct span received)
{
	struct span host = sip_message_text(request, request->via_host);

	if (host.length >= 2 && *host.at == '[')
		host = span_make(host.at + 1, host.length - 2);
	return span_equals_nocase(host, received);
}

/*
 * The topmost Via line. Only its first value is changed: values behind a comma are of earlier hops. What the sender put
 * into received= and rport= himself gives way to what we saw (RFC 3261 18.2.1, RFC 3581 4).
 */
static void write_top_via(struct text_writer *writer, const struct sip_message *request, struct span value,
			  const struct net_address *source)
{
	char buffer[IP_TEXT_BYTES];
	struct span received = received_text(buffer, source);
	bool add_received = request->via_has_rport || !sent_by_is_source(request, received);

	for (bool first = true; value.length && *value.at != ','; first = false) {
		struct span part = span_make(value.at, part_length(value));
		value = span_skip(value, part.length);
		bool is_received = parameter_is(part, SPAN_LITERAL("received"));
		add_received |= is_received;
		if (first || (!is_received && !parameter_is(part, SPAN_LITERAL("rport"))))
			text_write_span(writer, span_trim(part));
	}
	if (add_received) {
		text_write_literal(writer, ";received=");
		text_write_span(writer, received);
	}
	if (request->via_has_rport) {
		text_write_literal(writer, ";rport=");
		text_write_number(writer, source->port);
	}
	text_write_span(writer, value);
}

static void write_via_lines(struct text_writer *writer, const struct sip_message *request,
			    const struct net_address *source)
{
	uint8_t top = request->first[SIP_HEADER_VIA];

	for (uint8_t i = top; i != SIP_HEADER_NONE; i = sip_message_next(request, i)) {
		text_write_literal(writer, "Via: ");
		if (i == top)
			write_top_via(writer, request, sip_message_header_value(request, i), source);
		else
			text_write_span(writer, sip_message_header_value(request, i));
		text_write_literal(writer, "\r\n");
	}
}

/* "Name: value" without a line end; nothing when the request has no such header. */
static bool write_header(struct text_writer *writer, const struct sip_message *request, enum sip_header_name name,
			 struct span label)
{
	if (!sip_message_has(request, name))
		return false;
	text_write_span(writer, label);
	text_write_span(writer, sip_message_first(request, name));
	return true;
}

static void write_dialog_headers(struct text_writer *writer, const struct sip_message *request,
				 const struct answer *answer)
{
	if (write_header(writer, request, SIP_HEADER_FROM, SPAN_LITERAL("From: ")))
		text_write_literal(writer, "\r\n");
	if (write_header(writer, request, SIP_HEADER_TO, SPAN_LITERAL("To: "))) {
		if (answer->status > 100 && request->to_tag.length == 0 && answer->to_tag.length > 0) {
			text_write_literal(writer, ";tag=");
			text_write_span(writer, answer->to_tag);
		}
		text_write_literal(writer, "\r\n");
	}
	if (write_header(writer, request, SIP_HEADER_CALL_ID, SPAN_LITERAL("Call-ID: ")))
		text_write_literal(writer, "\r\n");
	if (write_header(writer, request, SIP_HEADER_CSEQ, SPAN_LITERAL("CSeq: ")))
		text_write_literal(writer, "\r\n");
}

int answer_write(char *out, uint32_t capacity, const struct sip_message *request, const struct answer *answer)
{
	struct text_writer writer = text_write_begin(out, capacity);

	text_write_literal(&writer, "SIP/2.0 ");
	text_write_number(&writer, answer->status);
	text_write_char(&writer, ' ');
	text_write_span(&writer, answer->phrase);
	text_write_literal(&writer, "\r\n");
	write_via_lines(&writer, request, &answer->source);
	write_dialog_headers(&writer, request, answer);
	text_write_span(&writer, answer->extra_headers);
	text_write_literal(&writer, "Content-Length: 0\r\n\r\n");
	return writer.overflowed ? -1 : (int)writer.length;
}

struct net_address answer_destination(const struct sip_message *request, const struct net_address *source)
{
	struct net_address destination = *source;

	if (!request->via_has_rport)
		destination.port = request->via_port ? request->via_port : SIP_PORT_DEFAULT;
	return destination;
}

void answer_make_tag(char tag[ANSWER_TAG_BYTES], const struct sip_message *request, const uint8_t key[16])
{
	struct text_writer writer = text_write_begin(tag, ANSWER_TAG_BYTES);
	struct keyed_hash hash;
	uint8_t mac[KEYED_HASH_BYTES];

	keyed_hash_begin(&hash, key, 't');
	keyed_hash_add(&hash, sip_message_text(request, request->call_id));
	keyed_hash_add(&hash, sip_message_text(request, request->from_tag));
	keyed_hash_add_number(&hash, request->cseq);
	keyed_hash_finish(&hash, mac);
	text_write_hex(&writer, mac, TAG_MAC_BYTES);
}

bool answer_is_own_tag(const struct sip_message *request, const uint8_t key[16])
{
	char tag[ANSWER_TAG_BYTES];
	struct span given = sip_message_text(request, request->to_tag);

	if (given.length != ANSWER_TAG_BYTES)
		return false;
	answer_make_tag(tag, request, key);
	return sodium_memcmp(tag, given.at, ANSWER_TAG_BYTES) == 0;
}
