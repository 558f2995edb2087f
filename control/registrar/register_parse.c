#include "register_parse.h"

#include <stdio.h>
#include <strings.h>

#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>

#include "osip_memory.h"
#include "register_words.h"

/* What a line can grow by when its compact name becomes the long one: "user-agent: " and a line end. */
#define KNOWN_NAME_BYTES_MAX 16

#define NAME(text)                                                                                                     \
	{                                                                                                              \
		(text), sizeof(text) - 1                                                                               \
	}
static const struct {
	struct span text;
	struct span compact; /* length 0: none */
} known_headers[REGISTER_HEADER_NAME_COUNT] = {
	[REGISTER_HEADER_VIA] = {NAME("via"), NAME("v")},
	[REGISTER_HEADER_FROM] = {NAME("from"), NAME("f")},
	[REGISTER_HEADER_TO] = {NAME("to"), NAME("t")},
	[REGISTER_HEADER_CALL_ID] = {NAME("call-id"), NAME("i")},
	[REGISTER_HEADER_CSEQ] = {NAME("cseq"), {0}},
	[REGISTER_HEADER_CONTACT] = {NAME("contact"), NAME("m")},
	[REGISTER_HEADER_EXPIRES] = {NAME("expires"), {0}},
	[REGISTER_HEADER_PATH] = {NAME("path"), {0}},
	[REGISTER_HEADER_SUPPORTED] = {NAME("supported"), NAME("k")},
	[REGISTER_HEADER_REQUIRE] = {NAME("require"), {0}},
	[REGISTER_HEADER_USER_AGENT] = {NAME("user-agent"), {0}},
};

static void trace_nothing(const char *file, int line, osip_trace_level_t level, const char *format, va_list arguments)
{
	(void)file, (void)line, (void)level, (void)format, (void)arguments;
}

void register_parse_init(void)
{
	osip_trace_initialize_func(TRACE_LEVEL0, trace_nothing);
	for (int level = TRACE_LEVEL0; level < END_TRACE_LEVEL; level++)
		osip_trace_disable_level((osip_trace_level_t)level);
	parser_init();
	osip_memory_init();
}

/* Copies the header part with folds replaced by spaces. Result: false when there is a NUL or no end of headers. */
static bool copy_headers(struct register_request *request, struct span payload)
{
	char *text = request->text;
	uint32_t length = payload.length < REGISTER_BYTES_MAX ? payload.length : REGISTER_BYTES_MAX;
	uint32_t line_start = 0, next;
	for (uint32_t at = 0; at < length; at = next) {
		const char *newline = memchr(payload.at + at, '\n', length - at);
		if (!newline)
			return false;
		next = (uint32_t)(newline - payload.at) + 1;
		memcpy(text + at, payload.at + at, next - at);
		if (memchr(text + at, '\0', next - at))
			return false;
		if (next == line_start + 1 || (next == line_start + 2 && text[line_start] == '\r')) {
			text[next] = '\0';
			request->text_length = next;
			return true;
		}
		bool is_folded =
			line_start > 0 && next < length && (payload.at[next] == ' ' || payload.at[next] == '\t');
		if (!is_folded) {
			line_start = next;
			continue;
		}
		text[next - 1] = ' ';
		if (text[next - 2] == '\r')
			text[next - 2] = ' ';
	}
	return false;
}

/* `known` is in lower case. */
static bool is_name(struct span name, struct span known)
{
	return name.length == known.length && (*name.at | 0x20) == *known.at && span_equals_nocase(name, known);
}

static enum register_header_name find_header_name(struct span name)
{
	if (!name.length)
		return REGISTER_HEADER_OTHER;
	for (uint32_t i = REGISTER_HEADER_OTHER + 1; i < REGISTER_HEADER_NAME_COUNT; i++)
		if (is_name(name, known_headers[i].text) || is_name(name, known_headers[i].compact))
			return (enum register_header_name)i;
	return REGISTER_HEADER_OTHER;
}

/* Result: false when a line has no colon or there are too many. */
static bool split_headers(struct register_request *request)
{
	struct span rest = {request->text, request->text_length};
	bool is_start_line = true;
	while (rest.length) {
		const char *end = memchr(rest.at, '\n', rest.length);
		struct span line = span_trim(span_make(rest.at, (size_t)(end - rest.at)));
		rest = span_skip(rest, (uint32_t)(end - rest.at) + 1);
		if (is_start_line) {
			is_start_line = false;
			continue;
		}
		if (!line.length)
			break;
		const char *colon = memchr(line.at, ':', line.length);
		if (!colon || request->header_count == REGISTER_HEADERS_MAX)
			return false;
		struct register_header *header = &request->header[request->header_count++];
		header->name = find_header_name(span_trim(span_make(line.at, (size_t)(colon - line.at))));
		header->value = span_trim(span_skip(line, (uint32_t)(colon - line.at) + 1));
		if (header->name != REGISTER_HEADER_OTHER && !request->first[header->name])
			request->first[header->name] = header;
	}
	return true;
}

/* "SIP/2.0/UDP host:port;rport;branch=..." with white space wherever RFC 3261 lets it stand. */
static bool read_via(struct register_via *via, struct span value)
{
	via->rest = value;
	via->value = register_words_take_value(&via->rest);
	struct span text = via->value;
	for (int slash = 0; slash < 2; slash++) {
		register_words_take_until(&text, "/");
		text = span_trim(span_skip(text, 1));
	}
	register_words_take_until(&text, " \t;");
	text = span_trim(text);
	if (!register_words_read_host_port(&via->host, &via->port, &text))
		return false;
	while (text.length) {
		register_words_take_until(&text, ";");
		text = span_trim(span_skip(text, 1));
		struct span parameter = text;
		if (span_equals_nocase(span_trim(register_words_take_until(&parameter, "=; \t")),
				       SPAN_LITERAL("rport")))
			via->has_rport = true;
	}
	return true;
}

struct span register_parse_uri(struct span value)
{
	bool quoted = false;
	for (uint32_t i = 0; i < value.length; i++) {
		if (quoted && value.at[i] == '\\') {
			i++;
		} else if (value.at[i] == '"') {
			quoted = !quoted;
		} else if (value.at[i] == '<' && !quoted) {
			struct span rest = span_skip(value, i + 1);
			struct span uri = register_words_take_until(&rest, ">");
			return rest.length ? span_trim(uri) : (struct span){0};
		}
	}
	/* Without brackets, parameters are the header's and a '?' cannot be told apart (RFC 3261 20). */
	struct span uri = span_trim(register_words_take_until(&value, ";,"));
	return uri.length && memchr(uri.at, '?', uri.length) ? (struct span){0} : uri;
}

bool register_parse_host(struct span *host, uint16_t *port, struct span uri)
{
	struct span user;
	return register_words_split_uri(&user, host, port, uri);
}

static bool read_mandatory(struct register_request *request)
{
	static const enum register_header_name mandatory[] = {REGISTER_HEADER_VIA, REGISTER_HEADER_FROM,
							      REGISTER_HEADER_TO, REGISTER_HEADER_CALL_ID,
							      REGISTER_HEADER_CSEQ};
	for (size_t i = 0; i < sizeof(mandatory) / sizeof(mandatory[0]); i++)
		if (!request->first[mandatory[i]] || !request->first[mandatory[i]]->value.length)
			return false;
	struct span to = request->first[REGISTER_HEADER_TO]->value;
	request->to_uri = register_parse_uri(to);
	const char *after_uri = request->to_uri.length ? request->to_uri.at + request->to_uri.length : to.at;
	struct span parameters = span_make(after_uri, (size_t)(to.at + to.length - after_uri));
	while (parameters.length) {
		register_words_take_until(&parameters, ";");
		parameters = span_trim(span_skip(parameters, 1));
		struct span parameter = parameters;
		if (span_equals_nocase(span_trim(register_words_take_until(&parameter, "=; \t")), SPAN_LITERAL("tag")))
			request->to_has_tag = true;
	}
	return read_via(&request->via, request->first[REGISTER_HEADER_VIA]->value);
}

static void read_options(struct register_request *request)
{
	for (uint32_t i = 0; i < request->header_count; i++) {
		const struct register_header *header = &request->header[i];
		if (header->name != REGISTER_HEADER_SUPPORTED && header->name != REGISTER_HEADER_REQUIRE)
			continue;
		struct span rest = header->value;
		while (rest.length) {
			struct span option = register_words_take_value(&rest);
			if (span_equals_nocase(option, SPAN_LITERAL("path")))
				request->supports_path = true;
			else if (header->name == REGISTER_HEADER_REQUIRE && !request->unsupported.length)
				request->unsupported = option;
		}
	}
}

/* Result: false when the values are longer than REGISTER_PATH_BYTES_MAX. */
static bool join_paths(struct register_request *request)
{
	for (uint32_t i = 0; i < request->header_count; i++) {
		struct span value = request->header[i].value;
		if (request->header[i].name != REGISTER_HEADER_PATH || !value.length)
			continue;
		if (request->path_length + 1 + value.length > sizeof(request->path))
			return false;
		if (request->path_length)
			request->path[request->path_length++] = ',';
		memcpy(request->path + request->path_length, value.at, value.length);
		request->path_length += value.length;
	}
	return true;
}

/* "0.5" -> 500. What is no q-value counts as none: 1000. */
static uint16_t read_q(const char *text)
{
	if ((text[0] != '0' && text[0] != '1') || (text[1] != '\0' && text[1] != '.'))
		return 1000;
	uint32_t q = (uint32_t)(text[0] - '0') * 1000, unit = 100;
	if (text[1] == '.')
		for (const char *digit = text + 2; *digit && unit; digit++, unit /= 10) {
			if (*digit < '0' || *digit > '9')
				return 1000;
			q += (uint32_t)(*digit - '0') * unit;
		}
	return q > 1000 ? 1000 : (uint16_t)q;
}

static void read_contact_parameters(struct register_contact *contact, const osip_contact_t *parsed)
{
	for (int i = 0; i < osip_list_size(&parsed->gen_params); i++) {
		const osip_generic_param_t *parameter = osip_list_get(&parsed->gen_params, i);
		if (!parameter->gname || !parameter->gvalue)
			continue;
		struct span value = span_trim(span_of_text(parameter->gvalue));
		if (strcasecmp(parameter->gname, "expires") == 0) {
			/* What is no number counts as an hour (RFC 3261 10.2.1.1); too large a number is cut later. */
			contact->has_expires = true;
			if (!register_words_read_number(&contact->expires_s, value, UINT32_MAX) &&
			    contact->expires_s != UINT32_MAX)
				contact->has_expires = false;
		} else if (strcasecmp(parameter->gname, "q") == 0) {
			contact->q = read_q(parameter->gvalue);
		} else if (strcasecmp(parameter->gname, "+sip.instance") == 0) {
			contact->instance = value;
		}
	}
}

static enum register_fault read_contact(struct register_request *request, struct span value)
{
	if (request->contact_count == REGISTER_CONTACTS_MAX)
		return REGISTER_TOO_MANY_CONTACTS;
	struct register_contact *contact = &request->contact[request->contact_count];
	*contact = (struct register_contact){.uri = register_parse_uri(value), .q = 1000};
	struct span user;
	if (contact->uri.length > REGISTER_CONTACT_BYTES_MAX)
		return REGISTER_TOO_LONG;
	if (!register_words_is_clean_uri(contact->uri) ||
	    !register_words_split_uri(&user, &contact->host, &contact->port, contact->uri))
		return REGISTER_MALFORMED;
	osip_contact_t *parsed;
	char *text = osip_memory_copy(value);
	if (!text || osip_contact_init(&parsed) != OSIP_SUCCESS)
		return REGISTER_TOO_LONG;
	bool is_contact = osip_contact_parse(parsed, text) == OSIP_SUCCESS;
	if (osip_memory_was_short())
		return REGISTER_TOO_LONG;
	if (!is_contact)
		return REGISTER_MALFORMED;
	request->contact_count++;
	read_contact_parameters(contact, parsed);
	return contact->instance.length > REGISTER_CONTACT_BYTES_MAX ? REGISTER_TOO_LONG : REGISTER_FINE;
}

static enum register_fault read_contacts(struct register_request *request)
{
	uint32_t stars = 0;
	for (uint32_t i = 0; i < request->header_count; i++) {
		struct span rest = request->header[i].value;
		if (request->header[i].name != REGISTER_HEADER_CONTACT)
			continue;
		while (rest.length) {
			struct span value = register_words_take_value(&rest);
			if (span_equals(value, SPAN_LITERAL("*"))) {
				stars++;
				continue;
			}
			enum register_fault fault = read_contact(request, value);
			if (fault != REGISTER_FINE)
				return fault;
		}
	}
	request->contact_star = stars > 0;
	return stars > 1 || (stars && request->contact_count) ? REGISTER_MALFORMED : REGISTER_FINE;
}

static char *put_text(char *end, struct span text)
{
	if (text.length)
		memcpy(end, text.at, text.length);
	return end + text.length;
}

/*
 * The message with those headers that libosip2 has an opinion about, in its memory: what else there is is nobody's
 * concern here, or read by ourselves, and the less of it libosip2 takes apart, the better. Result: NULL when that
 * memory is too small.
 */
static char *copy_known_headers(size_t *length, const struct register_request *request)
{
	size_t start_line =
		(size_t)((const char *)memchr(request->text, '\n', request->text_length) + 1 - request->text);
	static const bool is_judged[REGISTER_HEADER_NAME_COUNT] = {
		[REGISTER_HEADER_VIA] = true,	  [REGISTER_HEADER_FROM] = true, [REGISTER_HEADER_TO] = true,
		[REGISTER_HEADER_CALL_ID] = true, [REGISTER_HEADER_CSEQ] = true, [REGISTER_HEADER_CONTACT] = true,
	};
	char *text =
		osip_memory_take(request->text_length + request->header_count * KNOWN_NAME_BYTES_MAX + sizeof("\r\n"));
	if (!text)
		return NULL;
	memcpy(text, request->text, start_line);
	char *end = text + start_line;
	for (uint32_t i = 0; i < request->header_count; i++) {
		const struct register_header *header = &request->header[i];
		if (!is_judged[header->name])
			continue;
		end = put_text(end, known_headers[header->name].text);
		end = put_text(end, SPAN_LITERAL(": "));
		end = put_text(end, header->value);
		end = put_text(end, SPAN_LITERAL("\r\n"));
	}
	memcpy(end, "\r\n", sizeof("\r\n"));
	*length = (size_t)(end - text) + 2;
	return text;
}

static bool read_with_osip(struct register_request *request)
{
	osip_message_t *message;
	size_t length;
	char *text = copy_known_headers(&length, request);
	if (!text || osip_message_init(&message) != OSIP_SUCCESS ||
	    osip_message_parse(message, text, length) != OSIP_SUCCESS)
		return false;
	if (!MSG_IS_REGISTER(message) || !message->cseq || !message->cseq->number || !message->to || !message->call_id)
		return false;
	return message->cseq->method && strcmp(message->cseq->method, "REGISTER") == 0 &&
	       register_words_read_number(&request->cseq, span_of_text(message->cseq->number), UINT32_MAX);
}

enum register_fault register_parse(struct register_request *request, struct span payload)
{
	/* All but the big arrays, which the counts govern. */
	memset((char *)request + offsetof(struct register_request, header_count), 0,
	       sizeof(*request) - offsetof(struct register_request, header_count));
	request->text_length = 0;
	if (!copy_headers(request, payload) || !split_headers(request) || !read_mandatory(request))
		return REGISTER_UNANSWERABLE;
	uint16_t port;
	osip_memory_reset();
	bool is_right = read_with_osip(request);
	if (osip_memory_was_short())
		return REGISTER_TOO_LONG;
	if (!is_right || !register_words_split_uri(&request->to_user, &request->to_host, &port, request->to_uri))
		return REGISTER_MALFORMED;
	read_options(request);
	if (!join_paths(request))
		return REGISTER_TOO_LONG;
	if (request->first[REGISTER_HEADER_EXPIRES]) {
		struct span value = request->first[REGISTER_HEADER_EXPIRES]->value;
		request->has_expires = register_words_read_number(&request->expires_s, value, UINT32_MAX) ||
				       request->expires_s == UINT32_MAX;
	}
	return read_contacts(request);
}
