#include "answer_write.h"
#include "address_parse.h"
#include "keyed_hash.h"
#include "text_write.h"
#include "via_stamp.h"

#include <sodium.h>

#define SIP_PORT_DEFAULT 5060
#define TAG_MAC_BYTES	 (ANSWER_TAG_BYTES / 2)

static void write_via_lines(struct text_writer *writer, const struct sip_message *request,
			    const struct net_address *source)
{
	uint8_t top = request->first[SIP_HEADER_VIA];

	for (uint8_t i = top; i != SIP_HEADER_NONE; i = sip_message_next(request, i)) {
		text_write_literal(writer, "Via: ");
		if (i == top)
			via_stamp_write(writer, request, source);
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

/* Parsing ends at the first fault, perhaps before To: a request that gets its 400 may have a tag that the parser did
 * not reach. */
static bool has_to_tag(const struct sip_message *request)
{
	struct sip_address to;
	struct span rest, tag;

	if (request->to_tag.length)
		return true;
	struct span value = sip_message_first(request, SIP_HEADER_TO),
		    address = sip_message_text(request, request->to.address);
	if (address.length && address.at + address.length == value.at + value.length) /* no parameter at all */
		return false;
	return address_parse(&to, &rest, value) && uri_find_parameter(&tag, to.parameters, SPAN_LITERAL("tag"));
}

static void write_dialog_headers(struct text_writer *writer, const struct sip_message *request,
				 const struct answer *answer)
{
	if (write_header(writer, request, SIP_HEADER_FROM, SPAN_LITERAL("From: ")))
		text_write_literal(writer, "\r\n");
	if (write_header(writer, request, SIP_HEADER_TO, SPAN_LITERAL("To: "))) {
		if (answer->status > 100 && answer->to_tag.length > 0 && !has_to_tag(request)) {
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

	if (request->via_has_rport)
		return destination;
	uint8_t ip[16];
	struct span host = sip_message_text(request, request->via_host);
	bool is_behind_nat = !uri_is_ip(host, source->ip) && uri_parse_ip(ip, host);
	if (!is_behind_nat)
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
	return crypto_verify_16((const uint8_t *)tag, (const uint8_t *)given.at) == 0;
}
