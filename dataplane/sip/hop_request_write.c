#include "hop_request_write.h"

#include "text_write.h"
#include "via_parse.h"

static void write_line(struct text_writer *writer, struct span label, struct span value)
{
	text_write_span(writer, label);
	text_write_span(writer, value);
	text_write_literal(writer, "\r\n");
}

static void write_route_lines(struct text_writer *writer, const struct sip_message *invite)
{
	uint8_t i = invite->first[SIP_HEADER_ROUTE];

	for (; i != SIP_HEADER_NONE; i = sip_message_next(invite, i))
		write_line(writer, SPAN_LITERAL("Route: "), sip_message_header_value(invite, i));
}

static int write_request(struct text_writer writer, struct span method, const struct sip_message *invite,
			 struct span to)
{
	struct span uri = sip_message_text(invite, invite->request_uri);
	struct span from = sip_message_first(invite, SIP_HEADER_FROM);
	struct span call_id = sip_message_first(invite, SIP_HEADER_CALL_ID);
	struct sip_via via;

	if (!uri.length || !from.length || !to.length || !call_id.length || !invite->cseq_method_text.length ||
	    !via_parse_nth(&via, invite, 0))
		return -1;
	text_write_span(&writer, method);
	text_write_char(&writer, ' ');
	text_write_span(&writer, uri);
	text_write_literal(&writer, " SIP/2.0\r\n");
	write_line(&writer, SPAN_LITERAL("Via: "), via.value);
	write_route_lines(&writer, invite);
	text_write_literal(&writer, "Max-Forwards: 70\r\n");
	write_line(&writer, SPAN_LITERAL("From: "), from);
	write_line(&writer, SPAN_LITERAL("To: "), to);
	write_line(&writer, SPAN_LITERAL("Call-ID: "), call_id);
	text_write_literal(&writer, "CSeq: ");
	text_write_number(&writer, invite->cseq);
	text_write_char(&writer, ' ');
	text_write_span(&writer, method);
	text_write_literal(&writer, "\r\nContent-Length: 0\r\n\r\n");
	return writer.overflowed ? -1 : (int)writer.length;
}

int hop_request_write_ack(char *out, uint32_t capacity, const struct sip_message *invite, struct span to)
{
	return write_request(text_write_begin(out, capacity), SPAN_LITERAL("ACK"), invite, to);
}

int hop_request_write_cancel(char *out, uint32_t capacity, const struct sip_message *invite)
{
	return write_request(text_write_begin(out, capacity), SPAN_LITERAL("CANCEL"), invite,
			     sip_message_first(invite, SIP_HEADER_TO));
}
