#include "message_parse.h"

#include "address_parse.h"
#include "lexis.h"
#include "message_parse_vector.h"
#include "scan.h"
#include "token_name.h"
#include "via_parse.h"

#define BIT(name) (1ull << (name))
_Static_assert(SIP_HEADER_COUNT <= 64, "a bit for each known header name");

/* Headers that a message has once. Content-Length has its own reasons. */
#define SIP_HEADER(name, text, compact)
#define SIP_HEADER_ONCE(name, text, compact) | BIT(SIP_HEADER_##name)
static const uint64_t once_only = (0
#include "sip_tokens.def"
				   ) &
				  ~BIT(SIP_HEADER_CONTENT_LENGTH);

#define NO_BODY UINT32_MAX /* there is no empty line */

#define STATUS_CODE_MIN 100
#define STATUS_CODE_MAX 699

static const struct span version_text = {"SIP/2.0", 7};

static struct slice slice_of(const struct sip_message *message, struct span part)
{
	if (part.length == 0)
		return (struct slice){0};
	return (struct slice){(uint16_t)(part.at - message->bytes.at), (uint16_t)part.length};
}

/* Cuts the CR of a line's end; `feed` is its LF. */
static uint32_t find_line_end(const char *bytes, uint32_t start, uint32_t feed)
{
	return feed > start && bytes[feed - 1] == '\r' ? feed - 1 : feed;
}

struct header_line {
	struct span name;
	uint32_t start;
	uint32_t value;
	uint32_t value_end;
	uint8_t flags;
};

static bool is_white_or_control(char byte)
{
	return (uint8_t)byte <= ' ';
}

/* Takes the lines that continue a header line, and cuts white space of any kind from its value. */
static void finish_odd_line(struct header_line *header, const struct scan_line *first, struct scan *scan)
{
	struct scan_line line = *first;
	uint32_t value = first->stop + (first->stop < first->feed);
	while (scan_is_next_folded(scan) && scan_take_line(&line, scan))
		header->flags = SIP_HEADER_FOLDED;
	uint32_t end = line.feed;
	while (value < end && lexis_is(scan->bytes.at[value], LEXIS_WHITE))
		value++;
	while (end > value && lexis_is(scan->bytes.at[end - 1], LEXIS_WHITE))
		end--;
	header->value = value;
	header->value_end = end;
}

/* Takes the next header line. Result: false when there is none. The name is what is before the colon, of a line without
 * one all. */
static inline bool take_header(struct header_line *header, struct scan *scan)
{
	struct scan_line line;
	if (!scan_take_line(&line, scan))
		return false;
	const char *bytes = scan->bytes.at;
	header->name = span_make(bytes + line.start, line.stop - line.start);
	header->start = line.start;
	header->flags = 0;
	if (line.stop < line.feed && !scan_is_next_folded(scan)) {
		uint32_t value = line.stop + 1 + (bytes[line.stop + 1] == ' '),
			 end = find_line_end(bytes, 0, line.feed);
		header->value = value;
		header->value_end = end;
		if (!is_white_or_control(bytes[value]) && !is_white_or_control(bytes[end - 1]))
			return true;
	}
	finish_odd_line(header, &line, scan);
	return true;
}

static bool is_token(struct span text)
{
	return text.length && lexis_skip(text.at, text.at + text.length, LEXIS_TOKEN) == text.at + text.length;
}

/* What is rare: a name that we do not know, or that has white space before its colon. Result: false when it is no name.
 */
static bool find_odd_name(enum sip_header_name *known, struct span name, const char *end)
{
	const char *name_end = lexis_skip(name.at, end, LEXIS_TOKEN), *stop = name.at + name.length;
	*known = SIP_HEADER_OTHER;
	if (name_end != stop || name.length < 8)
		*known = token_name_find_header(lexis_span(name.at, name_end));
	while (name_end < stop && (*name_end == ' ' || *name_end == '\t'))
		name_end++;
	return name.length && *name.at != ' ' && *name.at != '\t' && *stop == ':' && name_end == stop;
}

/* Result: false when the line has no valid name. */
static inline bool find_name(enum sip_header_name *known, const struct header_line *header, struct span bytes)
{
	if (header->start >= 8) {
		*known = token_name_find_header_behind(header->name.at, header->name.length);
		if (*known != SIP_HEADER_OTHER && header->name.at[header->name.length] == ':')
			return true;
	}
	return find_odd_name(known, header->name, bytes.at + header->value_end);
}

static void store_header(struct sip_header *stored, const struct header_line *header, enum sip_header_name name)
{
	stored->start = (uint16_t)header->start;
	stored->value = (uint16_t)header->value;
	stored->value_length = (uint16_t)(header->value_end - header->value);
	stored->name = (uint8_t)name;
	stored->flags = header->flags;
}

/* Indexes all header lines. A broken one is left out and named by the reason; the others still serve an answer. */
static enum reason index_headers(struct sip_message *message, uint64_t *repeated, struct scan *scan)
{
	enum reason reason = REASON_NONE;
	struct header_line header;
	uint32_t count = 0;
	while (take_header(&header, scan)) {
		enum sip_header_name name;
		if (!find_name(&name, &header, scan->bytes)) {
			reason = REASON_MALFORMED_HEADER;
			continue;
		}
		if (count == SIP_HEADERS_MAX) {
			message->headers_end = (uint16_t)header.start;
			reason = REASON_TOO_MANY_HEADERS;
			break;
		}
		store_header(&message->header[count], &header, name);
		message->is_folded |= (header.flags & SIP_HEADER_FOLDED) != 0;
		uint8_t first = message->first[name];
		message->first[name] = first == SIP_HEADER_NONE ? (uint8_t)count : first;
		message->via_line_count += name == SIP_HEADER_VIA;
		*repeated |= (uint64_t)(first != SIP_HEADER_NONE) << name;
		count++;
	}
	message->header_count = (uint8_t)count;
	if (reason == REASON_TOO_MANY_HEADERS)
		return reason;
	message->headers_end = (uint16_t)scan->headers_end;
	return scan->has_empty_line && !scan->has_stray_cr ? reason : REASON_MALFORMED_HEADER;
}

/* "SIP/2.0 SP 3DIGIT SP reason"; the second SP is often forgotten before an empty reason. */
static enum reason parse_status_line(struct sip_message *message, struct span line)
{
	uint32_t code;
	message->is_request = false;
	struct span rest = span_skip(line, version_text.length + 1);
	if (rest.length < 3 || (rest.length > 3 && rest.at[3] != ' '))
		return REASON_MALFORMED_START_LINE;
	if (!lexis_parse_number(&code, span_make(rest.at, 3), STATUS_CODE_MAX) || code < STATUS_CODE_MIN)
		return REASON_MALFORMED_START_LINE;
	message->status_code = (uint16_t)code;
	return REASON_NONE;
}

/* "SIP/7.0", not "HTTP/1.1" and not "SIP/": a version that a later standard may define. */
static bool is_sip_version(struct span text)
{
	if (text.length < 5 || !span_equals_nocase(span_make(text.at, 4), SPAN_LITERAL("SIP/")))
		return false;
	struct span number = span_skip(text, 4);
	const char *point = memchr(number.at, '.', number.length);
	uint32_t part;
	return point != NULL && lexis_parse_number(&part, lexis_span(number.at, point), UINT32_MAX) &&
	       lexis_parse_number(&part, lexis_span(point + 1, number.at + number.length), UINT32_MAX);
}

/* "Method SP Request-URI SP SIP-Version": single spaces, so that a space inside the URI is seen. */
static enum reason parse_request_line(struct sip_message *message, struct span line)
{
	const char *end = line.at + line.length, *method_end = lexis_skip(line.at, end, LEXIS_TOKEN);
	if (method_end == line.at || method_end == end || *method_end != ' ')
		return REASON_MALFORMED_START_LINE;
	const char *uri = method_end + 1, *uri_end = memchr(uri, ' ', (size_t)(end - uri));
	if (uri_end == NULL || uri_end == uri)
		return REASON_MALFORMED_START_LINE;
	struct span uri_text = lexis_span(uri, uri_end), version = lexis_span(uri_end + 1, end);
	if (lexis_has_white_or_control(uri_text) || memchr(uri, '<', uri_text.length) ||
	    memchr(uri, '>', uri_text.length))
		return REASON_MALFORMED_START_LINE;
	if (!is_sip_version(version))
		return REASON_MALFORMED_START_LINE;

	message->method_text = slice_of(message, lexis_span(line.at, method_end));
	message->method = (uint8_t)token_name_find_method(lexis_span(line.at, method_end));
	message->request_uri = slice_of(message, uri_text);
	return span_equals_nocase(version, version_text) ? REASON_NONE : REASON_VERSION_NOT_SUPPORTED;
}

static enum reason parse_start_line(struct sip_message *message, struct scan *scan)
{
	struct scan_line found;
	message->is_request = true;
	if (!scan_take_line(&found, scan))
		return REASON_MALFORMED_START_LINE;
	uint32_t end = find_line_end(message->bytes.at, found.start, found.feed);
	struct span line = span_make(message->bytes.at, end);
	message->start_line = slice_of(message, line);
	if (line.length > version_text.length && line.at[version_text.length] == ' ' &&
	    span_equals_nocase(span_make(line.at, version_text.length), version_text))
		return parse_status_line(message, line);
	return parse_request_line(message, line);
}

static enum reason parse_top_via(struct sip_message *message)
{
	struct sip_via via;
	struct span rest, text = sip_message_first(message, SIP_HEADER_VIA);
	if (text.length == 0)
		return REASON_MALFORMED_VIA;
	bool is_right = via_parse(&via, &rest, text);
	message->via_host = slice_of(message, via.host);
	message->via_branch = slice_of(message, via.branch);
	message->via_port = via.port;
	message->via_has_rport = via.has_rport;
	message->via_is_alone = is_right && rest.length == 0;
	return is_right ? REASON_NONE : REASON_MALFORMED_VIA;
}

static enum reason parse_call_id(struct sip_message *message)
{
	struct span text = sip_message_first(message, SIP_HEADER_CALL_ID);
	if (text.length == 0)
		return REASON_MISSING_CALL_ID;
	message->call_id = slice_of(message, text);
	return lexis_has_white_or_control(text) ? REASON_MALFORMED_HEADER : REASON_NONE;
}

static enum reason parse_cseq(struct sip_message *message)
{
	if (!sip_message_has(message, SIP_HEADER_CSEQ))
		return REASON_MISSING_CSEQ;
	struct span text = sip_message_first(message, SIP_HEADER_CSEQ);
	const char *at = text.at, *end = at + text.length;
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	const char *method = lexis_skip_white(at, end);
	struct span method_text = lexis_span(method, end);
	if (method == at || !lexis_parse_number(&message->cseq, lexis_span(text.at, at), UINT32_MAX) ||
	    !is_token(method_text))
		return REASON_MALFORMED_CSEQ;
	message->cseq_method_text = slice_of(message, method_text);
	if (!message->is_request)
		message->method = (uint8_t)token_name_find_method(method_text);
	else if (!span_equals(method_text, sip_message_text(message, message->method_text)))
		return REASON_CSEQ_METHOD_MISMATCH;
	return REASON_NONE;
}

/* From and To: one address, and its tag. Result: false when it does not parse. */
static bool parse_party(struct sip_party *party, struct slice *tag, const struct sip_message *message,
			enum sip_header_name name)
{
	struct sip_address address;
	struct span rest, value, text = sip_message_first(message, name);

	if (!address_parse_with_tag(&address, &value, &rest, text) || rest.length)
		return false;
	const char *end = address.uri.at + address.uri.length + (address.bracketed ? 1 : 0);
	party->address = slice_of(message, span_make(address.value.at, (size_t)(end - address.value.at)));
	party->display = slice_of(message, address.display);
	party->uri = slice_of(message, address.uri);
	*tag = slice_of(message, value);
	return true;
}

static enum reason parse_parties(struct sip_message *message)
{
	if (!sip_message_has(message, SIP_HEADER_FROM))
		return REASON_MISSING_FROM;
	if (!sip_message_has(message, SIP_HEADER_TO))
		return REASON_MISSING_TO;
	if (!parse_party(&message->from, &message->from_tag, message, SIP_HEADER_FROM))
		return REASON_MALFORMED_FROM;
	return parse_party(&message->to, &message->to_tag, message, SIP_HEADER_TO) ? REASON_NONE : REASON_MALFORMED_TO;
}

static enum reason parse_max_forwards(struct sip_message *message)
{
	struct span text = sip_message_first(message, SIP_HEADER_MAX_FORWARDS);
	if (!sip_message_has(message, SIP_HEADER_MAX_FORWARDS))
		return REASON_NONE;
	uint32_t number = 0;
	for (uint32_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return REASON_MALFORMED_MAX_FORWARDS;
		number = number * 10 + (uint32_t)(text.at[i] - '0');
		number = number > UINT8_MAX ? UINT8_MAX : number;
	}
	message->max_forwards = (uint8_t)number;
	return text.length ? REASON_NONE : REASON_MALFORMED_MAX_FORWARDS;
}

/* Finds the body: all values of Content-Length must agree, and the datagram must hold them. */
static enum reason parse_body(struct sip_message *message, uint32_t body_start, uint64_t repeated)
{
	uint32_t room = message->bytes.length - body_start, length = room;
	uint8_t index = message->first[SIP_HEADER_CONTENT_LENGTH];
	if (index != SIP_HEADER_NONE) {
		struct span first = sip_message_header_value(message, index);
		if (!lexis_parse_number(&length, first, room))
			return REASON_MALFORMED_CONTENT_LENGTH;
		if (repeated & BIT(SIP_HEADER_CONTENT_LENGTH))
			while ((index = sip_message_next(message, index)) != SIP_HEADER_NONE)
				if (!span_equals(first, sip_message_header_value(message, index)))
					return REASON_MALFORMED_CONTENT_LENGTH;
	}
	message->body = (struct slice){(uint16_t)body_start, (uint16_t)length};
	return repeated & BIT(SIP_HEADER_CONTENT_LENGTH) ? REASON_DUPLICATE_HEADER : REASON_NONE;
}

static enum reason first_reason(enum reason earlier, enum reason later)
{
	return earlier == REASON_NONE ? later : earlier;
}

static bool is_keepalive(struct span bytes)
{
	return bytes.length == 0 || span_trim(bytes).length == 0;
}

/* In two pieces: for one of that size gcc takes an instruction that is slow to begin. */
static void message_clear(struct sip_message *message, struct span bytes)
{
	enum {
		PIECE = 64,
		BEGIN = offsetof(struct sip_message, start_line),
		END = offsetof(struct sip_message, first)
	};

	_Static_assert(END - BEGIN > PIECE && END - BEGIN <= 2 * PIECE, "as many pieces as there are lines below");
	memset((char *)message + BEGIN, 0, PIECE);
	memset((char *)message + BEGIN + PIECE, 0, END - BEGIN - PIECE);
	memset(message->first, SIP_HEADER_NONE, sizeof(message->first));
	message->bytes = bytes;
	message->headers_end = (uint16_t)bytes.length;
	message->is_request = true;
	message->max_forwards = SIP_MAX_FORWARDS_DEFAULT;
}

/* The start line and the table of header lines. Result: the bits of `repeated` and where the body starts, if it does.
 */
static enum reason parse_lines(struct sip_message *message, uint64_t *repeated, uint32_t *body_start)
{
	struct scan scan;
	scan_init(&scan, message->bytes);
	enum reason reason = parse_start_line(message, &scan);
	*body_start = NO_BODY;
	if (reason == REASON_MALFORMED_START_LINE && is_keepalive(message->bytes))
		return REASON_KEEPALIVE;
	reason = first_reason(reason, index_headers(message, repeated, &scan));
	if (scan.has_empty_line)
		*body_start = scan.body_start;
	return reason;
}

/* What the usual parts have left over. */
static enum reason parse_parts(struct sip_message *message, uint32_t done, uint64_t repeated)
{
	enum reason reason = REASON_NONE;
	if (!(done & MESSAGE_PART_VIA))
		reason = parse_top_via(message);
	if (repeated & once_only)
		reason = first_reason(reason, REASON_DUPLICATE_HEADER);
	if (!(done & MESSAGE_PART_CALL_ID))
		reason = first_reason(reason, parse_call_id(message));
	if (!(done & MESSAGE_PART_PARTIES))
		reason = first_reason(reason, parse_parties(message));
	if (!(done & MESSAGE_PART_CSEQ))
		reason = first_reason(reason, parse_cseq(message));
	return done & MESSAGE_PART_MAX_FORWARDS ? reason : first_reason(reason, parse_max_forwards(message));
}

static enum reason parse_unusual(struct sip_message *message, uint32_t done)
{
	uint64_t repeated = 0;
	uint32_t body_start = message->headers_end + 2u;
	enum reason reason = REASON_NONE;
	if (!(done & MESSAGE_PART_LINES)) {
		message_clear(message, message->bytes);
		reason = parse_lines(message, &repeated, &body_start);
		if (reason == REASON_KEEPALIVE)
			return reason;
		done = 0;
	}
	reason = first_reason(reason, parse_parts(message, done, repeated));
	if (!(done & MESSAGE_PART_BODY) && body_start != NO_BODY)
		reason = first_reason(reason, parse_body(message, body_start, repeated));
	return message->is_request || reason == REASON_NONE ? reason : REASON_MALFORMED_RESPONSE;
}

static uint32_t parse_usual(struct sip_message *message)
{
	switch (scan_selected()) {
	case SCAN_AVX512:
		return message_parse_avx512(message);
	case SCAN_AVX2:
		return message_parse_avx2(message);
	default:
		return 0;
	}
}

enum reason message_parse(struct sip_message *message, struct span bytes)
{
	if (bytes.length > SIP_MESSAGE_BYTES_MAX) {
		message_clear(message, span_make(bytes.at, 0));
		return REASON_TOO_LARGE;
	}
	message_clear(message, bytes);
	uint32_t done = parse_usual(message);
	return done == MESSAGE_PARTS ? REASON_NONE : parse_unusual(message, done);
}

static bool find_usual_call_id(struct span *call_id, struct span bytes)
{
	switch (scan_selected()) {
	case SCAN_AVX512:
		return message_parse_avx512_find_call_id(call_id, bytes);
	case SCAN_AVX2:
		return message_parse_avx2_find_call_id(call_id, bytes);
	default:
		return false;
	}
}

static struct span find_unusual_call_id(struct span bytes)
{
	struct scan scan;
	struct header_line header;
	struct scan_line start_line;
	enum sip_header_name name;
	scan_init(&scan, bytes);
	if (!scan_take_line(&start_line, &scan))
		return (struct span){0};
	while (take_header(&header, &scan))
		if (find_name(&name, &header, bytes) && name == SIP_HEADER_CALL_ID)
			return span_make(bytes.at + header.value, header.value_end - header.value);
	return (struct span){0};
}

struct span message_find_call_id(struct span bytes)
{
	struct span call_id;
	if (bytes.length > SIP_MESSAGE_BYTES_MAX)
		return (struct span){0};
	return find_usual_call_id(&call_id, bytes) ? call_id : find_unusual_call_id(bytes);
}

/* Lines of nothing but white space continue a header line behind its value, which may be empty. Result: the last space
 * of them, or the value's end. */
static uint32_t find_last_space(const struct sip_message *message, const struct sip_header *header)
{
	uint32_t last = (uint32_t)header->value + header->value_length;

	while (lexis_is(message->bytes.at[last - 1], LEXIS_WHITE))
		last--;
	for (uint32_t i = last; i < message->headers_end && lexis_is(message->bytes.at[i], LEXIS_WHITE); i++)
		if (message->bytes.at[i] == ' ' || message->bytes.at[i] == '\t')
			last = i;
	return last;
}

bool message_unfold(struct sip_message *message, char *bytes)
{
	if (!message->is_folded)
		return false;
	for (uint32_t i = 0; i < message->header_count; i++) {
		const struct sip_header *header = &message->header[i];
		if (!(header->flags & SIP_HEADER_FOLDED))
			continue;
		uint32_t last = find_last_space(message, header);
		for (uint32_t j = header->start; j < last; j++)
			if (bytes[j] == '\r' || bytes[j] == '\n')
				bytes[j] = ' ';
	}
	return true;
}
