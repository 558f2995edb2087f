#include "fuzz_exchange.h"

#include "fuzz_input.h"
#include "message_parse.h"
#include "text_write.h"

#define REQUESTS_MAX  16
#define REQUEST_BYTES 8192
#define TAG	      ";tag=callee"

/* One side's requests, the oldest first; what comes behind the last place replaces the last. */
struct side {
	uint32_t count, length[REQUESTS_MAX];
	char text[REQUESTS_MAX][REQUEST_BYTES];
};

static struct side received, sent;

void fuzz_exchange_forget(void)
{
	received.count = sent.count = 0;
}

static void note(struct side *side, struct span request)
{
	static struct sip_message message;

	if (request.length > REQUEST_BYTES)
		return;
	uint32_t at = side->count < REQUESTS_MAX ? side->count : REQUESTS_MAX - 1;
	memcpy(side->text[at], request.at, request.length);
	side->length[at] = request.length;
	if (message_parse(&message, span_make(side->text[at], request.length)) == REASON_NONE && message.is_request)
		side->count = at + 1;
}

void fuzz_exchange_note_received(struct span request)
{
	note(&received, request);
}

void fuzz_exchange_note_sent(struct span request)
{
	note(&sent, request);
}

/* The request so many before the last one. */
static struct span find(const struct side *side, uint32_t back)
{
	if (back >= side->count)
		return (struct span){0};
	uint32_t at = side->count - 1 - back;
	return span_make(side->text[at], side->length[at]);
}

static struct span find_first(const struct side *side)
{
	return find(side, side->count - 1);
}

static const struct {
	const char *name;
	enum sip_header_name header;
} lines[] = {
	{"Via: ", SIP_HEADER_VIA},	   {"From: ", SIP_HEADER_FROM}, {"To: ", SIP_HEADER_TO},
	{"Call-ID: ", SIP_HEADER_CALL_ID}, {"CSeq: ", SIP_HEADER_CSEQ},
};

static const char *line_name(enum sip_header_name header)
{
	for (uint32_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i].header == header)
			return lines[i].name;
	must_fail("a header line that has no name here");
	return NULL;
}

/* The first line of that name, under the name that `as` has; `addition` behind its value. */
static void write_line(struct text_writer *writer, const struct sip_message *message, enum sip_header_name header,
		       enum sip_header_name as, const char *addition)
{
	text_write_span(writer, span_of_text(line_name(as)));
	text_write_span(writer, sip_message_first(message, header));
	text_write_span(writer, span_of_text(addition));
	text_write_literal(writer, "\r\n");
}

static void write_all_vias(struct text_writer *writer, const struct sip_message *message)
{
	for (uint8_t i = message->first[SIP_HEADER_VIA]; i != SIP_HEADER_NONE; i = sip_message_next(message, i)) {
		text_write_literal(writer, "Via: ");
		text_write_span(writer, sip_message_header_value(message, i));
		text_write_literal(writer, "\r\n");
	}
}

/* What the input has behind its first line, or the end of a message without body. */
static struct span finish(struct text_writer *writer, struct span words)
{
	if (words.length)
		text_write_span(writer, words);
	else
		text_write_literal(writer, "Content-Length: 0\r\n\r\n");
	return writer->overflowed ? (struct span){0} : text_written(writer);
}

static struct span take_first_line(struct span *words)
{
	struct span line = fuzz_input_line(words);

	if (line.length && line.at[line.length - 1] == '\r')
		line.length--;
	return line;
}

/* One bit of the secret. */
static void change_branch(char *out, const struct sip_message *message)
{
	struct span branch = sip_message_text(message, message->via_branch);
	char *at = branch.length ? memmem(out, FUZZ_EXCHANGE_BYTES_MAX, branch.at, branch.length) : NULL;

	if (at)
		at[branch.length - 3] = at[branch.length - 3] == 'A' ? 'B' : 'A';
}

struct span fuzz_exchange_respond(char out[FUZZ_EXCHANGE_BYTES_MAX], uint32_t variant, struct span words)
{
	static struct sip_message message;
	struct span request = variant < 4 ? find(&sent, variant) : variant == 4 ? find(&sent, 0) : find_first(&sent);
	struct text_writer writer = text_write_begin(out, FUZZ_EXCHANGE_BYTES_MAX);

	if (!request.length || message_parse(&message, request) != REASON_NONE)
		return (struct span){0};
	struct span line = take_first_line(&words);
	text_write_literal(&writer, "SIP/2.0 ");
	text_write_span(&writer, line.length ? line : SPAN_LITERAL("200 OK"));
	text_write_literal(&writer, "\r\n");
	write_all_vias(&writer, &message);
	write_line(&writer, &message, SIP_HEADER_FROM, SIP_HEADER_FROM, "");
	write_line(&writer, &message, SIP_HEADER_TO, SIP_HEADER_TO, message.to_tag.length ? "" : TAG);
	write_line(&writer, &message, SIP_HEADER_CALL_ID, SIP_HEADER_CALL_ID, "");
	write_line(&writer, &message, SIP_HEADER_CSEQ, SIP_HEADER_CSEQ, "");
	struct span response = finish(&writer, words);
	if (variant == 4 && response.length)
		change_branch(out, &message);
	return response;
}

static void write_cseq(struct text_writer *writer, uint32_t number, struct span method)
{
	text_write_literal(writer, "CSeq: ");
	text_write_number(writer, number);
	text_write_literal(writer, " ");
	text_write_span(writer, method);
	text_write_literal(writer, "\r\n");
}

/* CANCEL, ACK of a non-2xx, or anything else that shares the transaction. */
static struct span ask_again(char *out, struct span request, struct span words)
{
	static struct sip_message message;
	struct text_writer writer = text_write_begin(out, FUZZ_EXCHANGE_BYTES_MAX);
	struct span method = take_first_line(&words);

	if (!request.length || message_parse(&message, request) != REASON_NONE)
		return (struct span){0};
	if (!method.length) {
		text_write_span(&writer, request);
		return text_written(&writer);
	}
	text_write_span(&writer, method);
	text_write_literal(&writer, " ");
	text_write_span(&writer, sip_message_text(&message, message.request_uri));
	text_write_literal(&writer, " SIP/2.0\r\n");
	write_line(&writer, &message, SIP_HEADER_VIA, SIP_HEADER_VIA, "");
	write_line(&writer, &message, SIP_HEADER_FROM, SIP_HEADER_FROM, "");
	write_line(&writer, &message, SIP_HEADER_TO, SIP_HEADER_TO, "");
	write_line(&writer, &message, SIP_HEADER_CALL_ID, SIP_HEADER_CALL_ID, "");
	write_cseq(&writer, message.cseq, method);
	return finish(&writer, words);
}

/* The last request that has, or has not, a line of that name. */
static bool find_last(struct sip_message *message, const struct side *side, enum sip_header_name name, bool has)
{
	for (uint32_t back = 0; back < side->count; back++)
		if (message_parse(message, find(side, back)) == REASON_NONE && sip_message_has(message, name) == has)
			return true;
	return false;
}

/* By the cookie of the last request that left with a Record-Route; From and To as that side has them. */
static struct span ask_in_dialog(char *out, bool by_caller, struct span words)
{
	static struct sip_message outgoing, incoming;
	struct text_writer writer = text_write_begin(out, FUZZ_EXCHANGE_BYTES_MAX);
	struct span method = take_first_line(&words);

	if (!find_last(&outgoing, &sent, SIP_HEADER_RECORD_ROUTE, true) ||
	    !find_last(&incoming, &received, SIP_HEADER_ROUTE, false))
		return (struct span){0};
	const struct sip_message *seen = by_caller ? &incoming : &outgoing;
	text_write_span(&writer, method.length ? method : SPAN_LITERAL("BYE"));
	text_write_literal(&writer, " sip:far@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKd");
	text_write_span(&writer, method);
	text_write_literal(&writer, "\r\nRoute: ");
	text_write_span(&writer, sip_message_first(&outgoing, SIP_HEADER_RECORD_ROUTE));
	text_write_literal(&writer, "\r\n");
	const char *tag = seen->to_tag.length ? "" : TAG;
	write_line(&writer, seen, by_caller ? SIP_HEADER_FROM : SIP_HEADER_TO, SIP_HEADER_FROM, by_caller ? "" : tag);
	write_line(&writer, seen, by_caller ? SIP_HEADER_TO : SIP_HEADER_FROM, SIP_HEADER_TO, by_caller ? tag : "");
	write_line(&writer, &outgoing, SIP_HEADER_CALL_ID, SIP_HEADER_CALL_ID, "");
	bool is_ack = span_equals(method, SPAN_LITERAL("ACK"));
	write_cseq(&writer, incoming.cseq + (is_ack ? 0 : 1), method.length ? method : SPAN_LITERAL("BYE"));
	return finish(&writer, words);
}

struct span fuzz_exchange_ask(char out[FUZZ_EXCHANGE_BYTES_MAX], uint32_t variant, struct span words)
{
	switch (variant) {
	case 3:
		return ask_in_dialog(out, true, words);
	case 4:
		return ask_in_dialog(out, false, words);
	case 5:
		return ask_again(out, find_first(&received), words);
	default:
		return ask_again(out, find(&received, variant), words);
	}
}
