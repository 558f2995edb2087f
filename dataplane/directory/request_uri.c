#include "request_uri.h"

#include "text_write.h"
#include "uri_parse.h"

#define SIP_PORT_DEFAULT 5060

/* What a registrar keeps need not be a URI of ours to the last byte: it is not parsed, but cut. */
static void write_contact(struct text_writer *writer, struct span contact)
{
	static const struct span name = SPAN_LITERAL("method");
	const char *end = contact.at + contact.length, *user_end = memchr(contact.at, '@', contact.length);
	const char *from = user_end ? user_end : contact.at;
	const char *headers = memchr(from, '?', (size_t)(end - from));
	struct span method;

	if (headers)
		end = headers;
	const char *parameters = memchr(from, ';', (size_t)(end - from));
	from = contact.at;
	if (parameters &&
	    uri_find_parameter(&method, span_make(parameters + 1, (size_t)(end - parameters - 1)), name) &&
	    method.length) {
		/* ";method=" goes with its value. */
		text_write_span(writer, span_make(from, (size_t)(method.at - from) - name.length - 2));
		from = method.at + method.length;
	}
	text_write_span(writer, span_make(from, (size_t)(end - from)));
}

static bool is_left_out(struct span parameter)
{
	static const struct span method = SPAN_LITERAL("method=");

	return span_equals_nocase(parameter, SPAN_LITERAL("transport=udp")) ||
	       (parameter.length >= method.length &&
		span_equals_nocase(span_make(parameter.at, method.length), method));
}

static void write_parameters(struct text_writer *writer, struct span parameters)
{
	while (parameters.length) {
		const char *end = memchr(parameters.at, ';', parameters.length);
		uint32_t length = end ? (uint32_t)(end - parameters.at) : parameters.length;
		struct span parameter = span_make(parameters.at, length);
		if (!is_left_out(parameter)) {
			text_write_char(writer, ';');
			text_write_span(writer, parameter);
		}
		parameters = span_skip(parameters, length + 1);
	}
}

static bool write_for_user(struct text_writer *writer, struct span contact, struct span user)
{
	struct sip_uri uri;

	if (!uri_parse(&uri, contact) || uri.scheme == URI_SCHEME_OTHER)
		return false;
	text_write_span(writer, uri.scheme_text);
	text_write_char(writer, ':');
	text_write_span(writer, user);
	text_write_char(writer, '@');
	text_write_span(writer, uri.host);
	if (uri.port && uri.port != SIP_PORT_DEFAULT) {
		text_write_char(writer, ':');
		text_write_number(writer, uri.port);
	}
	write_parameters(writer, uri.parameters);
	return true;
}

int request_uri_write(char *text, uint32_t capacity, struct span contact, struct span user)
{
	struct text_writer writer = text_write_begin(text, capacity);

	if (user.length == 0)
		write_contact(&writer, contact);
	else if (!write_for_user(&writer, contact, user))
		return -1;
	return writer.overflowed ? -1 : (int)writer.length;
}
