#include "answer_write.h"
#include "address_parse.h"
#include "copy_bytes.h"
#include "keyed_hash.h"
#include "text_write.h"
#include "via_stamp.h"

#include <sodium.h>

#define SIP_PORT_DEFAULT 5060
#define TAG_MAC_BYTES	 (ANSWER_TAG_BYTES / 2)

#define LINE_END_BYTES 2

/*
 * Lines that go out as they came in, one behind the other: they stand so in most requests, and are copied together.
 * `text` of length 0: none.
 */
struct line_copy {
	struct text_writer *writer;
	const struct sip_message *request;
	struct span text;
};

/* Apart, as it stands behind every line. */
static __attribute__((noinline)) void write_copied(struct line_copy *copy)
{
	text_write_span(copy->writer, copy->text);
	copy->text.length = 0;
}

/* The line as we would write it, "Name: value" and CRLF. Result: length 0 when it is spelled another way. In place, for
 * the length of `label` to be known. */
static inline __attribute__((always_inline)) struct span find_own_spelling(const struct sip_message *request,
									   uint8_t index, struct span label)
{
	const struct sip_header *header = &request->header[index];
	uint32_t end = (uint32_t)header->value + header->value_length;
	const char *line = request->bytes.at + header->start;

	if (header->value - header->start != (int)label.length || request->bytes.length - end < LINE_END_BYTES ||
	    memcmp(line, label.at, label.length) != 0 || memcmp(request->bytes.at + end, "\r\n", LINE_END_BYTES) != 0)
		return (struct span){0};
	return span_make(line, end - header->start + LINE_END_BYTES);
}

/* A line that is spelled another way: rare. */
static __attribute__((noinline)) void write_anew(struct line_copy *copy, uint8_t index, struct span label)
{
	write_copied(copy);
	text_write_span(copy->writer, label);
	text_write_span(copy->writer, sip_message_header_value(copy->request, index));
	text_write_literal(copy->writer, "\r\n");
}

static inline __attribute__((always_inline)) void write_line(struct line_copy *copy, uint8_t index, struct span label)
{
	struct span line = find_own_spelling(copy->request, index, label);

	if (!line.length) {
		write_anew(copy, index, label);
	} else if (copy->text.length && copy->text.at + copy->text.length == line.at) {
		copy->text.length += line.length;
	} else {
		write_copied(copy);
		copy->text = line;
	}
}

/* The first line of that name, if there is one. */
static inline __attribute__((always_inline)) void write_first(struct line_copy *copy, enum sip_header_name name,
							      struct span label)
{
	if (sip_message_has(copy->request, name))
		write_line(copy, copy->request->first[name], label);
}

static void write_via_lines(struct line_copy *copy, const struct answer *answer)
{
	const struct sip_message *request = copy->request;
	uint8_t top = request->first[SIP_HEADER_VIA];

	if (top == SIP_HEADER_NONE)
		return;
	if (!answer->via_stays && via_stamp_is_needed(request, &answer->source)) {
		text_write_literal(copy->writer, "Via: ");
		via_stamp_write(copy->writer, request, &answer->source);
		text_write_literal(copy->writer, "\r\n");
	} else {
		write_line(copy, top, SPAN_LITERAL("Via: "));
	}
	for (uint8_t i = sip_message_next_via(request, top); i != SIP_HEADER_NONE; i = sip_message_next_via(request, i))
		write_line(copy, i, SPAN_LITERAL("Via: "));
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

static void write_to(struct line_copy *copy, const struct answer *answer)
{
	const struct sip_message *request = copy->request;

	if (answer->status <= 100 || answer->to_tag.length == 0 || !sip_message_has(request, SIP_HEADER_TO) ||
	    has_to_tag(request)) {
		write_first(copy, SIP_HEADER_TO, SPAN_LITERAL("To: "));
		return;
	}
	write_copied(copy);
	text_write_literal(copy->writer, "To: ");
	text_write_span(copy->writer, sip_message_first(request, SIP_HEADER_TO));
	text_write_literal(copy->writer, ";tag=");
	text_write_span(copy->writer, answer->to_tag);
	text_write_literal(copy->writer, "\r\n");
}

static void write_status_line(struct text_writer *writer, const struct answer *answer)
{
	enum { BEFORE_BYTES = sizeof("SIP/2.0 100 ") - 1 };
	struct span phrase = answer->phrase;
	uint64_t length = (uint64_t)phrase.length + BEFORE_BYTES + LINE_END_BYTES;

	if (length > writer->capacity - writer->length) {
		writer->overflowed = true;
		return;
	}
	char *at = writer->at + writer->length;
	memcpy(at, "SIP/2.0 ", 8);
	at[8] = (char)('0' + answer->status / 100);
	memcpy(at + 9, text_write_digit_pairs[answer->status % 100], 2);
	at[11] = ' ';
	copy_bytes(at + BEFORE_BYTES, phrase.at, phrase.length);
	memcpy(at + BEFORE_BYTES + phrase.length, "\r\n", LINE_END_BYTES);
	writer->length += (uint32_t)length;
}

int answer_write(char *out, uint32_t capacity, const struct sip_message *request, const struct answer *answer)
{
	struct text_writer writer = text_write_begin(out, capacity);
	struct line_copy copy = {.writer = &writer, .request = request};

	write_status_line(&writer, answer);
	write_via_lines(&copy, answer);
	write_first(&copy, SIP_HEADER_FROM, SPAN_LITERAL("From: "));
	write_to(&copy, answer);
	write_first(&copy, SIP_HEADER_CALL_ID, SPAN_LITERAL("Call-ID: "));
	write_first(&copy, SIP_HEADER_CSEQ, SPAN_LITERAL("CSeq: "));
	write_copied(&copy);
	text_write_span(&writer, answer->extra_headers);
	text_write_literal(&writer, "Content-Length: 0\r\n\r\n");
	return writer.overflowed ? -1 : (int)writer.length;
}

static bool is_behind_nat(const struct sip_message *request, const struct net_address *source)
{
	struct span host = sip_message_text(request, request->via_host);
	uint8_t ip[16];

	return !uri_parse_ip_equals(host, source->ip) && uri_parse_ip(ip, host);
}

void answer_destination(struct net_address *destination, const struct sip_message *request,
			const struct net_address *source, bool via_stays)
{
	*destination = *source;
	if (via_stays || (!request->via_has_rport && !is_behind_nat(request, source)))
		destination->port = request->via_port ? request->via_port : SIP_PORT_DEFAULT;
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
